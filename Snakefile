import os
import sys
from shlex import quote

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.27")
SCRIPTS = os.path.join(str(workflow.current_basedir), "scripts")
if not os.path.isdir(SCRIPTS):  # github(...) fetches this file alone
    raise WorkflowError(
        "clone the project, and let the module name workflow/Snakefile of the clone"
    )
sys.path.insert(0, SCRIPTS)

from pipeline import journal
from pipeline.command import clear_errors
from pipeline.config import default, read_studies
from pipeline.failures import explain
from pipeline.imports import modules, own, parts
from pipeline.output import be_terse, made
from pipeline.plan import constraints, links, notes, raw_files
from pipeline.report import place, texts
from pipeline.syntax import check_syntax

if CONFIG := default(config):
    with clear_errors():
        check_syntax(CONFIG)

    configfile: CONFIG


report: "report/workflow.rst"


with clear_errors():
    STUDIES = read_studies(config, workflow.configfiles)
config = {**config, "report": texts(config["studies"], STUDIES)}  # for report/
if workflow.is_main_process:  # a job on another machine reads this file, too
    journal.settle()
    if workflow.modifier.is_main_snakefile():
        be_terse(workflow.output_settings.dryrun)

if "conda" not in map(str, workflow.deployment_settings.deployment_method):
    # `python` is the one that runs Snakemake, whatever it is called and wherever it lies
    shell.prefix(f'python() {{{{ {quote(sys.executable)} "$@"; }}}}; ')


def study(wildcards):
    return STUDIES[wildcards.study]


def planned(wildcards):
    return study(wildcards).run(wildcards)


wildcard_constraints:
    **constraints(STUDIES),


rule all:
    """every study, and the page that links them"""
    input:
        [study.results() for study in STUDIES.values()],
        "results/index.html",


rule figures:
    """the figures of every study"""
    input:
        [study.figure_files() for study in STUDIES.values()],


for name, study_of_name in STUDIES.items():

    rule:
        """a study, all of it"""
        name:
            name
        input:
            study_of_name.results(),


rule download:
    """obtain a dataset and verify it"""
    input:
        script=own("scripts/download.py"),
        modules=lambda w: modules("download.py", f"descent.datasets.{w.dataset}"),
        raw=lambda w: raw_files(w.dataset),
    output:
        update("data/{dataset}.npz"),
    log:
        "logs/download/{dataset}.log",
    conda:
        "environment.yaml"
    shell:
        "python {input.script:q} --dataset {wildcards.dataset} --raw data/raw/{wildcards.dataset}"
        " --data {output} --log {log}"


rule prepare:
    """make a dataset of a table of one's own"""
    input:
        script=own("scripts/prepare.py"),
        modules=modules("prepare.py"),
        file=lambda w: study(w).table.file,
    output:
        update("data/{study}/{table}.npz"),
    log:
        "logs/prepare/{study}/{table}.log",
    conda:
        "environment.yaml"
    params:
        table=lambda w: study(w).table_keys(),
    shell:
        "python {input.script:q} --table {params.table} --data {output} --log {log}"


rule minimise:
    """find the minimiser of a study's objective"""
    input:
        script=own("scripts/minimise.py"),
        modules=lambda w: modules("minimise.py", *study(w).theory_modules()),
        data=lambda w: study(w).data,
    output:
        update("results/{study}/theory.npz"),
    log:
        "logs/minimise/{study}.log",
    benchmark:
        "logs/benchmarks/minimise/{study}.tsv"
    conda:
        "environment.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        objective=lambda w: study(w).objective(),
    shell:
        "python {input.script:q} --data {input.data} --objective {params.objective}"
        " --minimiser {output} --log {log}"


rule theory:
    """predict limits, rates and floors, before training"""
    input:
        script=own("scripts/theory.py"),
        modules=lambda w: modules("theory.py", *study(w).theory_modules()),
        data=lambda w: study(w).data,
        minimiser=lambda w: study(w).minimiser(),
    output:
        numbers=update("results/{study}/theory.json"),
        expected=update("results/{study}/expected.csv"),
    log:
        "logs/theory/{study}.log",
    benchmark:
        "logs/benchmarks/theory/{study}.tsv"
    conda:
        "environment.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        runs=lambda w: study(w).runs_by_optimizer(),
        minimiser=lambda w: study(w).minimiser_option(),
    shell:
        "python {input.script:q} --data {input.data} {params.minimiser} --runs {params.runs}"
        " --numbers {output.numbers} --expected {output.expected} --log {log}"


