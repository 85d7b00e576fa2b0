"""GET /v3/traces, GET and DELETE /v3/traces/{id}: the caller's own traces, or all of them for an admin key.

Unknown query parameters are ignored. Times are RFC 3339 in UTC, money is a decimal string. Ours: every parameter of the
list but `limit`, `offset` and `name`; without `include` an entry has the contract's fields alone.
"""

import uuid
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from parley.books.money import usd_text
from parley.books.spans import AttributeValue
from parley.books.traces import StoredSpan, TraceBook, TraceFilter, TracePage, TraceSummary
from parley.books.usage import CallTotals
from parley.domain.errors import Forbidden, InvalidRequest, NotFound
from parley.gate.keyring import Caller
from parley.wire.encoding import Wire, WireObject
from parley.wire.json_endpoint import caller_of, json_response
from parley.wire.moments import read_moment, write_moment

_MOST_LIMIT = 100
_USUAL_LIMIT = 20
_MOST_OFFSET = 1_000_000
_MOST_NAME_CHARACTERS = 256
_STATUSES = ("ok", "error", "cancelled")
_ROUNDING_S = 1e-6
"""Times are shown in microseconds and kept in finer steps: `since` must include the trace whose time it repeats."""

Calls = Mapping[str, tuple[CallTotals, ...]]
"""What the ledger has of each trace, by its id."""


class TracesEndpoint:
    """Shows and deletes traces."""

    def __init__(self, book: TraceBook) -> None:
        self._book = book

    async def page(self, request: Request) -> Response:
        query = request.query_params
        limit = _read_integer(query, "limit", _USUAL_LIMIT, 1, _MOST_LIMIT)
        offset = _read_integer(query, "offset", 0, 0, _MOST_OFFSET)
        key_id = _read_key(query, caller_of(request))
        has_calls = _read_choice(query, "include", ("calls",)) is not None
        found = await self._book.page(key_id, limit, offset, _read_filter(query))
        calls = await self._book.calls(key_id, [each.trace_id for each in found.items]) if has_calls else None
        return json_response(encode_page(found, limit, offset, calls))

    async def one(self, request: Request) -> Response:
        trace_id = _trace_id(request)
        found = await self._book.get(_whose(caller_of(request)), trace_id)
        if found is None:
            raise _not_found(trace_id)
        summary, spans = found
        return json_response({**encode_summary(summary), "spans": [encode_span(span) for span in spans]})

    async def delete(self, request: Request) -> Response:
        trace_id = _trace_id(request)
        if not await self._book.delete(_whose(caller_of(request)), trace_id):
            raise _not_found(trace_id)
        return Response(status_code=204)


def encode_page(page: TracePage, limit: int, offset: int, calls: Calls | None = None) -> WireObject:
    """Return a page of traces, newest first, each with its `calls` where they are given."""
    items: list[Wire] = []
    for summary in page.items:
        item = encode_summary(summary)
        if calls is not None:
            item["calls"] = [encode_calls(each) for each in calls.get(summary.trace_id, ())]
        items.append(item)
    return {"traces": items, "limit": limit, "offset": offset, "has_more": page.has_more}


def encode_summary(summary: TraceSummary) -> WireObject:
    return {
        "id": summary.trace_id,
        "name": summary.name,
        "span_count": summary.span_count,
        "status": summary.status,
        **_times(summary.start_time, summary.end_time),
    }


def encode_calls(calls: CallTotals) -> WireObject:
    return {
        "role": calls.role,
        "model": calls.model,
        "key_name": calls.key_name,
        "calls": calls.calls,
        "failed_calls": calls.failed_calls,
        "input_tokens": calls.input_tokens,
        "output_tokens": calls.output_tokens,
        "cost_usd": usd_text(calls.cost_pico),
        "cost_complete": calls.unpriced == 0,
    }


def encode_span(stored: StoredSpan) -> WireObject:
    span = stored.span
    return {
        "id": span.span_id,
        "parent_id": span.parent_id,
        "request_id": stored.request_id,
        "name": span.name,
        "kind": span.kind,
        "status": span.status,
        **_times(span.start_time, span.end_time),
        "attributes": {name: _attribute(value) for name, value in span.attributes.items()},
    }


def _attribute(value: AttributeValue) -> Wire:
    return list(value) if isinstance(value, tuple | list) else value


def _times(start_time: float, end_time: float) -> WireObject:
    return {
        "start_time": write_moment(start_time, "microseconds"),
        "end_time": write_moment(end_time, "microseconds"),
        "duration_ms": round((end_time - start_time) * 1000, 3),
    }


def _whose(caller: Caller) -> str | None:
    """Return the key whose traces are shown, None for all."""
    return None if caller.is_admin else caller.key_id


def _trace_id(request: Request) -> str:
    """Return the id in the path as the store has it; what is no UUID is the id of no trace."""
    text = str(request.path_params["trace_id"])
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise _not_found(text) from error


def _not_found(trace_id: str) -> NotFound:
    return NotFound(
        f"There is no trace {trace_id[:40]!r} of this key; GET /v3/traces lists them. "
        "A trace appears once its request has ended, and goes after the days that the operator keeps it."
    )


def _read_filter(query: Mapping[str, str]) -> TraceFilter:
    return TraceFilter(
        name=_read_text(query, "name", "a part of a trace's name such as roundtable") or "",
        status=_read_choice(query, "status", _STATUSES),
        since=_read_time(query, "since"),
        until=_read_time(query, "until"),
        model=_read_text(query, "model", "the name of a model that was called"),
        request_id=_read_text(query, "request_id", "the X-Request-Id of an answer"),
    )


def _read_key(query: Mapping[str, str], caller: Caller) -> str | None:
    """Return the key whose traces are shown, None for all: an ordinary key's own, whichever an admin key names."""
    named = _read_text(query, "key_id", "the id of a key")
    if caller.is_admin:
        return named
    if named not in {None, caller.key_id}:
        raise Forbidden("key_id names another key; an ordinary key sees its own traces.", param="key_id")
    return caller.key_id


def _read_text(query: Mapping[str, str], field: str, meaning: str) -> str | None:
    text = query.get(field) or None
    if text is not None and (len(text) > _MOST_NAME_CHARACTERS or "\x00" in text):
        raise InvalidRequest(f"{field} has {len(text)} characters; it is {meaning}", param=field)
    return text


def _read_choice(query: Mapping[str, str], field: str, choices: tuple[str, ...]) -> str | None:
    text = query.get(field)
    if text is not None and text not in choices:
        raise InvalidRequest(f"{field} is {text[:40]!r}; it is one of {', '.join(choices)}", param=field)
    return text


def _read_time(query: Mapping[str, str], field: str) -> float | None:
    text = query.get(field)
    if text is None:
        return None
    moment = read_moment(text)
    if moment is None:
        message = f"{field} is {text[:40]!r}; it is a time in RFC 3339, such as 2026-11-21T00:00:00Z"
        raise InvalidRequest(message, param=field)
    return moment - _ROUNDING_S


def _read_integer(query: Mapping[str, str], name: str, usual: int, least: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise InvalidRequest(f"{name} is {text[:40]!r}; it is a whole number from {least} to {most}", param=name)
    return int(text)
