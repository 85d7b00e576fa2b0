"""Structured logs: one JSON object a line on standard error, or a readable line on a terminal.

No prompt, no answer, no key and no header of a provider is ever logged.
"""

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii as quoted
from typing import TextIO

import structlog
from structlog.typing import FilteringBoundLogger, Processor

Log = FilteringBoundLogger


@dataclass(slots=True)
class Visit:
    """What is logged of each request; `status` 0: it was not answered."""

    request_id: str
    method: str
    path: str
    status: int = 0
    duration_ms: int = 0


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


def make_visit_log(level: int, stream: TextIO | None = None) -> Callable[[Visit], None]:
    """Return what logs every request: lines like those of `make_log`, written without its machinery, which costs more
    than the rest of a short request's way through the front."""
    out = sys.stderr if stream is None else stream
    log = make_log(level, out)

    def show(visit: Visit) -> None:
        log.info("request", **{name: getattr(visit, name) for name in Visit.__slots__})

    def write(visit: Visit) -> None:
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        out.write(
            f'{{"request_id": "{visit.request_id}", "method": {quoted(visit.method)}, "path": {quoted(visit.path)}, '
            f'"status": {visit.status}, "duration_ms": {visit.duration_ms}, "event": "request", "level": "info", '
            f'"timestamp": "{now}"}}\n'
        )

    if level > logging.INFO:
        return lambda _visit: None
    return show if out.isatty() else write
