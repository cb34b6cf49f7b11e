"""The jobs of calls of Snakemake, so that none is taken for done that is not.

When a job fails, Snakemake restores the outputs marked update(): nothing that existed is lost. But
it also records the job as done with its present inputs, so the next call would take the old result
for the new one. What is true stands in the job's own log, whose last line is "done in …", after the
SHA-256 of what it wrote: where only the shell around a job was killed, the job may end well before
Snakemake restores. So the jobs to be made are written down before they start, and when the
Snakefile is read again, whatever was recorded of one whose log says anything else is forgotten: it
will be made again. So is what was made while its code or data were edited.

A call has a journal of its own, since calls for other studies may run beside it. While the journal
is there the jobs of the call may write; later, the call is over, and one that outlived it ends.
"""

import json
import math
import os
import time
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path

from snakemake.io import IOFile
from snakemake.persistence import MetadataRecord
from snakemake.persistence.file import FilePersistence

from descent.files import checksum, replacing
from pipeline.command import JOURNAL_VARIABLE, NOT_BEGUN, outcome

FOLDER = Path(".snakemake/jobs")
LOCKS = Path(".snakemake/locks")


def begin(jobs: Iterable) -> None:
    """Write down the jobs that are about to run, and remove their logs of earlier calls."""
    begun = {
        str(log): {"outputs": list(map(str, job.output)), "inputs": list(map(str, job.input))}
        for job in jobs
        for log in job.log
    }
    read, made = (
        {path for job in begun.values() for path in job[k]} for k in ("inputs", "outputs")
    )
    sums = {path: checksum(Path(path)) for path in read - made if Path(path).is_file()}
    journal = FOLDER / f"{time.time_ns()}-{os.getpid()}.json"
    with replacing(journal) as temporary:
        temporary.write_text(json.dumps({"jobs": begun, "sha256": sums}), encoding="utf-8")
    os.environ[JOURNAL_VARIABLE] = str(journal)  # for the jobs
    for log in begun:
        Path(log).unlink(missing_ok=True)


def accompany(workflow, needed: Callable[[], Iterable]) -> None:
    """Begin and end with the calls of a workflow that imports this one as a module, before what it
    does itself then. A handler that stands below the import takes the place of this one; the jobs
    are then told that nothing has begun.
    """
    for event, ours in (("_onstart", lambda: begin(needed())), ("_onsuccess", end)):
        theirs = getattr(workflow, event)
        if getattr(theirs, "func", None) is not _before:  # each import reads the Snakefile again
            setattr(workflow, event, partial(_before, ours, theirs))


def _before(ours: Callable[[], None], theirs: Callable[[str], None], log: str) -> None:
    ours()
    theirs(log)


def end() -> None:
    """Settle this call, whose jobs have all ended: it needs its logs no longer."""
    journal = os.environ.pop(JOURNAL_VARIABLE, NOT_BEGUN)  # where nothing was to be done
    if journal != NOT_BEGUN:
        _settle(Path(journal))


def settle() -> None:
    """Settle earlier calls; while one is running, or has left its lock, none. This one has yet to
    begin."""
    os.environ[JOURNAL_VARIABLE] = NOT_BEGUN
    if not any(LOCKS.glob("*")):
        for journal in sorted(FOLDER.glob("*.json")):
            _settle(journal)


def _settle(journal: Path) -> None:
    """Forget the outputs that a call recorded of jobs that are not done as they were begun.

    To forget is to drop Snakemake's record of a file, as `snakemake --cleanup-metadata` does, and
    to make the file older than everything. tests/pipeline/test_failures.py holds this to the
    Snakemake of the lock: where those tests fail after an update, look at FilePersistence.
    """
    try:
        noted = json.loads(journal.read_text(encoding="utf-8"))
        jobs, sums = noted["jobs"], noted["sha256"]
    except (ValueError, KeyError):  # emptied by something else: nothing there is known to be wrong
        jobs, sums = {}, {}
    records, started = FilePersistence(), journal.stat().st_mtime
    written, now = cache(_written), cache(lambda path: checksum(Path(path)))
    for log, job in jobs.items():
        wrote = outcome(Path(log)) or {}
        begun = {path: sums[path] for path in job["inputs"] if path in sums}
        for output in map(IOFile, job["outputs"]):
            record = records.metadata(output)
            if not record or record.starttime < started:  # it was not begun, and is as it was
                continue
            restored = written(output) == math.inf or wrote.get(output) != now(output)
            if restored or _edited(begun, record, written, now):
                records.cleanup_metadata(output)
                if Path(output).exists():
                    os.utime(output, (1, 1))  # Snakemake takes 0 for no time
    journal.unlink()


def _edited(
    begun: dict[str, str],
    record: MetadataRecord,
    written: Callable[[str], float],
    now: Callable[[str], str],
) -> bool:
    """Whether an input changed while the job ran, by the SHA-256 of the inputs when it began.

    Snakemake notes them as they are when a job ends, or as it saw them before; and later it looks
    at those alone that are newer than the output.
    """
    ended = record.input_checksums or {}
    return any(
        ended.get(path, sha256).removeprefix("sha256:") != sha256
        or (written(path) <= record.endtime and now(path) != sha256)
        for path, sha256 in begun.items()
    )


def _written(path: str) -> float:
    """When a file was written; of one that is missing, never."""
    return Path(path).stat().st_mtime if Path(path).is_file() else math.inf
