"""Contract: POST /v1/usage and its sisters, GET /v1/balance. Money is a decimal string. Source: contracts/gateway.md.

An ordinary key sees its own; naming another's `key_id` is forbidden.
"""

import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from sqlalchemy import RowMapping
from starlette.requests import Request
from starlette.responses import Response

from parley.books.breakdown import Breakdown, ModelFigures, Share
from parley.books.money import to_pico, usd_text
from parley.books.token_kinds import TOKEN_KINDS
from parley.books.usage import Filter, Totals, UsageBook
from parley.domain.errors import Forbidden, NotFound
from parley.gate.keyring import Caller
from parley.wire.decoding import refuse
from parley.wire.encoding import Wire, WireObject
from parley.wire.endpoint import Serving
from parley.wire.json_endpoint import caller_of, id_in_path, json_response, read_json
from parley.wire.moments import read_moment, write_moment

MOST_EVENTS = 200
_MOST_OFFSET = 10_000_000
MOST_BREAKDOWN_DAYS = 366
_DAY_S = 86_400
_PANELS = ("rt_", "cmp_")
_OUTCOMES = ("ok", "failed", "cancelled", "abandoned", "running")


class _FilterBody(msgspec.Struct, forbid_unknown_fields=True):
    """What the totals and the events are narrowed by."""

    since: str | None = None
    until: str | None = None
    model: str | None = None
    status: Literal["ok", "failed", "cancelled", "abandoned", "running"] | None = None
    key_id: str | None = None


class UsageBody(_FilterBody, forbid_unknown_fields=True):
    """Which events are meant; null means all. Times are RFC 3339, `until` is not included.

    `breakdown` is ours: it asks for the same sums by day, key and model, of a span that is bounded.
    """

    breakdown: bool = False


class EventsBody(_FilterBody, forbid_unknown_fields=True):
    """The same, narrowed to a panel or request, and a page of it."""

    panel_id: str | None = None
    request_id: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_EVENTS)] = 50
    offset: Annotated[int, msgspec.Meta(ge=0, le=_MOST_OFFSET)] = 0


class UsageEndpoint:
    """What was used and what it cost."""

    def __init__(self, book: UsageBook, serving: Serving) -> None:
        self._book = book
        self._serving = serving

    async def totals(self, request: Request) -> Response:
        body = await read_json(request, self._serving, UsageBody)
        wanted = _filter(body, caller_of(request))
        if not body.breakdown:
            return json_response(_encode_totals(await self._book.totals(wanted)))
        _check_span(body, wanted)
        found, parts = await self._book.broken_down(wanted)
        return json_response({**_encode_totals(found, parts.models), **_encode_parts(parts)})

    async def events(self, request: Request) -> Response:
        body = await read_json(request, self._serving, EventsBody)
        wanted = _filter(body, caller_of(request))
        page, total = await self._book.events(wanted, body.limit, body.offset)
        rows: list[Wire] = [encode_event(row) for row in page]
        return json_response({"events": rows, "total": total, "limit": body.limit, "offset": body.offset})

    async def attempts(self, request: Request) -> Response:
        event_id = id_in_path(request, "event_id")
        caller = caller_of(request)
        key_id = None if caller.is_admin else caller.key_id
        found = await self._book.attempts(event_id, key_id)
        if found is None:
            raise NotFound(f"There is no usage event {event_id[:60]!r}; POST /v1/usage/events lists them.")
        rows: list[Wire] = [_encode_attempt(row) for row in found]
        return json_response({"event_id": event_id, "attempts": rows})

    async def balance(self, request: Request) -> Response:
        caller = caller_of(request)
        spent, month, held = await self._book.balance(caller.key_id)
        rooms = [
            to_pico(cap) - used
            for cap, used in ((caller.spend_cap_usd, spent), (caller.spend_cap_month_usd, month))
            if cap is not None
        ]
        left = min(rooms, default=None)
        return json_response(
            {
                "balance_usd": usd_text(left),
                "reserved_usd": usd_text(held) if left is not None else None,
                "available_usd": None if left is None else usd_text(max(left - held, 0)),
                "spent_usd": usd_text(spent),
                "spent_month_usd": usd_text(month),
                "spend_cap_usd": _decimal_text(caller.spend_cap_usd),
                "spend_cap_month_usd": _decimal_text(caller.spend_cap_month_usd),
            }
        )


def _filter(body: _FilterBody, caller: Caller) -> Filter:
    _check_texts(body)
    key_id = body.key_id
    if not caller.is_admin:
        if key_id not in {None, caller.key_id}:
            raise Forbidden("key_id names another key; an ordinary key sees its own usage.", param="key_id")
        key_id = caller.key_id
    return Filter(
        since=_time("since", body.since),
        until=_time("until", body.until),
        model=body.model,
        outcome=body.status,
        key_id=key_id,
        panel_id=body.panel_id if isinstance(body, EventsBody) else None,
        request_id=body.request_id if isinstance(body, EventsBody) else None,
    )


