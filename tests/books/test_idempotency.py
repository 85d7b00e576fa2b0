"""Requests that are sent twice: one is done, whichever process gets it, and only a good answer is kept."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import text

from parley.books import expiry
from parley.books.idempotency import KEPT_S, Begun, Idempotency, Replay, release_of
from parley.domain.errors import IdempotencyInProgress, IdempotencyMismatch, NotServing
from parley.store.database import Store
from parley.store.schema import idempotency
from stores import Clock, count_rows, sqlite_url, with_stores

Use = Callable[..., Awaitable[None]]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    found: str = request.getfixturevalue("postgresql_url")
    return found


async def begun(marks: Idempotency, key: str = "once", fingerprint: str = "f") -> Begun:
    mark = await marks.begin("key_1", key, fingerprint)
    assert isinstance(mark, Begun)
    return mark


def test_kept_answer_comes_back_in_another_process(url: str) -> None:
    async def use(one: Store, other: Store) -> None:
        marks = Idempotency(one, "ins_1")
        await marks.finish(await begun(marks), b'{"a": 1}')
        assert await Idempotency(other, "ins_2").begin("key_1", "once", "f") == Replay(b'{"a": 1}')

    with_stores(url, 2, use)


def test_key_of_another_caller_is_another_key(url: str) -> None:
    async def use(store: Store) -> None:
        marks = Idempotency(store, "ins_1")
        await marks.finish(await begun(marks), b"{}")
        assert isinstance(await marks.begin("key_2", "once", "other"), Begun)

    with_stores(url, 1, use)


@pytest.mark.parametrize("is_finished", [True, False])
def test_other_request_with_the_same_key_is_refused(url: str, is_finished: bool) -> None:
    async def use(store: Store) -> None:
        marks = Idempotency(store, "ins_1")
        mark = await begun(marks)
        if is_finished:
            await marks.finish(mark, b"{}")
        with pytest.raises(IdempotencyMismatch):
            await marks.begin("key_1", "once", "other")

    with_stores(url, 1, use)


def test_of_many_at_once_in_two_processes_one_begins_and_the_others_are_told_to_wait(url: str) -> None:
    async def use(one: Store, other: Store) -> None:
        books = [Idempotency(one, "ins_1"), Idempotency(other, "ins_2")]
        begins = [books[index % 2].begin("key_1", "once", "f") for index in range(20)]
        ends = await asyncio.gather(*begins, return_exceptions=True)
        assert sum(isinstance(end, Begun) for end in ends) == 1
        refused = [end for end in ends if isinstance(end, IdempotencyInProgress)]
        assert len(refused) == 19
        assert refused[0].retry_after_s == 1

    with_stores(url, 2, use)


def test_freed_key_is_done_anew(url: str) -> None:
    async def use(store: Store) -> None:
        marks = Idempotency(store, "ins_1")
        await marks.free(await begun(marks))
        await begun(marks, fingerprint="other")

    with_stores(url, 1, use)


def test_what_a_gone_process_left_running_is_freed_and_its_answers_stay(url: str) -> None:
    async def use(store: Store) -> None:
        gone, alive = Idempotency(store, "ins_1"), Idempotency(store, "ins_2")
        await gone.finish(await begun(gone, "answered"), b"{}")
        await begun(gone, "left")
        await begun(alive, "running")
        await store.write(lambda connection: release_of(connection, ["ins_1"]))
        assert isinstance(await alive.begin("key_1", "answered", "f"), Replay)
        await begun(alive, "left")
        with pytest.raises(IdempotencyInProgress):
            await alive.begin("key_1", "running", "f")

    with_stores(url, 1, use)


@pytest.mark.parametrize("is_answered", [True, False])
def test_process_that_was_thought_gone_leaves_the_mark_of_the_next_alone(url: str, is_answered: bool) -> None:
    async def use(store: Store) -> None:
        paused, following = Idempotency(store, "ins_1"), Idempotency(store, "ins_2")
        mark = await begun(paused)
        await store.write(lambda connection: release_of(connection, ["ins_1"]))
        later = await begun(following)
        await (paused.finish(mark, b"late") if is_answered else paused.free(mark))
        with pytest.raises(IdempotencyInProgress):
            await following.begin("key_1", "once", "f")
        await following.finish(later, b"right")
        await paused.free(mark)
        assert await paused.begin("key_1", "once", "f") == Replay(b"right")

    with_stores(url, 1, use)


def test_answer_is_kept_for_a_day_and_then_the_key_is_new(url: str) -> None:
    clock = Clock()

    async def use(store: Store) -> None:
        marks = Idempotency(store, "ins_1", clock)
        await marks.finish(await begun(marks), b"{}")
        clock.now += KEPT_S
        assert isinstance(await marks.begin("key_1", "once", "f"), Replay)
        clock.now += 1
        await begun(marks, fingerprint="other")

    with_stores(url, 1, use)


def test_cleaning_up_deletes_old_answers_alone(url: str) -> None:
    clock = Clock()

    async def use(store: Store) -> None:
        marks = Idempotency(store, "ins_1", clock)
        for index in range(450):
            await marks.finish(await begun(marks, f"old {index}"), b"{}")
        await begun(marks, "still running")
        clock.now += KEPT_S + 1
        await marks.finish(await begun(marks, "new"), b"{}")
        await expiry.clean_up(store, marks, clock.now)
        assert count_rows(store, idempotency) == 2

    with_stores(url, 1, use)


@pytest.mark.parametrize("is_answered", [True, False])
def test_what_the_store_could_not_take_is_made_up_for(tmp_path: Path, is_answered: bool) -> None:
    database = sqlalchemy.create_engine(sqlite_url(tmp_path))

    async def use(store: Store) -> None:
        marks = Idempotency(store, "ins_1")
        mark = await begun(marks)
        with database.connect() as connection:
            connection.execute(text("ALTER TABLE idempotency RENAME TO away"))
            connection.commit()
            await (marks.finish(mark, b"kept") if is_answered else marks.free(mark))
            with pytest.raises(NotServing):
                await marks.settle_owed()
            connection.execute(text("ALTER TABLE away RENAME TO idempotency"))
            connection.commit()
        await expiry.clean_up(store, marks, 0.0)
        again = await marks.begin("key_1", "once", "f")
        assert again == Replay(b"kept") if is_answered else isinstance(again, Begun)

    with_stores(sqlite_url(tmp_path), 1, use)
    database.dispose()
