"""What the ledger writes, and the SQL that writes it: usage events, attempts, holds, spend, prices.

Everything here runs in the store's writer thread, inside a transaction. An event is opened once and settled once;
settling again, or settling what was closed as abandoned, changes what was spent by the difference alone.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime

from sqlalchemy import ClauseElement, Connection, String, bindparam, delete, func, literal_column, select, update

from parley.domain.quick import dataclass
from parley.store.prepared import Prepared, do
from parley.store.schema import attempts, holds, keys, prices, spend, usage_events
from parley.store.upsert import insert_for

Value = str | int | float | bool | None
Row = dict[str, Value]

RUNNING = "running"
ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Hold:
    """What a request may still cost at most, against the caps of its key; all in picodollars."""

    request_id: str
    key_id: str
    amount_pico: int
    instance_id: str
    cap_pico: int | None
    cap_month_pico: int | None


@dataclass(slots=True)
class Opening:
    """A request begins: its events, and its hold if its key has a cap. `refusal` is set where the cap is too low."""

    events: list[Row]
    hold: Hold | None
    refusal: str | None = None


@dataclass(slots=True)
class Enlargement:
    """A further call of a running request: its hold grows, or the call is not made."""

    hold: Hold
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class CallOpening:
    """A consolidation begins: its event is on record before its first call."""

    event: Row


@dataclass(frozen=True, slots=True)
class Settlement:
    """A call has ended: its whole event, the attempts beneath it, the prices they were billed at."""

    event: Row
    attempts: list[Row] = field(default_factory=list)
    prices: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Closing:
    """A request has ended: the rest of its hold is released."""

    request_id: str


Entry = Opening | Enlargement | CallOpening | Settlement | Closing


def apply(connection: Connection, entries: Sequence[Entry]) -> None:
    """Write `entries`, rows of one kind together, so that each kind costs one statement.

    What was spent and released goes first, so that every hold of `entries` is placed in full knowledge of it; only a
    release that follows a hold of its own request has to come last.
    """
    batch = _Batch()
    for entry in entries:
        batch.add(entry)
    _open(connection, batch.events)
    if batch.settlements:
        settle(connection, batch.settlements)
    held = {hold.request_id for _, hold in batch.holds}
    _release(connection, [request_id for request_id in batch.closed if request_id not in held])
    for entry, hold in batch.holds:
        entry.refusal = place_hold(connection, hold)
    openings = [entry for entry, _ in batch.holds if isinstance(entry, Opening) and entry.refusal is None]
    _open(connection, [event for opening in openings for event in opening.events])
    _release(connection, [request_id for request_id in batch.closed if request_id in held])


class _Batch:
    """Entries by what they ask for. `events` are of openings that hold nothing, and of further calls."""

    def __init__(self) -> None:
        self.events: list[Row] = []
        self.settlements: list[Settlement] = []
        self.closed: list[str] = []
        self.holds: list[tuple[Opening | Enlargement, Hold]] = []

    def add(self, entry: Entry) -> None:
        match entry:
            case Opening(hold=Hold() as hold) | Enlargement(hold=hold):
                self.holds.append((entry, hold))
            case Opening(events=events):
                self.events += events
            case CallOpening(event=event):
                self.events.append(event)
            case Settlement():
                self.settlements.append(entry)
            case Closing(request_id=request_id):
                self.closed.append(request_id)


def _open(connection: Connection, events: list[Row]) -> None:
    if events:
        _OPEN.run(connection, events)


def _release(connection: Connection, request_ids: list[str]) -> None:
    if request_ids:
        _RELEASE.run(connection, [{"request_id": request_id} for request_id in request_ids])


_SETTLED_COLUMNS = tuple(
    column.name
    for column in usage_events.columns
    if column.name not in {"id", "request_id", "role", "seat_index", "time", "key_id", "key_name", "panel_id"}
)


def _grow_spend(connection: Connection) -> ClauseElement:
    given = insert_for(connection, spend)
    grown = {"amount_pico": spend.c.amount_pico + given.excluded.amount_pico}
    return given.on_conflict_do_update(index_elements=["key_id", "month"], set_=grown)


def _grow_hold(connection: Connection) -> ClauseElement:
    given = insert_for(connection, holds)
    grown = {"amount_pico": holds.c.amount_pico + given.excluded.amount_pico}
    return given.on_conflict_do_update(index_elements=["request_id"], set_=grown)


def _balance() -> ClauseElement:
    mine = bindparam("key_id", type_=String())
    held = select(func.sum(holds.c.amount_pico)).where(holds.c.key_id == mine)
    spent_in_all = select(spend.c.amount_pico).where(spend.c.key_id == mine, spend.c.month == literal_column("''"))
    spent_then = select(spend.c.amount_pico).where(spend.c.key_id == mine, spend.c.month == bindparam("month"))
    return select(spent_in_all.scalar_subquery(), spent_then.scalar_subquery(), held.scalar_subquery())


_OPEN = Prepared(lambda _: usage_events.insert())
_SETTLE = Prepared(
    lambda _: (
        update(usage_events)
        .where(usage_events.c.id == bindparam("id"), usage_events.c.outcome == literal_column(f"'{RUNNING}'"))
        .values({name: bindparam(name) for name in _SETTLED_COLUMNS})
    )
)
_RELEASE = Prepared(lambda _: delete(holds).where(holds.c.request_id == bindparam("request_id")))
_ADD_ATTEMPTS = Prepared(lambda connection: insert_for(connection, attempts).on_conflict_do_nothing())
_ADD_PRICES = Prepared(lambda connection: insert_for(connection, prices).on_conflict_do_nothing())
_ADD_SPEND = Prepared(_grow_spend)
_ADD_HOLD = Prepared(_grow_hold)
_BALANCE = Prepared(lambda _: _balance())


def settle(connection: Connection, settlements: Sequence[Settlement]) -> None:
    """Settle all at once; where one is not running any more, look at each by itself."""
    rows = [settlement.event for settlement in settlements]
    do(connection, "SAVEPOINT settling")
    if _SETTLE.run(connection, rows) == len(rows):
        do(connection, "RELEASE SAVEPOINT settling")
        _add_spend(connection, rows)
        _add_beneath(connection, settlements)
        return
    do(connection, "ROLLBACK TO SAVEPOINT settling")
    for settlement in settlements:
        settle_carefully(connection, settlement)


def settle_carefully(connection: Connection, settlement: Settlement) -> None:
    """Settle one event whatever became of it: missing, abandoned, or settled before."""
    row = settlement.event
    found = connection.execute(
        select(usage_events.c.outcome, usage_events.c.cost_pico).where(usage_events.c.id == row["id"]).with_for_update()
    ).first()
    if found is None:
        connection.execute(usage_events.insert(), row)
        _add_spend(connection, [row])
    elif found.outcome in {RUNNING, ABANDONED}:
        values = {name: row[name] for name in _SETTLED_COLUMNS}
        connection.execute(update(usage_events).where(usage_events.c.id == row["id"]).values(values))
        billed = (found.cost_pico or 0) if found.outcome == ABANDONED else 0
        _add_spend(connection, [{**row, "cost_pico": int(row["cost_pico"] or 0) - billed}])
    _add_beneath(connection, [settlement])


def open_if_missing(connection: Connection, event: Row) -> None:
    """Put an opened event on record unless it is there, settled perhaps already."""
    connection.execute(insert_for(connection, usage_events).on_conflict_do_nothing(), event)


def _add_beneath(connection: Connection, settlements: Sequence[Settlement]) -> None:
    made = [row for settlement in settlements for row in settlement.attempts]
    if made:
        _ADD_ATTEMPTS.run(connection, made)
    billed = {str(row["id"]): row for settlement in settlements for row in settlement.prices}
    if billed:
        _ADD_PRICES.run(connection, list(billed.values()))


def _add_spend(connection: Connection, rows: Iterable[Mapping[str, Value]]) -> None:
    totals: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        cost = int(row["cost_pico"] or 0)
        if cost:
            totals[str(row["key_id"]), ""] += cost
            totals[str(row["key_id"]), month_of(float(row["time"] or 0))] += cost
    if totals:
        values = [{"key_id": key, "month": month, "amount_pico": pico} for (key, month), pico in sorted(totals.items())]
        _ADD_SPEND.run(connection, values)


def place_hold(connection: Connection, hold: Hold) -> str | None:
    """Place or enlarge a hold, or return why the cap forbids it. Holds of one key are placed one after the other."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(keys.c.id).where(keys.c.id == hold.key_id).with_for_update())
    spent_in_all, spent_this_month, held = balance_of(connection, hold.key_id)
    for cap, period, used in (
        (hold.cap_pico, "total", spent_in_all),
        (hold.cap_month_pico, "month", spent_this_month),
    ):
        if cap is not None and used + held + hold.amount_pico > cap:
            return period
    row = {"request_id": hold.request_id, "key_id": hold.key_id, "amount_pico": hold.amount_pico}
    _ADD_HOLD.run(connection, [{**row, "instance_id": hold.instance_id}])
    return None


