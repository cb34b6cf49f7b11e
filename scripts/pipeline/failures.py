"""What the pipeline does when jobs have failed."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from pipeline.command import DONE, ERROR
from pipeline.config import Study


def forget_restored(logs: Iterable[str], persistence) -> None:
    """Make sure that failed jobs whose previous output came back are done again the next time.

    When a job fails, Snakemake restores the outputs marked update(): nothing that existed is lost.
    But it also records the job as done with its present inputs, and the restored file is newer than
    they are: the next call would take the old result for the new one. So drop the record, and make
    the file older than everything.
    """
    text = "".join(Path(log).read_text(encoding="utf-8") for log in logs)
    restored = set(re.findall(r"Restored previous version of (.+) \(updating job failed\)", text))
    for job in persistence.dag.jobs:
        if outputs := restored.intersection(map(str, job.output)):
            persistence.cleanup(job)
            for output in outputs:
                os.utime(output, (1, 1))  # Snakemake takes 0 for no time


def remove_logs(jobs: Iterable) -> None:
    """Remove the logs of jobs that are about to run, so that a log is always of this call."""
    for job in jobs:
        for log in job.log:
            Path(log).unlink(missing_ok=True)


def explain(jobs: Iterable, studies: Iterable[Study]) -> str:
    """A line for each study that could not be made, with the reason from the log of the job."""
    jobs = list(jobs)
    wanted = {job.wildcards.get("study") for job in jobs}
    reasons: dict[str, str] = {}
    for job in jobs:
        for log in filter(os.path.exists, job.log):
            if reason := _reason(Path(log)):
                for study in studies:
                    own = study.name == job.wildcards.get("study")
                    of_its_data = study.dataset == job.wildcards.get("dataset")
                    if own or (of_its_data and study.name in wanted):
                        reasons.setdefault(study.name, reason)
    return "\n".join(f"Study {name} could not be made: {why}" for name, why in reasons.items())


def _reason(log: Path) -> str | None:
    """Why a job failed, by its log; None where it is done."""
    lines = log.read_text(encoding="utf-8").splitlines()
    if lines and lines[-1].startswith(DONE):
        return None
    reasons = [line.removeprefix(ERROR) for line in lines if line.startswith(ERROR)]
    return f"{reasons[0] if reasons else 'a job was stopped'} (see {log})"
