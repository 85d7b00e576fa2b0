"""Structured logs: one JSON object a line on standard error, or a readable line on a terminal.

No prompt, no answer, no key and no header of a provider is ever logged.
"""

import sys
from typing import TextIO

import structlog
from structlog.typing import FilteringBoundLogger, Processor

Log = FilteringBoundLogger


def make_log(level: int, stream: TextIO | None = None) -> Log:
    """Return a logger that writes to `stream` (standard error) from `level` (of `logging`) upwards."""
    out = sys.stderr if stream is None else stream
    render: list[Processor] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    if out.isatty():
        render = [structlog.dev.ConsoleRenderer()]
    log: Log = structlog.wrap_logger(
        structlog.PrintLogger(out),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    return log
