"""What happened during a request, span by span: /v3/traces. No prompt and no answer stands in a trace by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from parley_client.call import USUAL, Call, CallOptions, Resource, endpoint, place
from parley_client.decoding import reader
from parley_client.typevars import S, Unpack


@dataclass(frozen=True, slots=True)
class Span:
    """One step: the request, a seat, an attempt, a consolidation. `attributes` have OpenTelemetry's names."""

    id: str
    name: str
    kind: str
    status: str
    start_time: str
    end_time: str
    duration_ms: float
    attributes: Mapping[str, Any]
    parent_id: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """A trace without its spans. `id` is the `trace_uuid` of an answer; times are RFC 3339 strings in UTC."""

    id: str
    name: str
    span_count: int
    status: str
    start_time: str
    end_time: str
    duration_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace(TraceSummary):
    """A trace with its spans."""

    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class TracePage:
    """A page of traces, newest first."""

    traces: tuple[TraceSummary, ...]
    limit: int
    offset: int
    has_more: bool


class TraceFilters(TypedDict, total=False):
    """`limit` up to 100, 20 unless said; `name` is a part of the trace's name."""

    limit: int
    offset: int
    name: str


class TracesResource(Resource[S]):
    """What happened during a request, span by span."""

    @endpoint
    def list(self, *, options: CallOptions = USUAL, **filters: Unpack[TraceFilters]) -> Call[TracePage]:
        """Return a page of traces."""
        return Call("GET", place("/v3/traces", query=filters), reader(TracePage), options)

    @endpoint
    def get(self, trace_id: str, *, options: CallOptions = USUAL) -> Call[Trace]:
        """Return a trace by an answer's `trace_uuid`; it appears shortly after the request has ended."""
        return Call("GET", place("/v3/traces/{}", trace_id), reader(Trace), options)

    @endpoint
    def delete(self, trace_id: str, *, options: CallOptions = USUAL) -> Call[None]:
        """Delete one trace."""
        return Call("DELETE", place("/v3/traces/{}", trace_id), lambda _: None, options)
