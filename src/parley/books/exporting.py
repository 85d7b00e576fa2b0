"""Loads the OTLP exporter only where one is configured: it is an extra, and slow to load."""

import importlib
from collections.abc import Callable
from typing import Protocol

from parley.books.spans import Trace


class ExportError(Exception):
    """Traces can't be exported; the message says what to install."""


class TraceExporter(Protocol):
    """Takes finished traces and sends them elsewhere; `dropped` counts the traces that did not get there."""

    dropped: int

    def export(self, trace: Trace) -> None:
        """Take a trace, without waiting and without raising."""
        ...

    def close(self) -> None:
        """Send what is left, within some seconds; blocks, so call it off the loop."""
        ...


def open_exporter(endpoint: str) -> TraceExporter | None:
    """Return an exporter to the collector at `endpoint`, None for an empty one. Raises ExportError."""
    if not endpoint:
        return None
    try:
        module = importlib.import_module("parley.books.otlp")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        message = "telemetry.otlp_endpoint is set, but the exporter is not installed: pip install 'parley[otlp]'."
        raise ExportError(message) from error
    make: Callable[[str], TraceExporter] = module.OtlpExporter
    return make(endpoint)
