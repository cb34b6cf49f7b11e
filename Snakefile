import json
import os
import socket
import sys
from shlex import quote

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.27")
SCRIPTS = os.path.join(str(workflow.current_basedir), "scripts")
if not os.path.isdir(SCRIPTS):  # github(...) downloads only this file
    raise WorkflowError(
        f"{SCRIPTS}: not found; clone the project and use the Snakefile of the clone"
    )
sys.path.insert(0, SCRIPTS)

from descent.config import console
from descent.config.checks import check_yaml, read_studies
from descent.config.code import digest
from descent.config.plan import links
from descent.errors import InputError
from descent.figures import FIGURES, caption
from descent.stage import CALL_VARIABLE

# Snakemake records the code, parameters and inputs of every result in .snakemake. Whoever deletes
# that folder deletes this file, too. It is an input of the first rules, so a new one reruns them.
RECORDS = ".snakemake/records"
# The config.yaml of the working folder. If there is none, and no other file or option gives
# studies, the config.yaml next to this Snakefile.
DEFAULT = "config.yaml"
if not os.path.exists(DEFAULT):
    DEFAULT = None if config.get("studies") else os.path.relpath(f"{SCRIPTS}/../config.yaml")


def or_exit(function, *arguments):
    """Call a function; if it raises an InputError, print only the message and exit."""
    try:
        return function(*arguments)
    except InputError as error:
        sys.exit(str(error))


if DEFAULT:
    or_exit(check_yaml, DEFAULT)

    configfile: DEFAULT


STUDIES = or_exit(read_studies, config, workflow.configfiles)
captions = {name: or_exit(caption, name) for name in FIGURES}
config = {**config, "captions": captions}  # for report/figure.rst
if workflow.is_main_process:  # jobs on other machines also read this file
    os.environ[CALL_VARIABLE] = f"{socket.gethostname()} {os.getpid()}"
    if not os.path.exists(RECORDS):
        console.begin_records(RECORDS, STUDIES)
    if workflow.modifier.is_main_snakefile():
        console.print_one_line_per_job(workflow.output_settings.dryrun, STUDIES)


def in_shell(path):
    """Quote a path for a shell command and escape its braces, which mark wildcards in Snakemake."""
    return quote(path).replace("{", "{{").replace("}", "}}")


# `stage train …` runs scripts/train.py with the Python that runs Snakemake. PYTHONSAFEPATH is unset
# because it would hide scripts/descent from the program.
shell.prefix(
    f"stage() {{{{ program=$1; shift; PYTHONSAFEPATH= {in_shell(sys.executable)}"
    f' {in_shell(SCRIPTS)}/$program.py "$@"; }}}}; '
)


report: "report/workflow.rst"


def of_study(name):
    """Return an input function that gives this attribute of the job's PlannedStudy."""

    def attribute(wildcards):
        return getattr(STUDIES[wildcards.study], name)

    return attribute


def keys_of_study(wildcards):
    """Return the keys of a study that affect its runs, without step sizes, as JSON."""
    omitted = {"figures", "question", "engine", "evaluator", "step_sizes"}

    def select(keys):
        return {key: value for key, value in keys.items() if key not in omitted}

    study = config["studies"][wildcards.study]
    optimizers = {name: select(optimizer) for name, optimizer in study["optimizers"].items()}
    return json.dumps({**select(study), "optimizers": optimizers})


def of_run(name):
    """Return an input function that gives this attribute of the job's PlannedRun."""

    def attribute(wildcards):
        run = STUDIES[wildcards.study].runs[wildcards.optimizer, wildcards.step_size]
        return getattr(run, name)

    return attribute


def any_of(names):
    """Return a wildcard pattern that matches exactly these values."""
    return "|".join(sorted(set(names))) or "(?!)"


wildcard_constraints:
    study=any_of(STUDIES),
    optimizer=any_of(name for study in STUDIES.values() for name, _ in study.runs),
    step_size=r"\d[\d.e+-]*",  # Snakemake would search a list of all values for every file
    l2=r"\d[\d.e+-]*",
    dataset=any_of(study.dataset for study in STUDIES.values() if not study.table),
    table=any_of(study.dataset for study in STUDIES.values() if study.table),
    figure=any_of(FIGURES),


rule all:
    """all studies and the index page"""
    input:
        [study.results for study in STUDIES.values()],
        "results/index.html",


rule figures:
    """the figures of every study"""
    input:
        [study.inputs + study.figure_files for study in STUDIES.values()],


