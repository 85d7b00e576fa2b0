"""One way to use both clients, so that each test judges `Parley` and `AsyncParley` alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from parley_client import AsyncParley, Pace, Parley

Use = Callable[[Any], Any]


@dataclass
class Waits:
    """A pace that never waits: it notes how long it would have, and `chance` is always at its middle."""

    waited_s: list[float] = field(default_factory=list)

    async def note(self, wait_s: float) -> None:
        self.waited_s.append(wait_s)

    @property
    def pace(self) -> Pace:
        return Pace(chance=lambda: 0.5, sleep=self.waited_s.append, sleep_async=self.note)


class SyncCaller:
    """Uses `Parley`."""

    client = Parley

    def ask(self, url: str, use: Use, **settings: Any) -> Any:
        """Make a plain call."""
        with Parley(url, **settings) as client:
            return use(client)

    def read(self, url: str, use: Use, leave_after: int | None = None, **settings: Any) -> list[Any]:
        """Read a stream's events, all or so many."""
        seen = []
        with Parley(url, **settings) as client, use(client) as stream:
            for event in stream:
                seen.append(event)
                if len(seen) == leave_after:
                    break
        return seen

    def texts(self, url: str, use: Use) -> tuple[list[Any], Any]:
        """Read a stream's texts, then its whole result."""
        with Parley(url) as client, use(client) as stream:
            return list(stream.text_deltas()), stream.final()

    def final(self, url: str, use: Use, **settings: Any) -> Any:
        with Parley(url, **settings) as client, use(client) as stream:
            return stream.final()


class AsyncCaller:
    """Uses `AsyncParley`."""

    client = AsyncParley

    def ask(self, url: str, use: Use, **settings: Any) -> Any:
        async def run() -> Any:
            async with AsyncParley(url, **settings) as client:
                return await use(client)

        return asyncio.run(run())

    def read(self, url: str, use: Use, leave_after: int | None = None, **settings: Any) -> list[Any]:
        async def run() -> list[Any]:
            seen = []
            async with AsyncParley(url, **settings) as client, use(client) as stream:
                async for event in stream:
                    seen.append(event)
                    if len(seen) == leave_after:
                        break
            return seen

        return asyncio.run(run())

    def texts(self, url: str, use: Use) -> tuple[list[Any], Any]:
        async def run() -> tuple[list[Any], Any]:
            async with AsyncParley(url) as client, use(client) as stream:
                return [delta async for delta in stream.text_deltas()], await stream.final()

        return asyncio.run(run())

    def final(self, url: str, use: Use, **settings: Any) -> Any:
        async def run() -> Any:
            async with AsyncParley(url, **settings) as client, use(client) as stream:
                return await stream.final()

        return asyncio.run(run())


Caller = SyncCaller | AsyncCaller
both = pytest.mark.parametrize("caller", [SyncCaller(), AsyncCaller()], ids=["sync", "async"])
