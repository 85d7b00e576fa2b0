"""Traces in the store: who may see which, for how long. Owns the table `traces`; a row holds its spans as JSON.

Traces are written after the answer, in batches, by a task of their own. Unlike the ledger they may be lost: when the
process is killed, and when the store lags so far behind that the waiting room is full, which is counted.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import msgspec
from sqlalchemy import ColumnElement, Connection, FromClause, and_, delete, func, insert, or_, select, true
from sqlalchemy.exc import SQLAlchemyError

from parley.books.spans import Span, Trace, TraceReader, TraceTools
from parley.books.usage import CallTotals, calls_of, has_called
from parley.domain.errors import NotServing
from parley.domain.quick import dataclass
from parley.domain.settings import RetentionSettings
from parley.store.database import Store
from parley.store.prepared import Prepared
from parley.store.schema import traces

_MOST_WAITING = 2_000
_MOST_WAITING_BYTES = 33_554_432
_MOST_IN_ONE_WRITE = 100
_MOST_DELETED_AT_ONCE = 200
_MOST_SPANS_SHOWN = 10_000
_GATHER_S = 0.1
_RETRY_S = 1.0
_SWEEP_EVERY_S = 3_600.0
_DAY_S = 86_400
_ROW_BYTES = 800
"""What a row takes in memory beside its spans, roughly."""

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """One trace as its reader may see it: of several requests, the name is the newest's, the status the worst."""

    trace_id: str
    name: str
    span_count: int
    status: str
    start_time: float
    end_time: float


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """Which traces are meant: those with a request that fits all of it. None means all; `name` is a part of the name.

    `since` and `until` are seconds since 1970, until not included; `model` was called as a seat or a judge.
    """

    name: str = ""
    status: str | None = None
    since: float | None = None
    until: float | None = None
    model: str | None = None
    request_id: str | None = None

    def conditions(self, table: FromClause) -> list[ColumnElement[bool]]:
        columns = table.c
        found: list[ColumnElement[bool]] = []
        if self.name:
            found.append(columns.name.icontains(self.name, autoescape=True))
        if self.status is not None:
            found.append(columns.status == self.status)
        if self.since is not None:
            found.append(columns.start_time >= self.since)
        if self.until is not None:
            found.append(columns.start_time < self.until)
        if self.model is not None:
            found.append(has_called(self.model, columns.request_id))
        if self.request_id is not None:
            found.append(columns.request_id == self.request_id)
        return found


@dataclass(frozen=True, slots=True)
class TracePage:
    """Some traces, newest first; `has_more` tells whether older ones follow."""

    items: tuple[TraceSummary, ...]
    has_more: bool


_ALL = TraceFilter()


@dataclass(frozen=True, slots=True)
class StoredSpan:
    """A span as it was kept, with the request that it belongs to."""

    request_id: str
    span: Span


