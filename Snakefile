import re
import sys
from shlex import quote

from snakemake.utils import min_version

min_version("9.27")
sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))

from pipeline import failures
from pipeline.command import clear_errors
from pipeline.config import check_syntax, read_studies
from pipeline.imports import modules
from pipeline.plugins import available, caption, constant

with clear_errors():
    check_syntax("config.yaml")


configfile: "config.yaml"


report: "report/workflow.rst"


RULES = re.findall(
    r"^rule (\w+):", Path(workflow.snakefile).read_text(encoding="utf-8"), re.MULTILINE
)
with clear_errors():
    STUDIES = read_studies(config, workflow.configfiles, RULES)

RUNS = {
    (run.study, run.optimizer, run.label): run for study in STUDIES.values() for run in study.runs
}
RETRIES = 2  # of a download
if "conda" not in map(str, workflow.deployment_settings.deployment_method):
    # `python` is the one that runs Snakemake, whatever it is called and wherever it lies
    shell.prefix(f'python() {{{{ {quote(sys.executable)} "$@"; }}}}; ')


def planned(wildcards):
    return RUNS[wildcards.study, wildcards.optimizer, wildcards.step_size]


def figures_of(studies):
    return [
        f"results/{study}/figures/{figure}.{ending}"
        for study in studies
        for figure in STUDIES[study].figures
        for ending in ["png", "pdf"]
    ]


def results_of_runs(study, kind, ending):
    return [
        f"results/{study}/{kind}/{run.optimizer}/{run.label}.{ending}"
        for run in STUDIES[study].runs
    ]


def iterates_of(wildcards):
    """The iterates and the data of a study, for a figure that reads them."""
    if not constant("figures", wildcards.figure, "READS_ITERATES", False):
        return {}
    return {
        "iterates": results_of_runs(wildcards.study, "iterates", "npz"),
        "data": f"data/{STUDIES[wildcards.study].dataset}.npz",
    }


def results_of(studies):
    tables = expand("results/{study}/{table}.csv", study=studies, table=["traces", "summary"])
    return tables + figures_of(studies)


wildcard_constraints:
    dataset="|".join(sorted({study.dataset for study in STUDIES.values()})),
    study="|".join(STUDIES),
    optimizer="|".join(sorted({run.optimizer for run in RUNS.values()})),
    step_size="|".join(sorted({re.escape(run.label) for run in RUNS.values()})),
    figure="|".join(available("figures")),


rule all:
    input:
        results_of(STUDIES),


rule figures:
    input:
        figures_of(STUDIES),


for name in STUDIES:

    rule:
        name:
            name
        input:
            results_of([name]),


rule download:
    input:
        script="scripts/download.py",
        modules=lambda w: modules("download.py", f"descent.datasets.{w.dataset}"),
    output:
        update("data/{dataset}.npz"),
    log:
        "logs/download/{dataset}.log",
    retries: RETRIES
    conda:
        "environment.yaml"
    resources:
        attempt=lambda w, attempt: f"{attempt}/{RETRIES + 1}",
    shell:
        "python {input.script} --dataset {wildcards.dataset} --raw data/raw/{wildcards.dataset}"
        " --data {output} --attempt {resources.attempt} --log {log}"


rule train:
    input:
        script="scripts/train.py",
        modules=lambda w: modules(
            "train.py",
            f"descent.models.{planned(w).run.model}",
            f"descent.update_rules.{planned(w).run.update_rule}",
            f"descent.engines.{planned(w).engine}",
        ),
        data=lambda w: f"data/{STUDIES[w.study].dataset}.npz",
    output:
        update("results/{study}/iterates/{optimizer}/{step_size}.npz"),
    log:
        "logs/train/{study}/{optimizer}/{step_size}.log",
    benchmark:
        "logs/benchmarks/train/{study}/{optimizer}/{step_size}.tsv"
    conda:
        "environment.yaml"
    resources:
        gpu=lambda w: planned(w).gpus(),
    params:
        run=lambda w: planned(w).options(),
    shell:
        "python {input.script} --data {input.data} {params.run} --iterates {output} --log {log}"


rule evaluate:
    input:
        script="scripts/evaluate.py",
        modules=lambda w: modules(
            "evaluate.py",
            f"descent.models.{STUDIES[w.study].model}",
            f"descent.evaluators.{planned(w).evaluator}",
        ),
        iterates=rules.train.output,
        data=lambda w: f"data/{STUDIES[w.study].dataset}.npz",
    output:
        update("results/{study}/traces/{optimizer}/{step_size}.csv"),
    log:
        "logs/evaluate/{study}/{optimizer}/{step_size}.log",
    benchmark:
        "logs/benchmarks/evaluate/{study}/{optimizer}/{step_size}.tsv"
    conda:
        "environment.yaml"
    resources:
        gpu=lambda w: planned(w).evaluation_gpus(),
    params:
        evaluator=lambda w: planned(w).evaluator,
    shell:
        "python {input.script} --iterates {input.iterates} --data {input.data}"
        " --study {wildcards.study} --optimizer {wildcards.optimizer}"
        " --evaluator {params.evaluator} --trace {output} --log {log}"


rule aggregate:
    input:
        script="scripts/aggregate.py",
        modules=modules("aggregate.py"),
        traces=lambda w: results_of_runs(w.study, "traces", "csv"),
    output:
        traces=update("results/{study}/traces.csv"),
        summary=report(
            update("results/{study}/summary.csv"),
            caption="report/summary.rst",
            category="{study}",
            labels={"figure": "table: summary"},
        ),
    log:
        "logs/aggregate/{study}.log",
    conda:
        "environment.yaml"
    params:
        seeds=lambda w: STUDIES[w.study].seeds,
    shell:
        "python {input.script} --run-traces {input.traces} --seeds {params.seeds}"
        " --traces {output.traces} --summary {output.summary} --log {log}"


rule plot:
    input:
        unpack(iterates_of),
        script="scripts/plot.py",
        modules=lambda w: modules(
            "plot.py",
            f"descent.figures.{w.figure}",
            *([f"descent.models.{STUDIES[w.study].model}"] if iterates_of(w) else []),
        ),
        traces=rules.aggregate.output.traces,
        summary=rules.aggregate.output.summary,
    output:
        png=report(
            update("results/{study}/figures/{figure}.png"),
            caption="report/figure.rst",
            category="{study}",
            labels={"figure": "{figure}"},
        ),
        pdf=update("results/{study}/figures/{figure}.pdf"),
    log:
        "logs/plot/{study}/{figure}.log",
    conda:
        "environment.yaml"
    params:
        caption=lambda w: caption(w.figure),
        reads=lambda w, input: [f"--{name} {input.get(name)}" for name in iterates_of(w)],
    shell:
        "python {input.script} --figure {wildcards.figure} --traces {input.traces}"
        " --summary {input.summary} {params.reads} --png {output.png} --pdf {output.pdf} --log {log}"


onstart:
    jobs = list(workflow.persistence.dag.needrun_jobs())
    needed = {job.wildcards.get("study") for job in jobs}
    size = sum(STUDIES[study].gigabytes for study in needed if study)
    print(f"Iterates of {size:.2g} GB at most.", file=sys.stderr)
    failures.remove_logs(jobs)


onerror:
    failures.forget_restored(log, workflow.persistence)
    print(
        failures.explain(workflow.persistence.dag.needrun_jobs(), STUDIES.values()),
        file=sys.stderr,
    )
