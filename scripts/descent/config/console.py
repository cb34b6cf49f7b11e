"""What a call of Snakemake prints: a line for each job, why jobs failed, and what was made.

Snakemake takes eight lines for a job, and no setting of a profile makes it one. Its own log in
.snakemake/log has everything.
"""

import logging
import sys
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from snakemake.common import NOTHING_TO_BE_DONE_MSG
from snakemake.logging import ColorizingTextHandler, DefaultFormatter, get_event, logger
from snakemake_interface_logger_plugins.common import LogEvent

from descent.config.plan import TABLES, PlannedStudy
from descent.stage import failure

SHOWN = (NOTHING_TO_BE_DONE_MSG, "Unlocked working directory.")  # of its lines without an event
REASON = 100  # characters of why a job is planned
UP = "\x1b[1A\x1b[2K"  # over the line above


class OneLine(DefaultFormatter):
    """A line for each job: once it is done, or, in a dry run, with the reason why it is planned."""

    def __init__(self, dry_run: bool, terminal: bool):
        super().__init__()
        self._dry_run, self._terminal = dry_run, terminal
        self._names: dict[int, str] = {}  # of planned jobs
        self._finished: list[str] = []
        self._was_progress = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is printed."""
        event = get_event(record)
        if event is LogEvent.JOB_INFO:
            name = [record.rule_name, *record.wildcards.values()]
            self._names[record.jobid] = " ".join(map(str, name))
            return self._dry_run
        if event is LogEvent.JOB_FINISHED:
            self._finished.append(self._names.get(record.job_id, ""))
        if event is LogEvent.RUN_INFO:  # the numbers of jobs, once, below them
            return self._dry_run and bool(self._names)
        if event is LogEvent.ERROR:  # the command that failed stands in the log
            return record.exception != "RuleException"
        if event is None:
            return record.levelno >= logging.WARNING or record.msg in SHOWN
        return event in (LogEvent.PROGRESS, LogEvent.JOB_ERROR, LogEvent.GROUP_ERROR)

    def format(self, record: logging.LogRecord) -> str:
        """The line, on a terminal over the one above where both say how many jobs are done."""
        progress = get_event(record) is LogEvent.PROGRESS
        over = UP if progress and self._was_progress and self._terminal else ""
        self._was_progress = progress
        return over + super().format(record)

    def format_job_info(self, msg: Mapping[str, Any]) -> str:
        """A planned job, and why."""
        why = textwrap.shorten(str(msg["reason"]), REASON, placeholder=" …")
        return f"{self._names[msg['jobid']]}: {why}"

    def format_progress(self, msg: Mapping[str, Any]) -> str:
        """How many jobs are done, and which were the last."""
        done, total = msg["done"], msg["total"]
        text = f"{done:{len(str(total))}} of {total}  {', '.join(self._finished)}"
        self._finished.clear()
        return text

    def format_job_error(self, msg: Mapping[str, Any]) -> str:
        """Which job failed; why is printed at the end."""
        return f"Failed: {self._names.get(msg['jobid'], msg['rule_name'])}"


def print_one_line_a_job(dry_run: bool) -> None:
    """Let Snakemake print a line for each job."""
    for handler in logger.handlers:
        if isinstance(handler, ColorizingTextHandler):
            one_line = OneLine(dry_run, handler.is_tty)
            handler.setFormatter(one_line)
            handler.addFilter(one_line)


def begin_records(file: str, studies: Mapping[str, PlannedStudy]) -> None:
    """Write the file that stands for Snakemake's records, and say which results have none."""
    Path(file).parent.mkdir(exist_ok=True)
    Path(file).write_text("Without this file all results are rerun.\n", encoding="utf-8")
    if found := [study.folder for study in studies.values() if Path(study.folder).exists()]:
        print(
            f"{', '.join(found)}: Snakemake has no record of how they were made, and reruns them;"
            " snakemake --touch all keeps them, if nothing has changed since",
            file=sys.stderr,
        )


def made(jobs: Iterable, studies: Mapping[str, PlannedStudy]) -> str:
    """The paths to look at among the outputs of these jobs: of one study its figures, tables and
    page, of several their pages."""
    jobs = list(jobs)
    outputs = {str(file) for job in jobs for file in job.output}
    wanted = {job.wildcards.get("study") for job in jobs}
    planned = [study for name, study in studies.items() if name in wanted]
    paths = [f"{study.folder}/explorer.html" for study in planned]
    if len(planned) == 1:
        (study,) = planned
        figures = [path for path in study.figure_files if path.endswith(".png")]
        paths = [*figures, *(f"{study.folder}/{table}" for table in TABLES), *paths]
    return "\n".join(path for path in paths if path in outputs)


def failures(jobs: Iterable, studies: Mapping[str, PlannedStudy]) -> str:
    """A line for each study that could not be made, with the reason from the log of a job."""
    jobs = list(jobs)
    wanted = {job.wildcards.get("study") for job in jobs}
    failed = {log: job for job in jobs for log in map(str, job.log) if failure(Path(log))}
    lines = {}
    for log, job in failed.items():
        for name, study in studies.items():
            its_data = str(study.data) in map(str, job.output) and name in wanted
            if its_data or name == job.wildcards.get("study"):
                why = f"{failure(Path(log))} (see {log})"
                lines.setdefault(name, f"Study {name} could not be made: {why}")
    return "\n".join(lines.values())
