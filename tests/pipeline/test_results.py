"""The results of a study."""

import json
import subprocess

from descent.store.files import checksum
from descent.store.iterates import load


def test_the_columns_of_the_tables(made_once):
    results = made_once.folder / "results/tiny"
    traces, summary = (
        (results / f"{t}.csv").read_text().splitlines() for t in ("traces", "summary")
    )
    assert traces[0] == (
        "study,dataset,model,optimizer,step_size,engine,batch_size,seed,step,epoch,objective,"
        "train_loss,test_loss,train_accuracy,test_accuracy,gradient_norm,rises,"
        "distance_A,distance_b"
    )
    assert traces[1].startswith("tiny,digits,sigmoid_softmax,sgd,0.01,numpy,1,0,0,0.0,")
    run = "study,dataset,model,optimizer,step_size,engine,batch_size,seeds,final_objective_median,"
    assert summary[0].startswith(run)
    assert summary[0].endswith(",gap,status")
    named = [",".join(line.split(",")[3:5]) for line in summary[1:]]
    assert named == ["sgd,0.01", "sgd,1.0", "gd,10.0"]


def test_a_trace_has_a_record_of_its_training_and_evaluation(made_once):
    results = made_once.folder / "results/tiny"
    record = json.loads((results / "traces/gd/10.0.json").read_text())
    iterates = results / "iterates/gd/10.0.npz"
    assert (record["evaluator"], record["device"]) == ("numpy", "cpu")
    assert record["versions"].keys() == {"numpy"}
    assert record["trained"] == load(iterates)[0].provenance
    assert record["sha256"] == {
        "iterates": checksum(iterates),
        "data": checksum(made_once.folder / "data/digits.npz"),
        "trace": checksum(results / "traces/gd/10.0.csv"),
    }


def test_the_manifest_lists_all_results_and_sha256sum_reads_it(made_once):
    results = made_once.folder / "results/tiny"
    check = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    subprocess.run(check, cwd=results, check=True)
    listed = (results / "SHA256SUMS").read_text().splitlines()[1:]
    there = {str(path.relative_to(results)) for path in results.rglob("*") if path.is_file()}
    assert {line[66:] for line in listed} == there - {"SHA256SUMS"}