rule train:
    """train a run: one optimizer with one step size, all seeds"""
    input:
        script=own("scripts/train.py"),
        modules=lambda w: modules("train.py", *planned(w).training_modules()),
        data=lambda w: study(w).data,
    output:
        update("results/{study}/iterates/{optimizer}/{step_size}.npz"),
    log:
        "logs/train/{study}/{optimizer}/{step_size}.log",
    benchmark:
        "logs/benchmarks/train/{study}/{optimizer}/{step_size}.tsv"
    conda:
        "environment.yaml"
    resources:
        gpu=lambda w: planned(w).needs["engines"].gpus,
        mem_mb=lambda w: planned(w).needs["engines"].megabytes,
        runtime=lambda w: planned(w).needs["engines"].minutes,
    params:
        run=lambda w: planned(w).options(),
    shell:
        "python {input.script:q} --data {input.data} {params.run} --iterates {output} --log {log}"


rule evaluate:
    """losses, accuracies and distances along a run"""
    input:
        script=own("scripts/evaluate.py"),
        modules=lambda w: modules(
            "evaluate.py", *planned(w).evaluation_modules(), *study(w).evaluation_modules()
        ),
        iterates=rules.train.output,
        data=lambda w: study(w).data,
        minimiser=lambda w: study(w).minimiser(),
    output:
        trace=update("results/{study}/traces/{optimizer}/{step_size}.csv"),
        record=update("results/{study}/traces/{optimizer}/{step_size}.json"),
    log:
        "logs/evaluate/{study}/{optimizer}/{step_size}.log",
    benchmark:
        "logs/benchmarks/evaluate/{study}/{optimizer}/{step_size}.tsv"
    conda:
        "environment.yaml"
    resources:
        gpu=lambda w: planned(w).needs["evaluators"].gpus,
        mem_mb=lambda w: planned(w).needs["evaluators"].megabytes,
        runtime=lambda w: planned(w).needs["evaluators"].minutes,
    params:
        evaluator=lambda w: planned(w).evaluator,
        run=lambda w: planned(w).expected(),
        further=lambda w: study(w).evaluation_options(),
    shell:
        "python {input.script:q} --iterates {input.iterates} --data {input.data} {params.further}"
        " --study {wildcards.study} --optimizer {wildcards.optimizer} --evaluator {params.evaluator}"
        " --run {params.run} --trace {output.trace} --record {output.record} --log {log}"


rule aggregate:
    """the tables of a study"""
    input:
        script=own("scripts/aggregate.py"),
        modules=modules("aggregate.py"),
        traces=lambda w: study(w).files("traces", "csv"),
        records=lambda w: study(w).files("traces", "json"),
    output:
        traces=update("results/{study}/traces.csv"),
        summary=update("results/{study}/summary.csv"),
        record=update("results/{study}/tables.json"),
    log:
        "logs/aggregate/{study}.log",
    conda:
        "environment.yaml"
    params:
        seeds=lambda w: study(w).seeds,
    shell:
        "python {input.script:q} --run-traces {input.traces} --seeds {params.seeds}"
        " --traces {output.traces} --summary {output.summary} --record {output.record} --log {log}"


rule describe:
    """how a study ended, in words and as a page"""
    input:
        script=own("scripts/describe.py"),
        modules=modules("describe.py"),
        template=own("report/summary.html"),
        summary=rules.aggregate.output.summary,
        tables=rules.aggregate.output.record,
    output:
        headline=update("results/{study}/headline.txt"),
        page=report(
            update("results/{study}/summary.html"),
            caption="report/summary.rst",
            category="{study}",
            labels={"result": "00 summary, as a table"},
        ),
        record=update("results/{study}/description.json"),
    log:
        "logs/describe/{study}.log",
    conda:
        "environment.yaml"
    shell:
        "python {input.script:q} --summary {input.summary} --tables {input.tables}"
        " --template {input.template:q} --headline {output.headline} --page {output.page}"
        " --record {output.record} --log {log}"


rule compare:
    """predictions beside measurements"""
    input:
        script=own("scripts/compare.py"),
        modules=modules("compare.py"),
        traces=rules.aggregate.output.traces,
        summary=rules.aggregate.output.summary,
        tables=rules.aggregate.output.record,
        theory=rules.theory.output.numbers,
        expected=rules.theory.output.expected,
    output:
        predictions=report(
            update("results/{study}/predictions.csv"),
            caption="report/predictions.rst",
            category="{study}",
            labels={"result": "00 predicted and measured"},
        ),
        record=update("results/{study}/predictions.json"),
    log:
        "logs/compare/{study}.log",
    conda:
        "environment.yaml"
    shell:
        "python {input.script:q} --traces {input.traces} --summary {input.summary}"
        " --tables {input.tables} --theory {input.theory} --expected {input.expected}"
        " --predictions {output.predictions} --record {output.record} --log {log}"


