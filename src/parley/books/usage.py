"""Reads the ledger: totals, events, attempts. Writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, RowMapping, Subquery, and_, case, distinct, exists, func, select

from parley.books.breakdown import Breakdown, break_down
from parley.books.entries import balance_of
from parley.books.token_kinds import token_sums, tokens_in
from parley.store.database import Store
from parley.store.schema import attempts, usage_events

MOST_MODELS_A_DAY = 20
"""Models that a day's breakdown names, the dearest of the span: anybody can make names up, so there is an end to it."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events are meant; None means all. `since` and `until` are seconds since 1970, until not included."""

    since: float | None = None
    until: float | None = None
    model: str | None = None
    outcome: str | None = None
    key_id: str | None = None
    panel_id: str | None = None
    request_id: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        columns = usage_events.c
        given = {
            columns.model: self.model,
            columns.outcome: self.outcome,
            columns.key_id: self.key_id,
            columns.panel_id: self.panel_id,
            columns.request_id: self.request_id,
        }
        found = [column == value for column, value in given.items() if value is not None]
        if self.since is not None:
            found.append(columns.time >= self.since)
        if self.until is not None:
            found.append(columns.time < self.until)
        return found


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over events. `unpriced` counts those whose cost is not known; `requests` counts distinct requests.

    A request stands in `requests_by_outcome` under each outcome that one of its calls had.
    """

    requests: int
    requests_by_outcome: dict[str, int]
    by_outcome: dict[str, int]
    tokens: dict[str, int]
    cost_pico: int
    unpriced: int
    by_model: tuple["ModelTotals", ...]


@dataclass(frozen=True, slots=True)
class ModelTotals:
    model: str
    events: int
    tokens: dict[str, int]
    cost_pico: int


@dataclass(frozen=True, slots=True)
class CallTotals:
    """What the calls of one role and key to one model add up to; `unpriced` as in `Totals`."""

    role: str
    model: str
    key_name: str
    calls: int
    failed_calls: int
    input_tokens: int
    output_tokens: int
    cost_pico: int
    unpriced: int


class UsageBook:
    """The ledger as its readers see it. Every method raises NotServing where the store can't be read."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def totals(self, wanted: Filter) -> Totals:
        return await self._store.read(lambda connection: totals(connection, wanted))

    async def broken_down(self, wanted: Filter) -> tuple[Totals, Breakdown]:
        """Return the totals, and the same events by day, key and model; the caller bounds the span."""
        return await self._store.read(lambda connection: broken_down(connection, wanted))

    async def events(self, wanted: Filter, limit: int, offset: int) -> tuple[Sequence[RowMapping], int]:
        return await self._store.read(lambda connection: events(connection, wanted, limit, offset))

    async def attempts(self, event_id: str, key_id: str | None) -> Sequence[RowMapping] | None:
        return await self._store.read(lambda connection: attempts_of(connection, event_id, key_id))

    async def balance(self, key_id: str) -> tuple[int, int, int]:
        """Return what a key has spent in all and this month, and what is held, in picodollars."""
        return await self._store.read(lambda connection: balance_of(connection, key_id))


def totals(connection: Connection, wanted: Filter) -> Totals:
    """Return what the events of `wanted` add up to, models by cost, dearest first."""
    columns = usage_events.c
    sums = token_sums()
    cost = func.coalesce(func.sum(columns.cost_pico), 0).label("cost")
    unknown = _count(_is_unpriced()).label("unknown")
    requests = func.count(distinct(columns.request_id)).label("requests")
    conditions = wanted.conditions()
    whole = connection.execute(select(*sums, cost, unknown, requests).where(*conditions)).mappings().one()
    outcomes = connection.execute(
        select(columns.outcome, func.count(), requests).where(*conditions).group_by(columns.outcome)
    ).all()
    by_model = connection.execute(
        select(columns.model, func.count().label("events"), *sums, cost)
        .where(*conditions)
        .group_by(columns.model)
        .order_by(cost.desc(), columns.model)
    ).mappings()
    return Totals(
        requests=int(whole["requests"]),
        requests_by_outcome={row[0]: row[2] for row in outcomes},
        by_outcome={row[0]: row[1] for row in outcomes},
        tokens=tokens_in(whole),
        cost_pico=int(whole["cost"]),
        unpriced=int(whole["unknown"]),
        by_model=tuple(ModelTotals(row["model"], row["events"], tokens_in(row), int(row["cost"])) for row in by_model),
    )


