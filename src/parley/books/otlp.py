"""Sends traces to an OpenTelemetry collector over OTLP/HTTP, in batches, from a thread of its own.

A collector that fails or hangs disturbs no request: what it does not take is counted in `dropped`. Headers and
certificates for it come from OpenTelemetry's own variables, such as OTEL_EXPORTER_OTLP_HEADERS.
"""

import contextlib
import logging
import queue
import threading
import time
import uuid
from collections.abc import Mapping

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from parley import __version__
from parley.books.spans import AttributeValue, Span, Trace

_PATH = "/v1/traces"
_MOST_WAITING = 2_000
_MOST_IN_ONE_EXPORT = 100
_GATHER_S = 1.0
_TIMEOUT_S = 10
_LAST_WORDS_S = 5.0
_STALL_S = 1.0
_NANOSECONDS = 1_000_000_000
_KINDS = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT}


class OtlpExporter:
    """One collector. `dropped` counts the traces that it did not take, or that had no room to wait for it."""

    def __init__(self, endpoint: str, gather_s: float = _GATHER_S, stall_s: float = _STALL_S) -> None:
        """Take the collector's address, with or without the path of its traces.

        At the end, one that takes nothing for `stall_s` is given up.
        """
        base = endpoint.rstrip("/")
        logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)  # failures are counted instead
        self._exporter = OTLPSpanExporter(base if base.endswith(_PATH) else base + _PATH, timeout=_TIMEOUT_S)
        self._resource = Resource({"service.name": "parley", "service.version": __version__})
        self._scope = InstrumentationScope("parley", __version__)
        self._gather_s = gather_s
        self._stall_s = stall_s
        self._sent_batches = 0
        self._waiting: queue.Queue[Trace | None] = queue.Queue(_MOST_WAITING)
        self._is_closing = threading.Event()
        self._thread = threading.Thread(target=self._send_all, name="parley-otlp", daemon=True)
        self._thread.start()
        self.dropped = 0

    def export(self, trace: Trace) -> None:
        """Take a trace, without waiting and without raising."""
        try:
            self._waiting.put_nowait(trace)
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Send what is left, but keep nobody waiting for a collector that hangs."""
        self._is_closing.set()
        with contextlib.suppress(queue.Empty):
            while self._waiting.full():
                self._waiting.get_nowait()
                self.dropped += 1
        self._waiting.put(None)
        self._await_last()
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # the SDK leaves it without annotations

    def _await_last(self) -> None:
        """Wait while batches go out, some seconds at most; the SDK would try a failed one again for longer."""
        ends_at = time.monotonic() + _LAST_WORDS_S
        sent = -1
        while self._thread.is_alive() and sent != self._sent_batches and time.monotonic() < ends_at:
            sent = self._sent_batches
            self._thread.join(self._stall_s)

    def _send_all(self) -> None:
        is_open = True
        while is_open:
            batch, is_open = self._next_batch()
            if batch:
                self._send(batch)

    def _next_batch(self) -> tuple[list[Trace], bool]:
        """Return the next traces, gathered for a moment; False once the exporter is closed."""
        first = self._waiting.get()
        if first is None:
            return [], False
        batch = [first]
        ends_at = time.monotonic() + self._gather_s
        while len(batch) < _MOST_IN_ONE_EXPORT:
            wait_s = 0.0 if self._is_closing.is_set() else max(ends_at - time.monotonic(), 0.0)
            try:
                following = self._waiting.get(timeout=wait_s) if wait_s else self._waiting.get_nowait()
            except queue.Empty:
                break
            if following is None:
                return batch, False
            batch.append(following)
        return batch, True

    def _send(self, batch: list[Trace]) -> None:
        try:
            result = self._exporter.export([self._readable(trace, span) for trace in batch for span in trace.spans])
        except Exception:  # noqa: BLE001  # the edge of the exporter's thread: whatever it is, the next batch goes on
            result = SpanExportResult.FAILURE
        if result is SpanExportResult.SUCCESS:
            self._sent_batches += 1
        else:
            self.dropped += len(batch)

    def _readable(self, trace: Trace, span: Span) -> ReadableSpan:
        is_root = span is trace.spans[0]
        return ReadableSpan(
            name=span.name,
            context=_context(trace, span.span_id, is_remote=False),
            parent=_context(trace, span.parent_id, is_remote=is_root) if span.parent_id else None,
            resource=self._resource,
            attributes=_attributes(span.attributes),
            kind=_KINDS[span.kind],
            status=_status(span),
            start_time=round(span.start_time * _NANOSECONDS),
            end_time=round(span.end_time * _NANOSECONDS),
            instrumentation_scope=self._scope,
        )


def _context(trace: Trace, span_id: str, *, is_remote: bool) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(uuid.UUID(trace.trace_id).int, int(span_id, 16), is_remote, flags)


def _attributes(attributes: Mapping[str, AttributeValue]) -> dict[str, AttributeValue]:
    """Money goes out as a number, so that collectors can add it up; the store keeps every digit."""
    return {name: float(str(value)) if name.endswith("_usd") else value for name, value in attributes.items()}


def _status(span: Span) -> Status:
    """Source: OpenTelemetry's recording-errors.md: an error's description is its `error.type`, success stays unset."""
    if span.status == "ok":
        return Status(StatusCode.UNSET)
    return Status(StatusCode.ERROR, str(span.attributes.get("error.type", span.status)))
