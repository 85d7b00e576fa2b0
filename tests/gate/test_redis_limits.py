"""The shared limiter on a real Redis: exact over processes and over a restart, and what happens while it is away."""

import asyncio
import multiprocessing
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

import pytest
import redis

from parley.domain.errors import NotServing, RateLimited
from parley.domain.limits import Window, WindowName
from parley.domain.settings import LimiterSettings
from parley.gate.limits import open_limiter
from parley.gate.redis_limits import RedisLimiter
from services import Service, redis_server

T = TypeVar("T")


def rpm(limit: int) -> Window:
    return Window(WindowName.RPM, limit)


def rpd(limit: int) -> Window:
    return Window(WindowName.RPD, limit)


@dataclass
class Events:
    """A log that keeps what it is told."""

    told: list[str] = field(default_factory=list)

    def warning(self, event: str, **facts: object) -> None:
        self.told.append(f"{event} {facts}")

    info = warning


def run(
    url: str, work: Callable[[RedisLimiter], Awaitable[T]], on_failure: str = "closed", log: Events | None = None
) -> T:
    """Do `work` with a new limiter in a new loop."""

    async def whole() -> T:
        limiter = RedisLimiter(LimiterSettings(url, on_failure), log or Events())
        try:
            return await work(limiter)
        finally:
            await limiter.close()

    return asyncio.run(whole())


async def ask(limiter: RedisLimiter, *limits: Window) -> str | float:
    """Ask for one place; return what became of it, for a refusal how long to wait."""
    try:
        await limiter.admit("key_a", limits)
    except RateLimited as refusal:
        return refusal.retry_after_s
    except NotServing as outage:
        return outage.code
    return "admitted"


async def ask_often(limiter: RedisLimiter, count: int, *limits: Window) -> list[str | float]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask(limiter, *limits)) for _ in range(count)]
    return [task.result() for task in tasks]


def ask_in_a_process(url: str, count: int, window: Window) -> list[str | float]:
    return run(url, lambda limiter: ask_often(limiter, count, window))