for name, planned in STUDIES.items():

    rule:
        """all results of one study"""
        name:
            name
        input:
            planned.results,


rule download:
    """obtain a named dataset and verify it"""
    input:
        RECORDS,
    output:
        "data/{dataset}.npz",
    log:
        "logs/download/{dataset}.log",
    params:
        code=lambda w: digest("download.py", f"datasets.{w.dataset}"),
    shell:
        "stage download --dataset {wildcards.dataset} --raw data/raw/{wildcards.dataset}"
        " --data {output} --log {log}"


rule prepare:
    """convert a CSV or Parquet table to samples"""
    input:
        RECORDS,
    output:
        "data/{study}/{table}.npz",
    log:
        "logs/prepare/{study}/{table}.log",
    params:
        code=digest("prepare.py"),
        table=lambda w: json.dumps(STUDIES[w.study].table),
        content=of_study("table_digest"),
    shell:
        "stage prepare --table {params.table:q} --data {output} --log {log}"


rule minimise:
    """find the minimiser of a study's objective"""
    input:
        data=of_study("data"),
    output:
        "results/{study}/minimisers/{l2}.npz",
    log:
        "logs/minimise/{study}/{l2}.log",
    params:
        code=of_study("minimiser_code"),
        objective=lambda w: STUDIES[w.study].objective(w.l2),
    shell:
        "stage minimise --data {input.data} --objective {params.objective:q}"
        " --minimiser {output} --log {log}"


rule theory:
    """predict stability limits, rates and noise floors before training"""
    input:
        data=of_study("data"),
        minimisers=of_study("minimisers"),
    output:
        numbers="results/{study}/theory.json",
        expected="results/{study}/expected.csv",
    log:
        "logs/theory/{study}.log",
    params:
        code=of_study("theory_code"),
        sweep=of_study("sweep"),
    shell:
        "stage theory --data {input.data} --minimisers {input.minimisers} --sweep {params.sweep:q}"
        " --numbers {output.numbers} --expected {output.expected} --log {log}"


rule train:
    """train one run: an optimizer with one step size and all seeds"""
    input:
        data=of_study("data"),
    output:
        "results/{study}/iterates/{optimizer}/{step_size}.npz",
    log:
        "logs/train/{study}/{optimizer}/{step_size}.log",
    resources:
        gpu=of_run("training_gpus"),
    params:
        code=of_run("training_code"),
        engine=of_run("engine"),
        run=of_run("json"),
    shell:
        "stage train --data {input.data} --engine {params.engine} --run {params.run:q}"
        " --iterates {output} --log {log}"


rule evaluate:
    """compute losses, accuracies and distances at the evaluated steps of a run"""
    input:
        iterates=rules.train.output,
        data=of_study("data"),
        minimiser=lambda w: STUDIES[w.study].minimiser(of_run("run")(w)),
    output:
        trace="results/{study}/traces/{optimizer}/{step_size}.csv",
        record="results/{study}/traces/{optimizer}/{step_size}.json",
    log:
        "logs/evaluate/{study}/{optimizer}/{step_size}.log",
    resources:
        gpu=of_run("evaluation_gpus"),
    params:
        code=of_run("evaluation_code"),
        engine=of_run("engine"),
        evaluator=of_run("evaluator"),
        run=of_run("json"),
        curvature_samples=of_study("curvature_samples"),
    shell:
        "stage evaluate --iterates {input.iterates} --data {input.data} --study {wildcards.study}"
        " --optimizer {wildcards.optimizer} --run {params.run:q} --engine {params.engine}"
        " --evaluator {params.evaluator} --minimiser {input.minimiser}"
        " --curvature-samples {params.curvature_samples}"
        " --trace {output.trace} --record {output.record} --log {log}"


rule summarise:
    """write the tables and the headline of a study"""
    input:
        traces=of_study("traces"),
        records=of_study("records"),
        theory=rules.theory.output,
    output:
        traces="results/{study}/traces.csv",
        summary=report(
            "results/{study}/summary.csv",
            caption="report/summary.rst",
            category="{study}",
            labels={"result": "00 summary"},
        ),
        predictions=report(
            "results/{study}/predictions.csv",
            caption="report/predictions.rst",
            category="{study}",
            labels={"result": "99 predicted and measured"},
        ),
        headline="results/{study}/headline.txt",
        best="results/{study}/best.yaml",
    log:
        "logs/summarise/{study}.log",
    params:
        code=digest("summarise.py"),
        sweep=of_study("sweep"),
        target=of_study("target_option"),
        study=keys_of_study,
    shell:
        "stage summarise --study results/{wildcards.study} --sweep {params.sweep:q} {params.target}"
        " --theory {input.theory} --traces {output.traces} --summary {output.summary}"
        " --predictions {output.predictions} --headline {output.headline}"
        " --keys {params.study:q} --best {output.best} --log {log}"


