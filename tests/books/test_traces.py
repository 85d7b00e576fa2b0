"""Traces in the store: kept in batches, shown to their key alone, deleted in time. On SQLite and on PostgreSQL."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import select

from parley.books.spans import Span, Trace
from parley.books.traces import TraceBook, TraceFilter
from parley.domain.errors import NotServing
from parley.domain.settings import RetentionSettings, StoreSettings
from parley.store.database import Store
from parley.store.schema import traces

T = TypeVar("T")
DAY_S = 86_400
ONE, TWO, THREE = (str(uuid.UUID(int=number)) for number in (1, 2, 3))


def trace(request_id: str, trace_id: str, key_id: str = "key_a", start: float = 100.0, **fields: object) -> Trace:
    """A trace of two spans that lasts two seconds; `fields` are name, status or text, an attribute of the root."""
    status = str(fields.get("status", "ok"))
    attributes = {"parley.cost_usd": "0.25", "parley.order": (1, 0), "text": str(fields.get("text", ""))}
    name = str(fields.get("name", "roundtable"))
    root = Span("00000000000000aa", None, name, "server", status, start, start + 2, attributes)
    seat = Span("00000000000000ab", root.span_id, "chat a", "client", "ok", start, start + 1, {})
    return Trace(request_id, trace_id, key_id, name, status, (root, seat))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/traces.db"
    return str(request.getfixturevalue("postgresql_url"))


def with_book(url: str, work: Callable[[TraceBook, Store], Awaitable[T]], now: float = 1000.0) -> T:
    async def main() -> T:
        store = Store(StoreSettings(url))
        book = TraceBook(store, RetentionSettings(days=30), clock=lambda: now)
        try:
            return await work(book, store)
        finally:
            await book.close()
            await store.close()

    return asyncio.run(main())


def counts(store: Store) -> tuple[int, int]:
    """Return how many traces there are, and how many spans they hold."""
    texts = store.read_now(lambda connection: connection.execute(select(traces.c.spans)).scalars().all())
    return len(texts), sum(len(json.loads(text)) for text in texts)


def test_both_stores_keep_show_and_delete_traces_alike(url: str) -> None:
    async def work(book: TraceBook, store: Store) -> None:
        await page_newest_first(book)
        await keys_see_their_own(book, store)
        await old_ones_go(book, store)

    with_book(url, work, now=1000.0 + 30 * DAY_S)


async def page_newest_first(book: TraceBook) -> None:
    for number in range(5):
        book.keep(trace(f"req_{number}", str(uuid.UUID(int=10 + number)), start=1000.0 + number, name=f"n_{number}"))
    page = await book.page("key_a", 2, 0)
    assert ([item.name for item in page.items], page.has_more) == (["n_4", "n_3"], True)
    page = await book.page("key_a", 2, 4)
    assert ([item.name for item in page.items], page.has_more) == (["n_0"], False)
    assert [item.name for item in (await book.page("key_a", 100, 0, TraceFilter(name="N_2"))).items] == ["n_2"]
    assert (await book.page("key_a", 100, 0, TraceFilter(name="n%2"))).items == ()
    assert [item.name for item in (await book.page("key_a", 100, 0, TraceFilter(name="_1"))).items] == ["n_1"]
    span = TraceFilter(status="ok", since=1001.0, until=1003.0)
    assert [item.name for item in (await book.page("key_a", 100, 0, span)).items] == ["n_2", "n_1"]
    assert (await book.page("key_a", 100, 0, TraceFilter(status="error"))).items == ()
    assert (await book.page(None, 100, 0, TraceFilter(model="a", request_id="req_1"))).items == ()
    assert await book.calls(None, [item.trace_id for item in page.items]) == {}


async def keys_see_their_own(book: TraceBook, store: Store) -> None:
    book.keep(trace("req_x", ONE, "key_a", 2000.0, name="mine"))
    book.keep(trace("req_y", ONE, "key_b", 2010.0, name="theirs", status="error"))
    book.keep(trace("req_z", ONE, "key_a", 2005.0, name="mine too", status="cancelled"))

    mine = (await book.page("key_a", 1, 0)).items[0]
    assert (mine.trace_id, mine.name, mine.span_count, mine.status) == (ONE, "mine too", 4, "cancelled")
    assert (mine.start_time, mine.end_time) == (2000.0, 2007.0)
    every = (await book.page(None, 100, 0)).items
    assert [item.trace_id for item in every].count(ONE) == 1
    assert (every[0].name, every[0].span_count, every[0].status) == ("theirs", 6, "error")

    found = await book.get("key_b", ONE)
    assert found is not None
    assert [stored.request_id for stored in found[1]] == ["req_y", "req_y"]
    root = found[1][0].span
    assert (root.attributes["parley.cost_usd"], root.attributes["parley.order"]) == ("0.25", [1, 0])
    assert found[1][1].span.parent_id == root.span_id

    assert await book.get("key_c", ONE) is None
    assert not await book.delete("key_c", ONE)
    assert await book.delete("key_a", ONE)
    assert await book.get("key_a", ONE) is None
    assert await book.get(None, ONE) is not None
    assert await book.delete(None, ONE)
    assert counts(store) == (5, 10)


async def old_ones_go(book: TraceBook, store: Store) -> None:
    book.keep(trace("req_old", TWO, start=999.0))
    await book.flush()
    assert await book.delete_older_than(30) == 1
    assert await book.get(None, TWO) is None
    assert counts(store) == (5, 10)


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/traces.db"


def test_task_writes_what_comes_and_deletes_what_is_old(file_url: str) -> None:
    async def work(book: TraceBook, store: Store) -> None:
        task = asyncio.create_task(book.run())
        book.keep(trace("req_1", ONE, start=1000.0 + 30 * DAY_S))
        async with asyncio.timeout(5):
            while counts(store) != (1, 2) or book.queue_depth:
                await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with_book(file_url, work, now=1000.0 + 30 * DAY_S)


def test_sweep_deletes_more_than_one_handful(file_url: str) -> None:
    async def work(book: TraceBook, store: Store) -> None:
        for number in range(450):
            book.keep(trace(f"req_{number}", str(uuid.UUID(int=number)), start=float(number)))
        await book.flush()
        assert await book.delete_older_than(1) == 450
        assert counts(store) == (0, 0)

    with_book(file_url, work, now=10.0 * DAY_S)


def test_trace_of_many_requests_is_deleted_whole(file_url: str) -> None:
    async def work(book: TraceBook, store: Store) -> None:
        for number in range(450):
            book.keep(trace(f"req_{number}", ONE))
        assert await book.delete("key_a", ONE)
        assert counts(store) == (0, 0)

    with_book(file_url, work)


def test_traces_beyond_the_waiting_room_are_dropped_and_counted(file_url: str) -> None:
    async def work(book: TraceBook, store: Store) -> None:
        for number in range(2_003):
            book.keep(trace(f"req_{number}", ONE))
        assert (book.queue_depth, book.dropped) == (2_000, 3)
        await book.flush()
        assert counts(store) == (2_000, 4_000)
        book.keep(trace("req_long", TWO, text="x" * 34_000_000))
        assert book.dropped == 4

    with_book(file_url, work)


class Broken(Store):
    """A store that can't be written for a while."""

    is_broken = False

    async def write(self, work: Callable[..., T]) -> T:
        if self.is_broken:
            raise NotServing("store_unavailable", "The store is away.")
        return await super().write(work)


