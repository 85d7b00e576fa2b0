"""The limiter that several processes share, in Redis or Valkey: one script, one round trip, the server's own clock.

While it can't be reached, requests are refused (`on_failure` closed) or let in, counted and logged (open).
"""

import itertools
import secrets
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, cast

from redis.commands.core import AsyncScript

from parley.domain.errors import NotServing, RateLimited
from parley.domain.limits import LimitState, Window
from parley.domain.settings import LimiterSettings
from parley.gate.limits import Log, Place
from parley.store.redis_client import OUTAGES, open_redis

_MICROSECONDS = 1_000_000


class RedisLimiter:
    """Counts in the server at `settings.url`. Keys that are not used expire there."""

    def __init__(self, settings: LimiterSettings, log: Log) -> None:
        self.is_healthy = True
        self.let_through = 0
        self.failures = 0
        self._is_open = settings.on_failure == "open"
        self._log = log
        self._redis = open_redis(settings.url)
        self._admit = self._redis.register_script(_script("admit.lua"))
        self._give_back = self._redis.register_script(_script("give_back.lua"))
        self._instance = secrets.token_hex(8)
        self._numbers = itertools.count(1)

    async def admit(self, key_id: str, limits: tuple[Window, ...]) -> Place:
        if not limits:
            return Place(key_id)
        entry = f"{self._instance}:{next(self._numbers)}"
        try:
            is_admitted, day, states = await self._ask(key_id, limits, entry)
        except NotServing:
            if not self._is_open:
                raise
            self.let_through += 1
            return Place(key_id)
        if not is_admitted:
            raise RateLimited(states)
        return Place(key_id, states, entry, day)

    async def give_back(self, place: Place) -> None:
        limits = tuple(state.window for state in place.states)
        if not limits:
            return
        arguments = [place.entry, place.day, *(window.name.value for window in limits)]
        try:
            await self._run(self._give_back, _keys(place.key_id, limits), arguments)
        except NotServing:
            self._log.warning("limiter_place_lost", key_id=place.key_id)

    async def usage(self, key_id: str, limits: tuple[Window, ...]) -> tuple[LimitState, ...]:
        if not limits:
            return ()
        _, _, states = await self._ask(key_id, limits, "")
        return states

    async def close(self) -> None:
        await self._redis.aclose()

    async def _ask(
        self, key_id: str, limits: tuple[Window, ...], entry: str
    ) -> tuple[bool, int, tuple[LimitState, ...]]:
        """Return whether there was room in all `limits`, the day, and the windows; without `entry` only look."""
        numbers = [part for window in limits for part in (window.name.value, window.limit)]
        reply = await self._run(self._admit, _keys(key_id, limits), [entry, *numbers])
        is_admitted, day, *counts = cast("list[int]", reply)
        pairs = zip(limits, counts[::2], counts[1::2], strict=True)
        return bool(is_admitted), day, tuple(LimitState(one, used, reset / _MICROSECONDS) for one, used, reset in pairs)

    async def _run(self, script: AsyncScript, keys: Sequence[str], arguments: Sequence[str | int]) -> Any:
        """Run one of the scripts; raises NotServing and keeps account of outages."""
        try:
            reply = await script(keys=list(keys), args=list(arguments))
        except OUTAGES as error:
            self._fail(error)
            raise _unavailable() from error
        if not self.is_healthy:
            self.is_healthy = True
            self._log.info("limiter_is_back", let_through=self.let_through, failures=self.failures)
        return reply

    def _fail(self, error: Exception) -> None:
        self.failures += 1
        if self.is_healthy:
            self.is_healthy = False
            on_failure = "open" if self._is_open else "closed"
            self._log.warning("limiter_unavailable", error=type(error).__name__, on_failure=on_failure)


def _keys(key_id: str, limits: tuple[Window, ...]) -> list[str]:
    """Return the keys of a caller's windows; the braces keep them on one node of a cluster."""
    return [f"parley:limits:{{{key_id}}}:{window.name.value}" for window in limits]


def _unavailable() -> NotServing:
    message = "The limiter can't be reached, so this request can't be counted and was not begun; send it again."
    return NotServing("limiter_unavailable", message)


def _script(name: str) -> str:
    return files("parley.gate").joinpath(name).read_text("utf-8")
