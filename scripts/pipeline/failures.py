"""What the pipeline says when jobs have failed."""

from collections.abc import Iterable
from pathlib import Path

from pipeline.command import reason
from pipeline.config import PlannedStudy


def explain(jobs: Iterable, studies: Iterable[PlannedStudy]) -> str:
    """A line for each study that could not be made, with the reason from the log of the job."""
    jobs = list(jobs)
    wanted = {job.wildcards.get("study") for job in jobs}
    reasons: dict[str, str] = {}
    for job in jobs:
        for log in map(Path, job.log):
            why = reason(log) if log.exists() else None
            for study in studies if why else ():
                own = study.name == job.wildcards.get("study")
                of_its_data = not study.table and study.dataset == job.wildcards.get("dataset")
                if own or (of_its_data and study.name in wanted):
                    reasons.setdefault(study.name, f"{why} (see {log})")
    return "\n".join(f"Study {name} could not be made: {why}" for name, why in reasons.items())