rule plot:
    """draw a figure"""
    input:
        unpack(lambda w: study(w).read_by_figure(w.figure)),
        script=own("scripts/plot.py"),
        modules=lambda w: modules("plot.py", *study(w).figure_modules(w.figure)),
        traces=rules.aggregate.output.traces,
        summary=rules.aggregate.output.summary,
        tables=rules.aggregate.output.record,
    output:
        png=report(
            update("results/{study}/figures/{figure}.png"),
            caption="report/figure.rst",
            category="{study}",
            labels=lambda w: {"result": place(w.figure)},
        ),
        pdf=update("results/{study}/figures/{figure}.pdf"),
        record=update("results/{study}/figures/{figure}.json"),
    log:
        "logs/plot/{study}/{figure}.log",
    conda:
        "environment.yaml"
    params:
        reads=lambda w, input: [
            f"--{name} {input.get(name)}" for name in study(w).read_by_figure(w.figure)
        ],
    shell:
        "python {input.script:q} --figure {wildcards.figure} --traces {input.traces}"
        " --summary {input.summary} --tables {input.tables} {params.reads}"
        " --png {output.png} --pdf {output.pdf} --record {output.record} --log {log}"


rule explore:
    """the page on which one explores a study"""
    input:
        script=own("scripts/explore.py"),
        modules=lambda w: modules("explore.py", *study(w).explorer_modules()),
        template=own("report/explorer/explorer.html"),
        parts=parts("report/explorer/*.[cj]s*"),
        traces=rules.aggregate.output.traces,
        summary=rules.aggregate.output.summary,
        tables=rules.aggregate.output.record,
        records=lambda w: study(w).files("traces", "json"),
        theory=rules.theory.output.numbers,
        expected=rules.theory.output.expected,
        pictured=lambda w: study(w).pictured(),
    output:
        page=update("results/{study}/explorer.html"),
        record=update("results/{study}/explorer.json"),
    log:
        "logs/explore/{study}.log",
    benchmark:
        "logs/benchmarks/explore/{study}.tsv"
    conda:
        "environment.yaml"
    params:
        picture=lambda w: study(w).picture_options(),
    shell:
        "python {input.script:q} --traces {input.traces} --summary {input.summary}"
        " --tables {input.tables} --records {input.records} --theory {input.theory}"
        " --expected {input.expected} {params.picture} --template {input.template:q}"
        " --page {output.page} --record {output.record} --log {log}"


rule index:
    """the page that links all studies"""
    input:
        script=own("scripts/index.py"),
        modules=modules("index.py"),
        template=own("report/index.html"),
        headlines=[study.descriptions()[0] for study in STUDIES.values()],
        records=[study.description_record() for study in STUDIES.values()],
    output:
        update("results/index.html"),
    log:
        "logs/index.log",
    conda:
        "environment.yaml"
    params:
        studies=links(STUDIES),
    shell:
        "python {input.script:q} --studies {params.studies} --template {input.template:q}"
        " --page {output} --log {log}"


rule manifest:
    """the checksums of a study's results"""
    input:
        script=own("scripts/manifest.py"),
        modules=modules("manifest.py"),
        records=lambda w: study(w).records(),
        recorded=lambda w: study(w).recorded(),
    output:
        update("results/{study}/SHA256SUMS"),
    log:
        "logs/manifest/{study}.log",
    conda:
        "environment.yaml"
    shell:
        "python {input.script:q} --records {input.records} --manifest {output} --log {log}"


rule verify:
    """check all results against their checksums"""
    input:
        script=own("scripts/verify.py"),
    log:
        "logs/verify.log",
    conda:
        "environment.yaml"
    params:
        manifests=[study.manifest for study in STUDIES.values()],
    shell:
        "python {input.script:q} {params.manifests} --log {log}"


def needed():
    jobs = workflow.persistence.dag.needrun_jobs()
    return [job for job in jobs if job.rule.snakefile == rules.all.rule.snakefile]


if not workflow.modifier.is_main_snakefile():  # whose handlers alone are called
    journal.accompany(workflow, needed)


onstart:
    jobs = needed()
    print(notes(jobs, STUDIES), file=sys.stderr)
    journal.begin(jobs)
    if workflow.cores > 1:
        os.environ.update(TQDM_DISABLE="1")  # bars of several jobs would overwrite each other
    # The limit of jobs a second (--max-jobs-per-timespan) starts a timer whenever a job has
    # ended, and each starts another round of scheduling every second until the end: a third
    # of a core with 300 jobs. An attribute of Snakemake's own; a test counts the rounds.
    workflow.scheduler.job_rate_limiter = None


onsuccess:
    journal.end()
    print(made(workflow.persistence.dag.jobs, STUDIES), file=sys.stderr)


onerror:
    print(explain(needed(), STUDIES.values()), file=sys.stderr)
