"""Reads what a span of the ledger comes to by day, by model and by key; writes nothing. Days are UTC's.

Whole numbers throughout: the shares by day, by model and by key each add up to the totals, to the last picodollar.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import BigInteger, ColumnElement, Connection, RowMapping, and_, case, cast, func, null, select

from parley.books.token_kinds import TOKEN_KINDS, token_sums, tokens_in
from parley.store.schema import usage_events

_DAY_S = 86_400
Conditions = Sequence[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Share:
    """What some of the events come to."""

    events: int
    tokens: dict[str, int]
    cost_pico: int


@dataclass(frozen=True, slots=True)
class DayShare:
    """One model's share of one day, `2026-11-22`; `model` None is all models that are not named, together."""

    day: str
    model: str | None
    share: Share


@dataclass(frozen=True, slots=True)
class KeyShare:
    """One key's share; `key_name` is the name it had last."""

    key_id: str
    key_name: str
    share: Share


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """How a model's calls ended, and how long those took that ended well and were not answered from the cache.

    `unpriced` counts the calls that used something whose price isn't known. The times are nearest-rank percentiles
    of whole calls, retries included; None where no call was timed.
    """

    by_outcome: dict[str, int]
    cached: int
    unpriced: int
    p50_ms: int | None
    p95_ms: int | None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The same events, told apart three ways. Days come in order, keys by cost, dearest first."""

    days: tuple[DayShare, ...]
    keys: tuple[KeyShare, ...]
    models: dict[str, ModelFigures]


def break_down(connection: Connection, conditions: Conditions, named: Sequence[str]) -> Breakdown:
    """Tell the events under `conditions` apart; days name the models in `named`, in that order, the others as one.

    The caller bounds the span: every event of it is read.
    """
    days = _days(connection, conditions, named)
    return Breakdown(days, _keys(connection, conditions), _models(connection, conditions))


def _days(connection: Connection, conditions: Conditions, named: Sequence[str]) -> tuple[DayShare, ...]:
    columns = usage_events.c
    label = case((columns.model.in_(named), columns.model), else_=null()).label("named")
    counted = [columns[kind] for kind in TOKEN_KINDS]
    each = select(_day(connection).label("day"), label, *counted, columns.cost_pico).where(*conditions).subquery()
    sums = [func.sum(each.c[kind]).label(kind) for kind in TOKEN_KINDS]
    cost = func.coalesce(func.sum(each.c.cost_pico), 0).label("cost")
    rows = connection.execute(
        select(each.c.day, each.c.named, func.count().label("events"), *sums, cost).group_by(each.c.day, each.c.named)
    ).mappings()
    order = {model: place for place, model in enumerate(named)}
    found = [DayShare(_date(row["day"]), row["named"], _share(row)) for row in rows]
    return tuple(sorted(found, key=lambda one: (one.day, order.get(one.model or "", len(order)))))


def _day(connection: Connection) -> ColumnElement[int]:
    """Return the number of an event's day since 1970; in whole seconds, as a cast rounds in one database only."""
    time = usage_events.c.time
    seconds = func.floor(time) if connection.dialect.name == "postgresql" else time
    return cast(seconds, BigInteger) // _DAY_S


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * _DAY_S, UTC).date().isoformat()


def _keys(connection: Connection, conditions: Conditions) -> tuple[KeyShare, ...]:
    """A key that was renamed has rows under each of its names."""
    columns = usage_events.c
    cost = func.coalesce(func.sum(columns.cost_pico), 0).label("cost")
    last = func.max(columns.time)
    rows = connection.execute(
        select(columns.key_id, columns.key_name, func.count().label("events"), *token_sums(), cost)
        .where(*conditions)
        .group_by(columns.key_id, columns.key_name)
        .order_by(last)
    ).mappings()
    found: dict[str, KeyShare] = {}
    for row in rows:
        share, before = _share(row), found.get(row["key_id"])
        found[row["key_id"]] = KeyShare(row["key_id"], row["key_name"], _sum(before.share, share) if before else share)
    return tuple(sorted(found.values(), key=lambda one: (-one.share.cost_pico, one.key_name, one.key_id)))


def _models(connection: Connection, conditions: Conditions) -> dict[str, ModelFigures]:
    columns = usage_events.c
    is_unpriced = and_(columns.cost_pico.is_(None), columns.input_tokens + columns.output_tokens > 0)
    counts = connection.execute(
        select(
            columns.model,
            columns.outcome,
            func.count().label("events"),
            func.sum(case((columns.is_cached, 1), else_=0)).label("cached"),
            func.sum(case((is_unpriced, 1), else_=0)).label("unpriced"),
        )
        .where(*conditions)
        .group_by(columns.model, columns.outcome)
    ).mappings()
    by_model: dict[str, list[RowMapping]] = {}
    for row in counts:
        by_model.setdefault(row["model"], []).append(row)
    times = _times(connection, conditions)
    return {model: _figures(rows, times.get(model)) for model, rows in by_model.items()}


def _figures(rows: Sequence[RowMapping], times: tuple[int, int] | None) -> ModelFigures:
    cached, unpriced = (sum(int(row[name]) for row in rows) for name in ("cached", "unpriced"))
    p50, p95 = times or (None, None)
    return ModelFigures({row["outcome"]: int(row["events"]) for row in rows}, cached, unpriced, p50, p95)


def _times(connection: Connection, conditions: Conditions) -> dict[str, tuple[int, int]]:
    """Return the median and the 95th percentile of each model, from a count of each length, as SQLite knows no other.

    What is counted stands in the count, not among the conditions: an index on outcomes would lure the planner from
    the one on time.
    """
    columns = usage_events.c
    is_timed = and_(columns.outcome == "ok", columns.is_cached.is_(False))
    each = (
        select(columns.model, columns.latency_ms, func.sum(case((is_timed, 1), else_=0)).label("calls"))
        .where(*conditions)
        .group_by(columns.model, columns.latency_ms)
        .subquery()
    )
    up_to_here = func.sum(each.c.calls).over(partition_by=each.c.model, order_by=each.c.latency_ms).label("rank")
    of_all = func.sum(each.c.calls).over(partition_by=each.c.model).label("calls")
    ranked = select(each.c.model, each.c.latency_ms, up_to_here, of_all).subquery()

    def at(percent: int) -> ColumnElement[int]:
        is_reached = ranked.c.rank * 100 >= ranked.c.calls * percent
        return func.min(case((is_reached, ranked.c.latency_ms), else_=null()))

    rows = connection.execute(select(ranked.c.model, at(50), at(95)).where(ranked.c.calls > 0).group_by(ranked.c.model))
    return {model: (int(p50), int(p95)) for model, p50, p95 in rows}


def _share(row: RowMapping) -> Share:
    return Share(int(row["events"]), tokens_in(row), int(row["cost"]))


def _sum(one: Share, other: Share) -> Share:
    tokens = {kind: one.tokens[kind] + other.tokens[kind] for kind in TOKEN_KINDS}
    return Share(one.events + other.events, tokens, one.cost_pico + other.cost_pico)
