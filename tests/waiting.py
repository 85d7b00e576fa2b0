"""Waiting for what another task, thread or process does, with an end to it."""

import asyncio
from collections.abc import Callable

_EVERY_S = 0.01


async def until(is_so: Callable[[], bool], within_s: float = 30) -> None:
    """Return once it is so. Raises TimeoutError after `within_s`."""
    async with asyncio.timeout(within_s):
        while not is_so():
            await asyncio.sleep(_EVERY_S)