rule plot:
    """draw one figure of a study"""
    input:
        traces=rules.summarise.output.traces,
        summary=rules.summarise.output.summary,
        theory=rules.theory.output,
        iterates=lambda w: STUDIES[w.study].iterates_for(w.figure),
        data=of_study("data"),
    output:
        png=report(
            "results/{study}/figures/{figure}.png",
            caption="report/figure.rst",
            category="{study}",
            labels=lambda w: STUDIES[w.study].report_label(w.figure),
        ),
        pdf="results/{study}/figures/{figure}.pdf",
    log:
        "logs/plot/{study}/{figure}.log",
    params:
        code=lambda w: STUDIES[w.study].figure_code(w.figure),
        sweep=of_study("sweep"),
    shell:
        "stage plot --figure {wildcards.figure} --traces {input.traces} --summary {input.summary}"
        " --study results/{wildcards.study} --sweep {params.sweep:q} --theory {input.theory}"
        " --data {input.data} --png {output.png} --pdf {output.pdf} --log {log}"


rule explore:
    """write the interactive page of a study"""
    input:
        traces=rules.summarise.output.traces,
        summary=rules.summarise.output.summary,
        theory=rules.theory.output,
        records=of_study("records"),
        iterates=of_study("iterates_of_panels"),
        data=of_study("data"),
    output:
        "results/{study}/explorer.html",
    log:
        "logs/explore/{study}.log",
    params:
        code=of_study("explorer_code"),
        panels=of_study("panels"),
        sweep=of_study("sweep"),
        question=of_study("question"),
    shell:
        "stage explore --study results/{wildcards.study} --sweep {params.sweep:q}"
        " --traces {input.traces} --summary {input.summary} --theory {input.theory}"
        " --panels {params.panels} --data {input.data} --question={params.question:q}"
        " --page {output} --log {log}"


rule index:
    """write the index page, which links all studies"""
    input:
        headlines=[f"{study.folder}/headline.txt" for study in STUDIES.values()],
        predictions=[f"{study.folder}/predictions.csv" for study in STUDIES.values()],
        linked=[study.manifest for study in STUDIES.values()],
    output:
        "results/index.html",
    log:
        "logs/index.log",
    params:
        code=digest("index.py", "report/index.html"),
        studies=links(STUDIES),
    shell:
        "stage index --studies {params.studies:q} --page {output} --log {log}"


rule manifest:
    """write the checksums of a study's results"""
    input:
        of_study("iterates"),
        of_study("traces"),
        of_study("records"),
        files=of_study("files"),
    output:
        "results/{study}/SHA256SUMS",
    log:
        "logs/manifest/{study}.log",
    params:
        code=digest("manifest.py"),
        sweep=of_study("sweep"),
    shell:
        "stage manifest --study results/{wildcards.study} --sweep {params.sweep:q}"
        " --files {input.files} --manifest {output} --log {log}"


rule verify:
    """check all results against their checksums"""
    log:
        "logs/verify.log",
    params:
        manifests=[study.manifest for study in STUDIES.values()],
    shell:
        "stage verify --manifests {params.manifests} --log {log}"


def planned_jobs():
    """Return the jobs of this call that belong to this file, not to a workflow that imports it."""
    jobs = workflow.persistence.dag.needrun_jobs()
    return [job for job in jobs if job.rule.snakefile == rules.all.rule.snakefile]


onstart:
    if workflow.cores > 1:
        os.environ.update(TQDM_DISABLE="1")  # bars of several jobs would overwrite each other
    # Snakemake's rate limiter (--max-jobs-per-timespan) starts a timer after every job, and each
    # timer triggers a scheduling round every second until the end: a third of a core with 300
    # jobs. The attribute is private to Snakemake; a test counts the rounds.
    workflow.scheduler.job_rate_limiter = None


onsuccess:
    print(console.paths_to_show(workflow.persistence.dag.jobs, STUDIES), file=sys.stderr)


onerror:
    print(console.failures(planned_jobs(), STUDIES), file=sys.stderr)