def balance_of(connection: Connection, key_id: str) -> tuple[int, int, int]:
    """Return what a key has spent in all, what it has spent this month, and what is held, in picodollars."""
    month = month_of(datetime.now(UTC).timestamp())
    in_all, this_month, held = _BALANCE.first(connection, {"key_id": key_id, "month": month}) or (0, 0, 0)
    return int(in_all or 0), int(this_month or 0), int(held or 0)


def spent(connection: Connection, key_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return by key what was spent in all and this month, in picodollars; a key that spent nothing is left out."""
    month = month_of(datetime.now(UTC).timestamp())
    rows = connection.execute(select(spend).where(spend.c.key_id.in_(key_ids), spend.c.month.in_(["", month]))).all()
    found: dict[str, tuple[int, int]] = {}
    for row in rows:
        total, this_month = found.get(row.key_id, (0, 0))
        found[row.key_id] = (total, row.amount_pico) if row.month else (row.amount_pico, this_month)
    return found


def close_abandoned(connection: Connection, instance_ids: Sequence[str]) -> int:
    """Close what `instance_ids` left running: billed with the estimate of its input; return how many events."""
    mine = (usage_events.c.instance_id.in_(instance_ids), usage_events.c.outcome == RUNNING)
    # Locked, so that of several processes that close the same rows only the first finds them running.
    found = connection.execute(select(usage_events).where(*mine).order_by(usage_events.c.id).with_for_update())
    left = [dict(row) for row in found.mappings()]
    for row in left:
        row["cost_pico"] = row["estimate_pico"]
    if left:
        closed = update(usage_events).where(usage_events.c.id == bindparam("_id"), usage_events.c.outcome == RUNNING)
        values = {"outcome": ABANDONED, "is_estimated": True, "error_code": "cancelled"}
        estimated = {"input_tokens": usage_events.c.input_estimate, "cost_pico": usage_events.c.estimate_pico}
        connection.execute(closed.values({**values, **estimated}), [{"_id": row["id"]} for row in left])
        _add_spend(connection, left)
    connection.execute(delete(holds).where(holds.c.instance_id.in_(instance_ids)))
    return len(left)


def owners(connection: Connection) -> set[str]:
    """Return the ids of the processes that have running events or holds."""
    running = select(usage_events.c.instance_id).where(usage_events.c.outcome == RUNNING)
    return set(connection.execute(running.union(select(holds.c.instance_id))).scalars())


def close_orphans(connection: Connection, instance_id: str, live: Collection[str]) -> int:
    """Close as cancelled what `instance_id` left running for requests that are not `live`; return how many events.

    Such requests were refused: nobody called a model for them, although their record turned out to be durable.
    """
    running = usage_events.c.instance_id == instance_id, usage_events.c.outcome == RUNNING
    rows = connection.execute(select(usage_events.c.id, usage_events.c.request_id).where(*running)).all()
    left = [row.id for row in rows if row.request_id not in live]
    if left:
        values = {"outcome": "cancelled", "error_code": "cancelled", "cost_pico": 0}
        connection.execute(update(usage_events).where(usage_events.c.id.in_(left)).values(values))
    held = connection.execute(select(holds.c.request_id).where(holds.c.instance_id == instance_id)).scalars().all()
    spare = [request_id for request_id in held if request_id not in live]
    if spare:
        connection.execute(delete(holds).where(holds.c.request_id.in_(spare)))
    return len(left)


def month_of(time_s: float) -> str:
    """Return the calendar month, UTC: `2026-11`."""
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m")
