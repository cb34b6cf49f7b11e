"""The recorded digests of code, compared with the files that the jobs imported."""

import json
from pathlib import Path

from conftest import Project  # pyright: ignore

from descent.config import code

# files on which no result depends
IGNORED = {f"descent/{n}.py" for n in ("stage", "errors", "figures/__init__", "explorer/__init__")}
READ = {"index": ["report/index.html"]}  # files that a script reads but that are no inputs
# packages that take long to import, and the rules whose jobs may import them
HEAVY = {
    "torch": {"theory"},
    "numba": set(),
    "matplotlib": {"plot", "explore"},
    "pandas": {"download", "summarise", "plot", "explore", "theory"},
    "sklearn": {"download"},
    "pydantic": {"prepare"},
    "snakemake": set(),
}


def recorded(project: Project) -> list[dict]:
    """The imports of each job, with its log, rule, and the parameters recorded by Snakemake."""
    params = {}
    for file in (project.folder / ".snakemake/metadata").rglob("*"):
        if file.is_file():
            job = json.loads(file.read_text())
            params[job["log"][0]] = [param.strip("'") for param in job["params"]]
    records = [json.loads(file.read_text()) for file in (project.folder / "imports").iterdir()]
    for record in records:
        _, *options = record["argv"]
        record["log"] = options[options.index("--log") + 1]
        record["params"] = params[record["log"]]
        record["rule"] = record["log"].split("/")[1].removesuffix(".log")
    return records


def reached(record: dict) -> set[str]:
    """The files that were imported by statements or by name."""
    names = (name.replace(".", "/") for name in record["chosen"])
    pending = [f"{record['rule']}.py", "descent/__init__.py", *(f"descent/{n}.py" for n in names)]
    seen = set()
    while pending:
        file = pending.pop()
        if file not in seen | IGNORED:
            seen.add(file)
            pending += record["edges"].get(file, [])
    return seen


def check_imports(project: Project, monkeypatch) -> set[str]:
    """Compare each job's digest with that of all files which it imported; return the rules."""
    monkeypatch.setattr(code, "ROOT", project.folder)
    monkeypatch.setattr(code, "SCRIPTS", project.folder / "scripts")
    covered = set[Path]()
    plain = code._code.__wrapped__
    monkeypatch.setattr(code, "_code", lambda path: covered.add(path) or plain(path))
    page = (project.folder / "report/explorer").iterdir()
    read = READ | {"explore": sorted(f"report/explorer/{file.name}" for file in page)}
    jobs = recorded(project)
    for job in jobs:
        covered.clear()
        rule = job["rule"]
        digest = code.digest.__wrapped__(f"{rule}.py", *job["chosen"], *read.get(rule, []))
        found = {str(path.relative_to(project.folder / "scripts")) for path in covered}
        assert found == reached(job), job["log"]
        assert digest in job["params"], job["log"]
    return {job["rule"] for job in jobs}


def test_the_digest_of_a_job_is_that_of_the_files_which_it_imports(made_once, monkeypatch):
    rules = "download theory train evaluate summarise plot explore index manifest"
    assert check_imports(made_once, monkeypatch) == set(rules.split())


def test_a_job_imports_no_needless_heavy_package_and_computes_on_one_thread(made_once):
    for job in recorded(made_once):
        for package, rules in HEAVY.items():
            assert package not in job["packages"] or job["rule"] in rules, (job["log"], package)
        assert set(job["threads"]) <= {1}, job["log"]
