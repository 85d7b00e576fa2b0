"""Answers that are kept for a day, in the store or in Redis; whatever goes wrong is a miss."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import redis
import sqlalchemy
from sqlalchemy import text

from parley.books import answer_cache, expiry
from parley.books.answer_cache import KEPT_S, MOST_BYTES, StoreAnswerCache
from parley.books.idempotency import Idempotency
from parley.books.redis_cache import RedisAnswerCache
from parley.domain.answer_cache import AnswerCache, CachedAnswer
from parley.domain.messages import ToolCall
from parley.domain.run import FinishReason
from parley.store.database import Store
from parley.store.schema import cached_answers
from stores import Clock, count_rows, sqlite_url, with_stores

FULL = CachedAnswer(
    "Paris ☂",
    FinishReason.TOOL_CALLS,
    "because",
    (ToolCall("c1", "look", '{"at": 1}'),),
    ("temperature was dropped",),
    {"content": [{"token": "Paris", "logprob": -0.5}]},
)
Use = Callable[[AnswerCache, AnswerCache], Awaitable[None]]


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def use_two(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Use], None]:
    """Runs a test with the caches of two processes."""
    if request.param == "redis":
        address: str = request.getfixturevalue("redis_url")
        return lambda use: asyncio.run(_with_redis(address, use))
    url = sqlite_url(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgresql_url")

    async def with_caches(one: Store, other: Store, use: Use) -> None:
        await use(StoreAnswerCache(one), StoreAnswerCache(other))

    return lambda use: with_stores(url, 2, lambda one, other: with_caches(one, other, use))


async def _with_redis(url: str, use: Use) -> None:
    one, other = RedisAnswerCache(url), RedisAnswerCache(url)
    try:
        await use(one, other)
    finally:
        await one.close()
        await other.close()


def test_answer_comes_back_whole_in_another_process(use_two: Callable[[Use], None]) -> None:
    async def use(one: AnswerCache, other: AnswerCache) -> None:
        await one.put("key_1", "f", FULL)
        assert await other.get("key_1", "f") == FULL

    use_two(use)


def test_other_callers_and_other_calls_miss(use_two: Callable[[Use], None]) -> None:
    async def use(one: AnswerCache, other: AnswerCache) -> None:
        await one.put("key_1", "f", FULL)
        assert await other.get("key_2", "f") is None
        assert await other.get("key_1", "g") is None

    use_two(use)


def test_newer_answer_to_the_same_call_takes_the_place(use_two: Callable[[Use], None]) -> None:
    async def use(one: AnswerCache, other: AnswerCache) -> None:
        await one.put("key_1", "f", FULL)
        await other.put("key_1", "f", CachedAnswer("Rome"))
        assert await one.get("key_1", "f") == CachedAnswer("Rome")

    use_two(use)


@pytest.mark.parametrize(("excess", "is_kept"), [(0, True), (1, False)])
def test_answer_over_the_bound_is_not_kept(use_two: Callable[[Use], None], excess: int, is_kept: bool) -> None:
    empty = answer_cache.encode_answer(CachedAnswer(""))
    assert empty is not None
    answer = CachedAnswer("x" * (MOST_BYTES - len(empty) + excess))

    async def use(one: AnswerCache, _other: AnswerCache) -> None:
        await one.put("key_1", "f", answer)
        assert await one.get("key_1", "f") == (answer if is_kept else None)

    use_two(use)


def test_answer_is_gone_after_a_day(tmp_path: Path) -> None:
    clock = Clock()

    async def use(store: Store) -> None:
        cache = StoreAnswerCache(store, clock)
        await cache.put("key_1", "f", FULL)
        clock.now += KEPT_S
        assert await cache.get("key_1", "f") == FULL
        clock.now += 1
        assert await cache.get("key_1", "f") is None
        await cache.put("key_1", "new", FULL)
        await expiry.clean_up(store, Idempotency(store, "ins_1"), clock.now)
        assert count_rows(store, cached_answers) == 1

    with_stores(sqlite_url(tmp_path), 1, use)


def test_redis_forgets_after_a_day(redis_url: str) -> None:
    async def use(one: AnswerCache, _other: AnswerCache) -> None:
        await one.put("key_1", "f", FULL)

    asyncio.run(_with_redis(redis_url, use))
    with redis.Redis.from_url(redis_url) as client:
        (name,) = client.keys()
        assert KEPT_S - 60 < client.ttl(name) <= KEPT_S


def test_oldest_answers_give_way_to_newer_ones(tmp_path: Path) -> None:
    clock = Clock()
    most = 3

    async def use(store: Store) -> None:
        cache = StoreAnswerCache(store, clock)
        for index in range(5):
            clock.now += 1
            await cache.put("key_1", str(index), FULL)
        await store.write(lambda connection: answer_cache.forget_old(connection, clock.now, 100, most))
        found = [await cache.get("key_1", str(index)) is not None for index in range(5)]
        assert found == [False, False, True, True, True]

    with_stores(sqlite_url(tmp_path), 1, use)


def test_entry_of_another_version_is_a_miss(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        row = {"key_id": "key_1", "fingerprint": "f", "created_at": 9e9, "answer": b'["?"]'}
        await store.write(lambda connection: connection.execute(cached_answers.insert(), row))
        assert await StoreAnswerCache(store).get("key_1", "f") is None

    with_stores(sqlite_url(tmp_path), 1, use)


def test_store_that_is_out_is_a_miss_and_counted(tmp_path: Path) -> None:
    database = sqlalchemy.create_engine(sqlite_url(tmp_path))

    async def use(store: Store) -> None:
        with database.connect() as connection:
            connection.execute(text("DROP TABLE cached_answers"))
            connection.commit()
        cache = StoreAnswerCache(store)
        await cache.put("key_1", "f", FULL)
        assert await cache.get("key_1", "f") is None
        assert cache.failures == 2

    with_stores(sqlite_url(tmp_path), 1, use)
    database.dispose()


def test_redis_that_is_away_is_a_miss_and_counted() -> None:
    async def use(one: AnswerCache, _other: AnswerCache) -> None:
        await one.put("key_1", "f", FULL)
        assert await one.get("key_1", "f") is None
        assert isinstance(one, RedisAnswerCache)
        assert one.failures == 2

    asyncio.run(_with_redis("redis://127.0.0.1:1/0", use))
