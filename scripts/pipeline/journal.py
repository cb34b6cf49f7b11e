"""The jobs of the last call, so that none that failed is taken for one that is done.

When a job fails, Snakemake restores the outputs marked update(): nothing that existed is lost. But
it also records the job as done with its present inputs, so the next call would take the old result
for the new one. What is true stands in the job's own log, whose last line is "done in …". So the
jobs to be made are written down before they start, and when the Snakefile is read again, whatever
was recorded of one whose log says anything else is forgotten: it will be made again.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from snakemake.io import IOFile
from snakemake.persistence.file import FilePersistence

from descent.files import replacing
from pipeline.command import is_done

JOURNAL = Path(".snakemake/jobs.json")
LOCKS = Path(".snakemake/locks")


def begin(jobs: Iterable) -> None:
    """Write down the jobs that are about to run, and remove their logs of earlier calls."""
    outputs = {str(log): [str(o) for o in job.output] for job in jobs for log in job.log}
    with replacing(JOURNAL) as temporary:
        temporary.write_text(json.dumps(outputs), encoding="utf-8")
    for log in outputs:
        Path(log).unlink(missing_ok=True)


def settle() -> None:
    """Forget the outputs that the last call recorded of jobs that are not done.

    To forget is to drop Snakemake's record of a file, as `snakemake --cleanup-metadata` does, and
    to make the file older than everything. While a call is running, or has left its lock, nothing
    is forgotten. tests/pipeline/test_failures.py holds this to the Snakemake of the lock: where
    those tests fail after an update, look at FilePersistence.
    """
    if not JOURNAL.exists() or any(LOCKS.glob("*")):
        return
    begun = JOURNAL.stat().st_mtime
    records = FilePersistence()
    try:
        outputs = json.loads(JOURNAL.read_text(encoding="utf-8"))
    except ValueError:  # emptied by something else: what is there is not known to be wrong
        return
    for output in (o for log in outputs if not is_done(Path(log)) for o in outputs[log]):
        record = records.metadata(IOFile(output))
        if record and record.starttime >= begun:  # others were not begun, and are as they were
            records.cleanup_metadata(IOFile(output))
            if Path(output).exists():
                os.utime(output, (1, 1))  # Snakemake takes 0 for no time
