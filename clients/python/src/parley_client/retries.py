"""When a plain call is sent again, and after how long. Decides only: who waits and sends is the shell."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timezone

from parley_client.call import CallOptions
from parley_client.errors import APIConnectionError, APIError, APITimeoutError
from parley_client.settings import Settings

_FIRST_WAIT_S = 0.5
_MOST_WAIT_S = 8.0
_MOST_RETRY_AFTER_S = 60.0
_PASSING = frozenset({429, 502, 503, 504})
_REFUSED = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Pace:
    """Time and chance, so that tests can hand in their own.

    `chance` draws from [0, 1). `silence_s` is how long a stream may say nothing; the server sends a comment every 15 s.
    """

    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
    chance: Callable[[], float] = random.random
    sleep: Callable[[float], None] = time.sleep
    sleep_async: Callable[[float], Awaitable[None]] = asyncio.sleep
    silence_s: float = 60.0


USUAL_PACE = Pace()


class Attempts:
    """The attempts of one call, within the time that it has. A stream has one, and the time until its head."""

    def __init__(self, settings: Settings, options: CallOptions, pace: Pace) -> None:
        self.timeout_s = settings.timeout_s if options.timeout_s is None else options.timeout_s
        self._left = settings.max_retries if options.max_retries is None else options.max_retries
        self._pace = pace
        self._deadline = pace.clock() + self.timeout_s
        self._next_wait_s = _FIRST_WAIT_S

    def remaining_s(self) -> float:
        """Return what is left of the call's time. Raises APITimeoutError when nothing is."""
        left_s = self._deadline - self._pace.clock()
        if left_s <= 0:
            raise self.out_of_time()
        return left_s

    def out_of_time(self) -> APITimeoutError:
        message = f"No whole answer came within {self.timeout_s:g} s; allow more with timeout_s, or ask for less."
        return APITimeoutError(message)

    def wait_after(self, failure: APIError | APIConnectionError, repeats_freely: bool) -> float:
        """Return how many seconds to wait before the next attempt; raise `failure` if there is none to make.

        The wait doubles from 0.5 s up to 8 s with full jitter and is never shorter than Retry-After. A wait beyond the
        call's time, or a Retry-After beyond 60 s, is not waited. `repeats_freely` as in a Call.
        """
        if self._left <= 0 or not _may_pass(failure, repeats_freely):
            raise failure
        self._left -= 1
        wait_s = self._next_wait_s * self._pace.chance()
        self._next_wait_s = min(self._next_wait_s * 2, _MOST_WAIT_S)
        asked_s = failure.retry_after if isinstance(failure, APIError) else None
        wait_s = max(wait_s, asked_s or 0.0)
        if (asked_s or 0.0) > _MOST_RETRY_AFTER_S or self._pace.clock() + wait_s >= self._deadline:
            raise failure
        return wait_s


def _may_pass(failure: APIError | APIConnectionError, repeats_freely: bool) -> bool:
    """Whether another attempt does no harm and could fare better."""
    if isinstance(failure, APIConnectionError):
        return repeats_freely and not isinstance(failure, APITimeoutError)
    if not repeats_freely:
        return failure.status in _REFUSED
    return failure.status in _PASSING or (failure.status, failure.code) == (409, "idempotency_in_progress")
