"""How many requests a key may make: every window is checked and used in one step, exactly.

The limiter here counts in memory, for one process, and forgets with it. Several processes share the one of
`redis_limits.py`, which is loaded only when it is configured: it is slow to load.
"""

import importlib
import itertools
import time
from collections import OrderedDict
from collections.abc import Callable
from itertools import islice
from typing import Protocol

from parley.domain.errors import RateLimited
from parley.domain.limits import DAY_S, MINUTE_S, LimitState, Window, WindowName
from parley.domain.quick import dataclass
from parley.domain.settings import LimiterSettings

MEMORY_URL = "memory://"


@dataclass(frozen=True, slots=True)
class Place:
    """A request that was let in: how full its windows were then, itself counted, and what it takes to give it back.

    `entry` names it among the key's requests, `day` is that of its RPD, counted from 1970. Without `states` it was
    not counted: the key has no limit, or the limiter could not be reached and lets requests through.
    """

    key_id: str
    states: tuple[LimitState, ...] = ()
    entry: str = ""
    day: int = 0


class Log(Protocol):
    """The part of the server's log that limiters use."""

    def warning(self, event: str, **facts: object) -> object: ...

    def info(self, event: str, **facts: object) -> object: ...


class Limiter(Protocol):
    """Counts requests by key. `let_through` are those that it could not count and let in; `failures` its outages."""

    is_healthy: bool
    let_through: int
    failures: int

    async def admit(self, key_id: str, limits: tuple[Window, ...]) -> Place:
        """Count one request in all of `limits`, or in none. Raises RateLimited, or NotServing for an outage."""
        ...

    async def give_back(self, place: Place) -> None:
        """Uncount a request that was refused after all; an outage loses it, in favour of the limit."""
        ...

    async def usage(self, key_id: str, limits: tuple[Window, ...]) -> tuple[LimitState, ...]:
        """Return how full the windows are and count nothing. Raises NotServing for an outage."""
        ...

    async def close(self) -> None: ...


def open_limiter(settings: LimiterSettings, log: Log) -> Limiter:
    """Return the limiter that is configured. It connects when it is first asked."""
    if settings.url == MEMORY_URL:
        return MemoryLimiter(time.time)
    limiter: Limiter = importlib.import_module("parley.gate.redis_limits").RedisLimiter(settings, log)
    return limiter


class MemoryLimiter:
    """Counts in this process. `clock` gives seconds since 1970, UTC. What an idle key used is forgotten in time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.is_healthy = True
        self.let_through = 0
        self.failures = 0
        self._clock = clock
        self._numbers = itertools.count(1)
        self._counters: dict[tuple[str, WindowName], _Minute | _Day] = {}
        self._swept_at = clock()

    @property
    def size(self) -> int:
        """How many windows are in memory."""
        return len(self._counters)

    async def admit(self, key_id: str, limits: tuple[Window, ...]) -> Place:
        now = self._clock()
        counters = self._counters_of(key_id, limits, now)
        states = _states(counters, limits, now)
        if any(not state.remaining for state in states):
            raise RateLimited(states)
        entry = str(next(self._numbers))
        for counter in counters:
            counter.take(entry, now)
        counted = tuple([LimitState(state.window, state.used + 1, state.reset_s) for state in states])
        return Place(key_id, counted, entry, _day(now))

    async def give_back(self, place: Place) -> None:
        limits = tuple(state.window for state in place.states)
        for counter in self._counters_of(place.key_id, limits, self._clock()):
            counter.give_back(place)

    async def usage(self, key_id: str, limits: tuple[Window, ...]) -> tuple[LimitState, ...]:
        now = self._clock()
        return _states(self._counters_of(key_id, limits, now), limits, now)

    async def close(self) -> None:
        """Nothing is held."""

    def _counters_of(self, key_id: str, limits: tuple[Window, ...], now: float) -> "list[_Minute | _Day]":
        self._sweep(now)
        return [self._counters.get((key_id, window.name)) or self._begin(key_id, window.name) for window in limits]

    def _begin(self, key_id: str, name: WindowName) -> "_Minute | _Day":
        counter = self._counters[key_id, name] = _Minute() if name is WindowName.RPM else _Day()
        return counter

    def _sweep(self, now: float) -> None:
        """Once a minute, drop the counters that say nothing any more."""
        if 0 <= now - self._swept_at < MINUTE_S:
            return
        self._swept_at = now
        self._counters = {key: counter for key, counter in self._counters.items() if counter.count(now)}


class _Minute:
    """The times of the requests of the last 60 s, oldest first."""

    def __init__(self) -> None:
        self._times: OrderedDict[str, float] = OrderedDict()
        self._newest = 0.0

    def count(self, now: float) -> int:
        times = self._times
        if self._newest > now:
            self._follow(now)
        while times and next(iter(times.values())) <= now - MINUTE_S:
            times.popitem(last=False)
        return len(times)

    def state(self, window: Window, now: float) -> LimitState:
        used = self.count(now)
        # Where the limit was lowered meanwhile, more than one must leave before there is a place.
        leaving = next(islice(self._times.values(), max(0, used - window.limit), None), now)
        return LimitState(window, used, leaving + MINUTE_S - now)

    def take(self, entry: str, now: float) -> None:
        self._times[entry] = self._newest = now

    def give_back(self, place: Place) -> None:
        self._times.pop(place.entry, None)

    def _follow(self, now: float) -> None:
        """The clock was set back: requests from its future leave 60 s from now, neither earlier nor much later."""
        for entry, time_s in self._times.items():
            self._times[entry] = min(time_s, now)
        self._newest = now


class _Day:
    """The number of requests of one calendar day."""

    def __init__(self) -> None:
        self._day = 0
        self._used = 0

    def count(self, now: float) -> int:
        if self._day != _day(now):
            self._day, self._used = _day(now), 0
        return self._used

    def state(self, window: Window, now: float) -> LimitState:
        return LimitState(window, self.count(now), (_day(now) + 1) * DAY_S - now)

    def take(self, _entry: str, now: float) -> None:
        self._used = self.count(now) + 1

    def give_back(self, place: Place) -> None:
        if self._day == place.day and self._used:
            self._used -= 1


def _states(counters: "list[_Minute | _Day]", limits: tuple[Window, ...], now: float) -> tuple[LimitState, ...]:
    return tuple([counter.state(window, now) for counter, window in zip(counters, limits, strict=True)])


def _day(now: float) -> int:
    return int(now // DAY_S)