def let_pass(url: str, seconds: float) -> None:
    """Make all that was used that much older."""
    with redis.Redis.from_url(url) as client:
        for key in client.keys("*:rpm"):
            for entry, score in client.zrange(key, 0, -1, withscores=True):
                client.zadd(key, {entry: score - seconds * 1_000_000})
        for key in client.keys("*:rpd"):
            client.hincrby(key, "day", -int(seconds // 86_400))


@pytest.mark.parametrize("window", [rpm(100), rpd(100)], ids=["rpm", "rpd"])
def test_four_processes_together_let_in_exactly_the_limit(redis_url: str, window: Window) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        parts = pool.starmap(ask_in_a_process, [(redis_url, 250, window)] * 4)
    outcomes = [outcome for part in parts for outcome in part]
    assert outcomes.count("admitted") == 100
    waits = [outcome for outcome in outcomes if isinstance(outcome, float)]
    assert len(waits) == 900
    assert min(waits) > 0
    assert max(waits) <= window.window_s


def test_the_wait_is_until_the_oldest_request_leaves_and_then_there_is_one_place(redis_url: str) -> None:
    async def work(limiter: RedisLimiter) -> None:
        assert await ask(limiter, rpm(2)) == "admitted"
        let_pass(redis_url, 40)
        assert await ask(limiter, rpm(2)) == "admitted"
        wait_s = await ask(limiter, rpm(2))
        assert isinstance(wait_s, float)
        assert 0 < wait_s <= 20
        let_pass(redis_url, wait_s)
        assert await ask(limiter, rpm(2)) == "admitted"
        again_s = await ask(limiter, rpm(2))
        assert isinstance(again_s, float)
        assert 0 < again_s <= 60 - wait_s + 0.001  # a millisecond for the rounding of times

    run(redis_url, work)


def test_a_new_day_begins_with_nothing_used(redis_url: str) -> None:
    async def work(limiter: RedisLimiter) -> None:
        assert await ask(limiter, rpd(1)) == "admitted"
        assert isinstance(await ask(limiter, rpd(1)), float)
        let_pass(redis_url, 86_400)
        assert (await limiter.usage("key_a", (rpd(1),)))[0].used == 0
        assert await ask(limiter, rpd(1)) == "admitted"
        assert isinstance(await ask(limiter, rpd(1)), float)

    run(redis_url, work)


def test_a_refused_request_uses_nothing_and_looking_uses_nothing(redis_url: str) -> None:
    async def work(limiter: RedisLimiter) -> None:
        limits = (rpm(1), rpd(10))
        outcomes = [await ask(limiter, *limits) for _ in range(5)]
        assert outcomes.count("admitted") == 1
        for _ in range(3):
            states = await limiter.usage("key_a", limits)
            assert [(state.used, state.remaining) for state in states] == [(1, 0), (1, 9)]
        assert await limiter.usage("key_a", ()) == ()

    run(redis_url, work)


def test_a_place_given_back_is_free_in_every_window_that_counted_it(redis_url: str) -> None:
    async def work(limiter: RedisLimiter) -> None:
        both = (rpm(2), rpd(2))
        place = await limiter.admit("key_a", both)
        assert [state.used for state in place.states] == [1, 1]
        await limiter.admit("key_a", both)
        await limiter.give_back(place)
        assert [state.used for state in await limiter.usage("key_a", both)] == [1, 1]
        minute_only = await limiter.admit("key_a", (rpm(2),))
        await limiter.give_back(minute_only)
        assert [state.used for state in await limiter.usage("key_a", both)] == [1, 1]

    run(redis_url, work)


def test_a_place_of_yesterday_gives_nothing_back_today(redis_url: str) -> None:
    async def work(limiter: RedisLimiter) -> None:
        today = await limiter.admit("key_a", (rpd(5),))
        await limiter.give_back(replace(today, day=today.day - 1))
        assert (await limiter.usage("key_a", (rpd(5),)))[0].used == 1

    run(redis_url, work)


def test_a_lowered_limit_holds_at_once_and_says_when_there_is_room(redis_url: str) -> None:
    async def work(limiter: RedisLimiter) -> None:
        for _ in range(4):
            await limiter.admit("key_a", (rpm(4),))
            let_pass(redis_url, 10)
        wait_s = await ask(limiter, rpm(2))
        assert isinstance(wait_s, float)
        assert 30 < wait_s <= 40  # the third of the four, 20 s old, must leave

    run(redis_url, work)


def test_a_server_clock_that_is_set_back_neither_frees_places_nor_blocks_for_long(redis_url: str) -> None:
    async def work(limiter: RedisLimiter) -> None:
        await limiter.admit("key_a", (rpm(1),))
        let_pass(redis_url, -3600)
        wait_s = await ask(limiter, rpm(1))
        assert isinstance(wait_s, float)
        assert 50 < wait_s <= 60

    run(redis_url, work)


def test_what_is_kept_in_the_server_expires(redis_url: str) -> None:
    run(redis_url, lambda limiter: ask(limiter, rpm(5), rpd(5)))
    with redis.Redis.from_url(redis_url) as client:
        keys = client.keys()
        assert len(keys) == 2
        assert min(client.ttl(key) for key in keys) > 0
        assert max(client.ttl(key) for key in keys) <= 86_400


def test_scripts_that_the_server_forgot_are_sent_again(redis_url: str) -> None:
    async def work(limiter: RedisLimiter) -> None:
        await limiter.admit("key_a", (rpm(5),))
        with redis.Redis.from_url(redis_url) as client:
            client.script_flush()
        await limiter.admit("key_a", (rpm(5),))
        assert limiter.failures == 0

    run(redis_url, work)


def test_without_its_server_the_closed_limiter_refuses_and_is_back_at_once() -> None:
    log = Events()

    async def work(limiter: RedisLimiter) -> None:
        assert await ask(limiter, rpm(2)) == "admitted"
        service.stop()
        assert await ask_often(limiter, 5, rpm(2)) == ["limiter_unavailable"] * 5
        assert (limiter.is_healthy, limiter.failures, limiter.let_through) == (False, 5, 0)
        with pytest.raises(NotServing):
            await limiter.usage("key_a", (rpm(2),))
        service.start()
        assert await ask(limiter, rpm(2)) == "admitted"
        assert isinstance(await ask(limiter, rpm(2)), float)  # what was used before is still known
        assert limiter.is_healthy

    with redis_server(appendonly=True) as service:
        run(service.url, work, log=log)
    assert [line.split()[0] for line in log.told] == ["limiter_unavailable", "limiter_is_back"]


def test_without_its_server_the_open_limiter_lets_in_and_counts_every_request() -> None:
    log = Events()

    async def work(limiter: RedisLimiter) -> None:
        service.stop()
        assert await ask_often(limiter, 50, rpm(1)) == ["admitted"] * 50
        assert limiter.let_through == 50
        place = await limiter.admit("key_a", (rpm(1),))
        assert place.states == ()  # nothing is known, so no header says anything
        await limiter.give_back(place)
        service.start()
        assert [isinstance(one, float) for one in await ask_often(limiter, 2, rpm(1))].count(True) == 1
        assert limiter.let_through == 51

    with redis_server() as service:
        run(service.url, work, on_failure="open", log=log)
    assert "'on_failure': 'open'" in log.told[0]
    assert "'let_through': 51" in log.told[1]


def test_a_place_that_cannot_be_given_back_is_lost_in_favour_of_the_limit() -> None:
    log = Events()

    async def work(limiter: RedisLimiter) -> None:
        place = await limiter.admit("key_a", (rpm(1),))
        service.stop()
        await limiter.give_back(place)

    with redis_server() as service:
        run(service.url, work, log=log)
    assert log.told[-1].startswith("limiter_place_lost")


@pytest.mark.parametrize("end", [Service.stop, Service.kill], ids=["stopped", "killed"])
def test_over_a_restart_with_persistence_never_more_than_the_limit_are_let_in(end: Callable[[Service], None]) -> None:
    async def work(limiter: RedisLimiter) -> list[str | float]:
        outcomes = await ask_often(limiter, 40, rpm(100))
        is_over = asyncio.Event()

        async def client() -> None:
            while not is_over.is_set():
                outcomes.append(await ask(limiter, rpm(100)))
                await asyncio.sleep(0.002)

        async with asyncio.TaskGroup() as group:
            for _ in range(2):
                group.create_task(client())
            await asyncio.to_thread(end, service)
            await asyncio.to_thread(service.start)
            is_over.set()
        return outcomes + await ask_often(limiter, 200, rpm(100))

    with redis_server(appendonly=True) as service:
        outcomes = run(service.url, work)
    admitted = outcomes.count("admitted")
    assert 40 <= admitted <= 100
    assert "limiter_unavailable" in outcomes
    assert isinstance(outcomes[-1], float)  # the limit is full, also with those that no answer reached


def test_a_server_that_hangs_is_given_up_and_used_again_when_it_moves() -> None:
    async def work(limiter: RedisLimiter) -> None:
        assert await ask(limiter, rpm(9)) == "admitted"
        with redis.Redis.from_url(service.url) as client:
            process = int(client.info("server")["process_id"])
        os.kill(process, signal.SIGSTOP)
        try:
            assert await ask_often(limiter, 3, rpm(9)) == ["limiter_unavailable"] * 3
        finally:
            os.kill(process, signal.SIGCONT)
        assert await ask(limiter, rpm(9)) == "admitted"

    with redis_server() as service:
        run(service.url, work)


def test_a_password_in_the_url_is_never_shown() -> None:
    log = Events()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    url = f"redis://:planted-secret@127.0.0.1:{port}/0"
    with pytest.raises(NotServing) as outage:
        run(url, lambda limiter: limiter.admit("key_a", (rpm(1),)), log=log)
    assert "planted-secret" not in f"{outage.value.message} {outage.value} {log.told}"


def test_the_configured_limiter_is_opened(redis_url: str) -> None:
    limiter = open_limiter(LimiterSettings(redis_url), Events())
    assert isinstance(limiter, RedisLimiter)
    asyncio.run(limiter.close())
