"""Lets a caller's request in or not, by the limits of its key. Money is the ledger's matter; a full limit refuses."""

from functools import lru_cache

from parley.domain.limits import LimitState, Window, WindowName
from parley.gate.keyring import Caller
from parley.gate.limits import Limiter, Place


class Permit:
    """One request that was let in. `states`: how full its key's windows are with it; none where nothing was counted."""

    def __init__(self, limiter: Limiter, place: Place) -> None:
        self._limiter = limiter
        self._place: Place | None = place
        self.states = place.states

    async def give_back(self) -> None:
        """Uncount the request, as it was refused after all; a second time does nothing."""
        place, self._place = self._place, None
        if place is not None:
            await self._limiter.give_back(place)


class Admission:
    """Counts each request once, whatever it fans out to."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    async def admit(self, caller: Caller) -> Permit:
        """Count one request of `caller`. Raises RateLimited, or NotServing while the limiter can't be reached."""
        return Permit(self._limiter, await self._limiter.admit(caller.key_id, windows_of(caller)))

    async def usage(self, caller: Caller) -> tuple[LimitState, ...]:
        """Return how full each window of `caller` is. Raises NotServing while the limiter can't be reached."""
        return await self._limiter.usage(caller.key_id, windows_of(caller))


def windows_of(caller: Caller) -> tuple[Window, ...]:
    """Return the windows that the caller's key has; none for a key without limits."""
    return _windows(caller.rpm, caller.rpd)


@lru_cache
def _windows(rpm: int | None, rpd: int | None) -> tuple[Window, ...]:
    named = ((WindowName.RPM, rpm), (WindowName.RPD, rpd))
    return tuple(Window(name, limit) for name, limit in named if limit is not None)
