"""Output of a Snakemake call: one line per job, reasons of failures, and paths of results.

Snakemake prints eight lines per job, and no setting shortens them. Its log in .snakemake/log keeps
the full output.
"""

import logging
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from snakemake.common import NOTHING_TO_BE_DONE_MSG
from snakemake.logging import ColorizingTextHandler, DefaultFormatter, get_event, logger
from snakemake_interface_logger_plugins.common import LogEvent

from descent.config.messages import suggest
from descent.config.plan import TABLES, PlannedStudy
from descent.stage import failure

SHOWN = (NOTHING_TO_BE_DONE_MSG, "Unlocked working directory.")  # messages without an event
VERBS = {"download": "obtain"}  # for rules whose name misleads: some datasets are not downloaded
MAX_REASON = 100  # characters of the reason why a job is planned
UP = "\x1b[1A\x1b[2K"  # moves to the line above and clears it


class OneLine(DefaultFormatter):
    """Prints one line per job: when it is done, or why it is planned in a dry run."""

    def __init__(self, dry_run: bool, terminal: bool, targets: list[str]):
        super().__init__()
        self._dry_run, self._terminal, self._targets = dry_run, terminal, targets
        self._names: dict[int, str] = {}  # of planned jobs, by ID
        self._finished: list[str] = []
        self._was_progress = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is printed, and keep the names of jobs."""
        event = get_event(record)
        if event is LogEvent.JOB_INFO:
            verb = VERBS.get(record.rule_name, record.rule_name)
            self._names[record.jobid] = " ".join(map(str, [verb, *record.wildcards.values()]))
            return self._dry_run
        if event is LogEvent.JOB_FINISHED:
            self._finished.append(self._names.get(record.job_id, ""))
        if event is LogEvent.RUN_INFO:  # job counts; those before the planned jobs are skipped
            return self._dry_run and bool(self._names)
        if event is LogEvent.ERROR:
            if unknown := re.search(r"No rule to produce ([^ /]+) \(", str(record.msg)):
                hint, allowed = suggest(unknown[1], self._targets), ", ".join(self._targets)
                record.msg = f"{unknown[1]}: no such study or rule; {hint}allowed: {allowed}"
            return record.exception != "RuleException"  # a command that failed; the log has it
        if event is None:
            return record.levelno >= logging.WARNING or record.msg in SHOWN
        return event in (LogEvent.PROGRESS, LogEvent.JOB_ERROR, LogEvent.GROUP_ERROR)

    def format(self, record: logging.LogRecord) -> str:
        """Format a record; on a terminal, a progress line overwrites the progress line above it."""
        progress = get_event(record) is LogEvent.PROGRESS
        over = UP if progress and self._was_progress and self._terminal else ""
        self._was_progress = progress
        return over + super().format(record)

    def format_job_info(self, msg: Mapping[str, Any]) -> str:
        why = textwrap.shorten(str(msg["reason"]), MAX_REASON, placeholder=" …")
        return f"{self._names[msg['jobid']]}: {why}"

    def format_progress(self, msg: Mapping[str, Any]) -> str:
        done, total = msg["done"], msg["total"]
        text = f"{done:{len(str(total))}} of {total}  {', '.join(self._finished)}"
        self._finished.clear()
        return text

    def format_job_error(self, msg: Mapping[str, Any]) -> str:
        """Name the failed job; `failures` gives the reason at the end."""
        return f"Failed: {self._names.get(msg['jobid'], msg['rule_name'])}"


def print_one_line_per_job(dry_run: bool, studies: Iterable[str]) -> None:
    """Install the formatter in Snakemake's handlers."""
    targets = ["all", "figures", "verify", *studies]
    for handler in logger.handlers:
        if isinstance(handler, ColorizingTextHandler):
            one_line = OneLine(dry_run, handler.is_tty, targets)
            handler.setFormatter(one_line)
            handler.addFilter(one_line)


def begin_records(file: str, studies: Mapping[str, PlannedStudy]) -> None:
    """Create the file that marks Snakemake's records, and name the results without records."""
    Path(file).parent.mkdir(exist_ok=True)
    Path(file).write_text("Without this file all results are rerun.\n", encoding="utf-8")
    if found := [study.folder for study in studies.values() if Path(study.folder).exists()]:
        print(
            f"{', '.join(found)}: Snakemake has no records of these results and will rerun them;"
            " to keep them, if nothing has changed since, call snakemake --touch all",
            file=sys.stderr,
        )


def paths_to_show(jobs: Iterable, studies: Mapping[str, PlannedStudy]) -> str:
    """Return the main outputs of jobs, one per line.

    They are the figures, tables and page of a single study, or the pages of several studies.
    """
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
    """Return a line for each study with failed jobs, with the reason from the log of a job."""
    jobs = list(jobs)
    wanted = {job.wildcards.get("study") for job in jobs}
    failed = {log: job for job in jobs for log in map(str, job.log) if failure(Path(log))}
    lines = {}
    for log, job in failed.items():
        for name, study in studies.items():
            made_data = str(study.data) in map(str, job.output) and name in wanted
            if made_data or name == job.wildcards.get("study"):
                why = f"{failure(Path(log))} (see {log})"
                lines.setdefault(name, f"Study {name} failed: {why}")
    return "\n".join(lines.values())