def _check_texts(body: _FilterBody) -> None:
    """Refuse NUL, which stands in no stored text and which PostgreSQL can't look up."""
    for field, value in msgspec.structs.asdict(body).items():
        if isinstance(value, str) and "\x00" in value:
            refuse((field,), value, "text without NUL")


def _time(field: str, text: str | None) -> float | None:
    if text is None:
        return None
    moment = read_moment(text)
    if moment is None:
        refuse((field,), text, "a time in RFC 3339, such as 2026-11-21T00:00:00Z")
    return moment


def _check_span(body: UsageBody, wanted: Filter) -> None:
    """Every event of the span is read, so it may not be of any length."""
    if wanted.since is None:
        refuse(("since",), None, "given with breakdown")
    until = time.time() if wanted.until is None else wanted.until
    if until - wanted.since > MOST_BREAKDOWN_DAYS * _DAY_S:
        refuse(("since",), body.since, f"at most {MOST_BREAKDOWN_DAYS} days before until, with breakdown")


def _encode_totals(found: Totals, figures: Mapping[str, ModelFigures] | None = None) -> WireObject:
    requests: WireObject = {name: found.requests_by_outcome.get(name, 0) for name in _OUTCOMES}
    calls: WireObject = {name: found.by_outcome.get(name, 0) for name in _OUTCOMES}
    by_model: list[Wire] = [
        {
            "model": row.model,
            "events": row.events,
            **row.tokens,
            "cost_usd": usd_text(row.cost_pico),
            **(_encode_figures(figures[row.model]) if figures else {}),
        }
        for row in found.by_model
    ]
    return {
        "requests": {"total": found.requests, **requests},
        "events": {"total": sum(found.by_outcome.values()), **calls},
        "tokens": {**found.tokens},
        "total_cost_usd": usd_text(found.cost_pico),
        "cost_complete": found.unpriced == 0,
        "by_model": by_model,
    }


def _encode_figures(figures: ModelFigures) -> WireObject:
    return {
        "outcomes": {name: figures.by_outcome.get(name, 0) for name in _OUTCOMES},
        "cached": figures.cached,
        "unpriced": figures.unpriced,
        "latency_p50_ms": figures.p50_ms,
        "latency_p95_ms": figures.p95_ms,
    }


def _encode_parts(parts: Breakdown) -> WireObject:
    days: list[Wire] = [{"day": one.day, "model": one.model, **_encode_share(one.share)} for one in parts.days]
    keys: list[Wire] = [
        {"key_id": one.key_id, "key_name": one.key_name, **_encode_share(one.share)} for one in parts.keys
    ]
    return {"by_day": days, "by_key": keys}


def _encode_share(share: Share) -> WireObject:
    return {"events": share.events, **share.tokens, "cost_usd": usd_text(share.cost_pico)}


def encode_event(row: RowMapping) -> WireObject:
    """Return one usage event as the contract lists its fields."""
    return {
        "id": row["id"],
        "time": write_moment(row["time"]),
        "key_id": row["key_id"],
        "key_name": row["key_name"],
        "request_id": row["request_id"],
        "panel_id": _panel_id(row["panel_id"]),
        "role": row["role"],
        "seat_index": row["seat_index"],
        "attempts": row["attempts"],
        "model": row["model"],
        "provider": row["provider"],
        "usage": {kind: row[kind] for kind in TOKEN_KINDS},
        "cost": usd_text(row["cost_pico"]),
        "upstream_cost": usd_text(row["upstream_cost_pico"]),
        "estimated": bool(row["is_estimated"]),
        "cached": bool(row["is_cached"]),
        "latency_ms": row["latency_ms"],
        "outcome": row["outcome"],
        "error_code": row["error_code"],
    }


def _panel_id(kept: str | None) -> str | None:
    """Return the id of a panel; a chat completion is kept under its own id, and belongs to none."""
    return kept if kept is not None and kept.startswith(_PANELS) else None


def _encode_attempt(row: RowMapping) -> WireObject:
    return {
        "attempt": row["attempt"],
        "time": write_moment(row["time"]),
        "provider": row["provider"],
        "model": row["upstream_model"],
        "usage": {kind: row[kind] for kind in TOKEN_KINDS},
        "cost": usd_text(row["cost_pico"]),
        "estimated": bool(row["is_estimated"]),
        "latency_ms": row["latency_ms"],
        "first_token_ms": row["first_token_ms"],
        "outcome": row["outcome"],
        "error_code": row["error_code"],
    }


def _decimal_text(usd: Decimal | None) -> str | None:
    return None if usd is None else format(usd, "f")