def broken_down(connection: Connection, wanted: Filter) -> tuple[Totals, Breakdown]:
    """Return the totals and their parts as they were at one moment, so that they add up while calls go on."""
    if connection.dialect.name == "postgresql":  # SQLite's reads are of one moment anyway
        connection.execution_options(isolation_level="REPEATABLE READ")
    found = totals(connection, wanted)
    dearest = sorted(found.by_model, key=lambda row: (-row.cost_pico, -row.events, row.model))[:MOST_MODELS_A_DAY]
    return found, break_down(connection, wanted.conditions(), [row.model for row in dearest])


def events(connection: Connection, wanted: Filter, limit: int, offset: int) -> tuple[Sequence[RowMapping], int]:
    """Return a page of events, newest first, and how many there are in all."""
    conditions = wanted.conditions()
    newest = usage_events.c.time.desc(), usage_events.c.id.desc()
    page = select(usage_events).where(*conditions).order_by(*newest).limit(limit).offset(offset)
    total = connection.execute(select(func.count()).select_from(usage_events).where(*conditions)).scalar_one()
    return connection.execute(page).mappings().all(), total


def attempts_of(connection: Connection, event_id: str, key_id: str | None) -> Sequence[RowMapping] | None:
    """Return the attempts beneath an event, first to last; None for an event that is not there or not of `key_id`."""
    event = connection.execute(select(usage_events).where(usage_events.c.id == event_id)).mappings().first()
    if event is None or key_id not in {None, event["key_id"]}:
        return None
    columns = attempts.c
    mine = [columns[name] == event[name] for name in ("request_id", "role", "seat_index")]
    return connection.execute(select(attempts).where(*mine).order_by(columns.attempt)).mappings().all()


def has_called(model: str, request_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that the request of `request_id`, a column of another table, has called `model`."""
    columns = usage_events.c
    return exists().where(columns.request_id == request_id, columns.model == model)


def calls_of(connection: Connection, requests: Subquery) -> dict[str, tuple[CallTotals, ...]]:
    """Add up the calls of wholes that consist of requests: the columns of `requests` are `request_id` and `part_of`.

    Of a whole, seats come in their order, and judges last.
    """
    columns = usage_events.c
    kinds = (requests.c.part_of, columns.role, columns.model, columns.key_name)
    sums = (
        select(
            *kinds,
            func.count().label("calls"),
            _count(columns.outcome.not_in(["ok", "running"])).label("failed"),
            *(func.sum(columns[kind]).label(kind) for kind in ("input_tokens", "output_tokens")),
            func.coalesce(func.sum(columns.cost_pico), 0).label("cost"),
            _count(_is_unpriced()).label("unpriced"),
        )
        .join(requests, columns.request_id == requests.c.request_id)
        .group_by(*kinds)
        .order_by(case((columns.role == "consolidation", 1), else_=0), func.min(columns.seat_index), columns.model)
    )
    found: dict[str, tuple[CallTotals, ...]] = {}
    for part_of, role, model, key_name, *counts in connection.execute(sums):
        found[part_of] = (*found.get(part_of, ()), CallTotals(role, model, key_name, *map(int, counts)))
    return found


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _is_unpriced() -> ColumnElement[bool]:
    """A call without a price that used nothing, because it was refused, is missing in no sum."""
    columns = usage_events.c
    return and_(columns.cost_pico.is_(None), columns.input_tokens + columns.output_tokens > 0)