def test_traces_wait_in_order_while_the_store_is_away(file_url: str) -> None:
    async def main() -> None:
        store = Broken(StoreSettings(file_url))
        book = TraceBook(store, RetentionSettings())
        book.keep(trace("req_1", ONE, start=1))
        book.keep(trace("req_2", TWO, start=2))
        store.is_broken = True
        with pytest.raises(NotServing):
            await book.flush()
        assert (book.queue_depth, (await book.page(None, 10, 0)).items) == (2, ())
        store.is_broken = False
        book.keep(trace("req_3", THREE, start=3))
        assert [item.trace_id for item in (await book.page(None, 10, 0)).items] == [THREE, TWO, ONE]
        store.is_broken = True
        book.keep(trace("req_4", ONE))
        await book.close()
        assert (book.queue_depth, book.dropped) == (0, 1)
        await store.close()

    asyncio.run(main())


def test_trace_that_the_store_refuses_does_not_stop_the_next(file_url: str) -> None:
    async def work(book: TraceBook, store: Store) -> None:
        book.keep(trace("req_1", ONE))
        await book.flush()
        book.keep(trace("req_1", ONE))
        await book.flush()
        book.keep(trace("req_2", ONE))
        await book.flush()
        assert (book.dropped, counts(store)) == (1, (2, 4))

    with_book(file_url, work)


def test_every_finished_trace_goes_to_the_exporter_too(file_url: str) -> None:
    async def main() -> None:
        exported: list[Trace] = []
        store = Store(StoreSettings(file_url))
        book = TraceBook(store, RetentionSettings(), exported.append)
        kept = trace("req_1", ONE)
        book.keep(kept)
        assert exported == [kept]
        await book.close()
        await store.close()

    asyncio.run(main())