class TraceBook:
    """Keeps the traces of this process and shows those of all. `dropped` counts the traces that were lost."""

    def __init__(
        self,
        store: Store,
        retention: RetentionSettings,
        export: Callable[[Trace], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._days = retention.days
        self._export = export
        self._clock = clock
        self._tools = TraceTools(clock, self.keep, retention.content)
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._wanted = asyncio.Event()
        self._writing = asyncio.Lock()
        self.dropped = 0

    @property
    def queue_depth(self) -> int:
        """How many traces wait to be written."""
        return len(self._waiting)

    def reader(self, key_id: str, parent_span_id: str | None = None) -> TraceReader:
        """Return the reader of one run; whoever runs it calls its `finish` at the end, whatever that was."""
        return TraceReader(self._tools, key_id, parent_span_id)

    def keep(self, trace: Trace) -> None:
        """Take a finished trace, without waiting for anything."""
        if self._export is not None:
            self._export(trace)
        try:
            waiting = _waiting(trace)
        except (ValueError, OverflowError):  # halves of surrogate pairs, and numbers that no JSON holds
            self.dropped += 1
            return
        if len(self._waiting) >= _MOST_WAITING or self._waiting_bytes + waiting.size_bytes > _MOST_WAITING_BYTES:
            self.dropped += 1
            return
        self._waiting.append(waiting)
        self._waiting_bytes += waiting.size_bytes
        self._wanted.set()

    async def run(self) -> None:
        """Write what comes, and once an hour delete what is too old, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write_for_ever())
            group.create_task(self._sweep_for_ever())

    async def flush(self) -> None:
        """Write everything that waits now. Raises NotServing where the store can't be used; then it goes on waiting."""
        async with self._writing:
            while self._waiting:
                await self._write_some()

    async def close(self) -> None:
        """Write what is left; what can't be written is counted as dropped. To be called once `run` has ended."""
        try:
            await self.flush()
        except NotServing:
            self.dropped += len(self._waiting)
            self._waiting.clear()

    async def page(self, key_id: str | None, limit: int, offset: int, wanted: TraceFilter = _ALL) -> TracePage:
        """Return the traces of a key, or of all keys for None, newest first."""
        await self._catch_up()
        return await self._store.read(lambda connection: _page(connection, key_id, limit, offset, wanted))

    async def calls(self, key_id: str | None, trace_ids: Sequence[str]) -> dict[str, tuple[CallTotals, ...]]:
        """Return what the ledger has of each trace's requests, as far as the key may see them."""
        requests = (
            select(traces.c.request_id, traces.c.trace_id.label("part_of"))
            .where(traces.c.trace_id.in_(trace_ids), _seen_by(key_id))
            .subquery()
        )
        return await self._store.read(lambda connection: calls_of(connection, requests))

    async def get(self, key_id: str | None, trace_id: str) -> tuple[TraceSummary, tuple[StoredSpan, ...]] | None:
        """Return a trace with the spans that the key may see, by their start; None where there is none for it."""
        await self._catch_up()
        return await self._store.read(lambda connection: _get(connection, key_id, trace_id))

    async def delete(self, key_id: str | None, trace_id: str) -> bool:
        """Delete what the key may see of a trace; False where that is nothing."""
        await self.flush()
        return await self._store.write(lambda connection: _delete(connection, key_id, trace_id))

    async def delete_older_than(self, days: int) -> int:
        """Delete the traces of requests begun more than `days` ago, a few at a time; return how many those were."""
        before = self._clock() - days * _DAY_S
        total = 0
        while deleted := await self._store.write(lambda connection: _delete_before(connection, before)):
            total += deleted
            await asyncio.sleep(0)
        return total

    async def _catch_up(self) -> None:
        """Write what waits, so that a client finds its own trace; if that fails, the older ones can still be read."""
        with contextlib.suppress(NotServing):
            await self.flush()

    async def _write_for_ever(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self.flush()
            except NotServing:
                self._wanted.set()
                await asyncio.sleep(_RETRY_S)
            await asyncio.sleep(_GATHER_S)

    async def _sweep_for_ever(self) -> None:
        while True:
            try:
                await self.delete_older_than(self._days)
            except (NotServing, SQLAlchemyError):
                await asyncio.sleep(_RETRY_S)
                continue
            await asyncio.sleep(_SWEEP_EVERY_S)

    async def _write_some(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST_IN_ONE_WRITE))]
        size_bytes = sum(waiting.size_bytes for waiting in batch)
        self._waiting_bytes -= size_bytes
        try:
            await self._store.write(lambda connection: _insert(connection, batch))
        except NotServing:
            self._waiting.extendleft(reversed(batch))
            self._waiting_bytes += size_bytes
            raise
        except (SQLAlchemyError, ValueError):
            self.dropped += len(batch)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A finished trace as it will be written."""

    row: Row
    size_bytes: int


def _waiting(trace: Trace) -> _Waiting:
    spans = msgspec.json.encode(trace.spans)
    row: Row = {
        "request_id": trace.request_id,
        "trace_id": trace.trace_id,
        "key_id": trace.key_id,
        "name": trace.name,
        "status": trace.status,
        "start_time": trace.start_time,
        "end_time": trace.end_time,
        "span_count": len(trace.spans),
        "spans": spans.decode(),
    }
    return _Waiting(row, _ROW_BYTES + len(spans))


_ADD_TRACES = Prepared(lambda _: insert(traces))


def _insert(connection: Connection, batch: Sequence[_Waiting]) -> None:
    _ADD_TRACES.run(connection, [waiting.row for waiting in batch])


def _seen_by(key_id: str | None) -> ColumnElement[bool]:
    return true() if key_id is None else traces.c.key_id == key_id


def _page(connection: Connection, key_id: str | None, limit: int, offset: int, wanted: TraceFilter) -> TracePage:
    """Find the newest fitting request of each trace along the index, then add up the others of the page's traces."""
    other = traces.alias()
    is_newer = or_(
        other.c.start_time > traces.c.start_time,
        and_(other.c.start_time == traces.c.start_time, other.c.request_id > traces.c.request_id),
    )
    seen = true() if key_id is None else other.c.key_id == key_id
    newer = select(other.c.request_id).where(
        other.c.trace_id == traces.c.trace_id, is_newer, seen, *wanted.conditions(other)
    )
    newest = (
        select(traces.c.trace_id, traces.c.name)
        .where(_seen_by(key_id), *wanted.conditions(traces), ~newer.exists())
        .order_by(traces.c.start_time.desc(), traces.c.request_id.desc())
        .limit(limit + 1)
        .offset(offset)
    )
    found = connection.execute(newest).all()
    names = {row.trace_id: row.name for row in found[:limit]}
    return TracePage(_summaries(connection, key_id, names), len(found) > limit)


def _summaries(connection: Connection, key_id: str | None, names: dict[str, str]) -> tuple[TraceSummary, ...]:
    """Return the summaries of the traces in `names`, in its order, without those deleted in the meantime."""
    rows = connection.execute(
        select(
            traces.c.trace_id,
            traces.c.status,
            func.sum(traces.c.span_count).label("span_count"),
            func.min(traces.c.start_time).label("start_time"),
            func.max(traces.c.end_time).label("end_time"),
        )
        .where(traces.c.trace_id.in_(list(names)), _seen_by(key_id))
        .group_by(traces.c.trace_id, traces.c.status)
    ).all()
    summaries = []
    for trace_id, name in names.items():
        parts = [row for row in rows if row.trace_id == trace_id]
        if not parts:
            continue
        found = {row.status for row in parts}
        summaries.append(
            TraceSummary(
                trace_id,
                name,
                sum(int(row.span_count) for row in parts),
                next((status for status in ("error", "cancelled") if status in found), "ok"),
                min(row.start_time for row in parts),
                max(row.end_time for row in parts),
            )
        )
    return tuple(summaries)


def _get(
    connection: Connection, key_id: str | None, trace_id: str
) -> tuple[TraceSummary, tuple[StoredSpan, ...]] | None:
    newest = (
        select(traces.c.name)
        .where(traces.c.trace_id == trace_id, _seen_by(key_id))
        .order_by(traces.c.start_time.desc(), traces.c.request_id.desc())
        .limit(1)
    )
    name = connection.execute(newest).scalar()
    if name is None:
        return None
    summaries = _summaries(connection, key_id, {trace_id: name})
    if not summaries:
        return None
    return summaries[0], tuple(islice(_spans(connection, key_id, trace_id), _MOST_SPANS_SHOWN))


def _spans(connection: Connection, key_id: str | None, trace_id: str) -> Iterator[StoredSpan]:
    """Yield the spans of a trace, request by request, each request's by their start."""
    rows = connection.execution_options(yield_per=_MOST_IN_ONE_WRITE).execute(
        select(traces.c.request_id, traces.c.spans)
        .where(traces.c.trace_id == trace_id, _seen_by(key_id))
        .order_by(traces.c.start_time, traces.c.request_id)
    )
    for row in rows:
        found = [Span(**span) for span in msgspec.json.decode(row.spans)]
        found.sort(key=lambda span: (span.start_time, span.span_id))
        yield from (StoredSpan(row.request_id, span) for span in found)


def _delete(connection: Connection, key_id: str | None, trace_id: str) -> bool:
    found = select(traces.c.request_id).where(traces.c.trace_id == trace_id, _seen_by(key_id))
    return _delete_requests(connection, list(connection.execute(found).scalars())) > 0


def _delete_before(connection: Connection, before: float) -> int:
    found = select(traces.c.request_id).where(traces.c.start_time < before).limit(_MOST_DELETED_AT_ONCE)
    return _delete_requests(connection, list(connection.execute(found).scalars()))


def _delete_requests(connection: Connection, request_ids: list[str]) -> int:
    for first in range(0, len(request_ids), _MOST_DELETED_AT_ONCE):
        some = request_ids[first : first + _MOST_DELETED_AT_ONCE]
        connection.execute(delete(traces).where(traces.c.request_id.in_(some)))
    return len(request_ids)
