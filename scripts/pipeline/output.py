"""What a call of Snakemake prints: a line a job; its log in .snakemake/log has the rest."""

import logging
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from snakemake.logging import ColorizingTextHandler, DefaultFormatter, get_event, logger
from snakemake_interface_logger_plugins.common import LogEvent

from pipeline.plan import PlannedStudy

# what says nothing of the studies
UNSAID = {LogEvent.WORKFLOW_STARTED, LogEvent.RESOURCES_INFO, LogEvent.JOB_STARTED}
UNSAID_IN_RUN = {LogEvent.JOB_INFO, LogEvent.JOB_FINISHED, LogEvent.RUN_INFO}
UNSAID_LINES = (
    *("Assuming unrestricted", "Building DAG", "Using shell", "Conda env", "Select jobs"),
    *("Reasons:", "Some jobs were triggered", "Complete log", "Cannot restore", "Exiting because"),
    "Elapsed time",
    *("RuleException:\nCalledProcessError", "WorkflowError:\nAt least one job did not complete"),
)
REASON = 100  # characters of why a job is to be made
UP = "\x1b[1A\x1b[2K"  # over the line above


class Terse(DefaultFormatter):
    """A line for each job that is done, which on a terminal takes the place of the one before; of a
    dry run, for each that would be made, and why."""

    def __init__(self, dry_run: bool, terminal: bool):  # noqa: D107
        super().__init__()
        self._dry_run, self._terminal = dry_run, terminal
        self._names: dict[int, str] = {}  # of jobs that run
        self._finished: list[str] = []
        self._above = False  # whether the line above says how many are done

    def says(self, record: logging.LogRecord) -> bool:
        """Whether there is something to say of it."""
        event = get_event(record)
        if event is LogEvent.JOB_INFO:
            parts = [record.rule_name, *record.wildcards.values()]
            self._names[record.jobid] = " ".join(map(str, parts))
        elif event is LogEvent.JOB_FINISHED:  # and said with how many are
            self._finished.append(self._names.pop(record.job_id, ""))
        if event in (None, LogEvent.ERROR):
            return not str(record.msg).startswith(UNSAID_LINES)
        if self._dry_run:  # their numbers once, below them
            return event not in UNSAID and (event is not LogEvent.RUN_INFO or bool(self._names))
        return event not in UNSAID | UNSAID_IN_RUN

    def format(self, record: logging.LogRecord) -> str:
        """The line, over the one above where both say how many jobs are done."""
        progress = get_event(record) is LogEvent.PROGRESS
        over = UP if progress and self._above and self._terminal else ""
        self._above = progress
        return over + super().format(record)

    def format_job_info(self, msg: Mapping[str, Any]) -> str:
        """A job that would be made, and why."""
        why = textwrap.shorten(str(msg["reason"]), REASON, placeholder=" …")
        return f"{self._names[msg['jobid']]}: {why}"

    def format_progress(self, msg: Mapping[str, Any]) -> str:
        """How many are done, and which."""
        done, total = msg["done"], msg["total"]
        text = f"{done:{len(str(total))}} of {total}  {', '.join(self._finished)}"
        self._finished.clear()
        return text

    def format_job_error(self, msg: Mapping[str, Any]) -> str:
        """Which failed; why is said at the end."""
        return f"Failed: {self._names.pop(msg['jobid'], msg['rule_name'])}"


def be_terse(dry_run: bool) -> None:
    """Let Snakemake print that."""
    for handler in logger.handlers:
        if isinstance(handler, ColorizingTextHandler):
            terse = Terse(dry_run, handler.is_tty)
            handler.setFormatter(terse)
            handler.addFilter(terse.says)


def made(jobs: Iterable, studies: Mapping[str, PlannedStudy]) -> str:
    """The paths of what one looks at, of what these jobs make: of one study all, else the pages."""
    jobs = list(jobs)
    outputs = {str(file) for job in jobs for file in job.output}
    wanted = {job.wildcards.get("study") for job in jobs}
    of_call = [study for name, study in studies.items() if name in wanted]
    paths = [study.page() for study in of_call]
    if len(of_call) == 1:
        (study,) = of_call
        paths = [*study.figure_files(["png"]), *study.tables(), *paths]
    return "\n".join(path for path in paths if path in outputs)
