"""The connections to one provider that wait for their next call, youngest first."""

import asyncio
from collections import deque

from parley.providers.connection import Connection
from parley.providers.dialing import Dialer

_KEEP_ALIVE_S = 30.0


class Pool:
    """Belongs to a running loop. A connection that has waited for `keep_alive_s` is closed."""

    def __init__(self, dialer: Dialer, keep_alive_s: float = _KEEP_ALIVE_S) -> None:
        self._dialer = dialer
        self._keep_alive_s = keep_alive_s
        self._loop = asyncio.get_running_loop()
        self._idle: deque[tuple[float, Connection]] = deque()
        self._sweeping: asyncio.TimerHandle | None = None
        self._is_closed = False

    async def take(self, connect_s: float) -> Connection:
        """Return a connection that is nobody else's, a new one if none waits. Raises OSError as Dialer.dial does."""
        while self._idle:
            _, connection = self._idle.pop()
            if connection.is_open:
                return connection
        return await self._dialer.dial(connect_s)

    def give_back(self, connection: Connection) -> None:
        """Keep the connection for the next call if its answer was read to the end; close it at once otherwise."""
        if self._is_closed or not connection.can_serve_again:
            connection.abort()
            return
        connection.rest()
        self._idle.append((self._loop.time() + self._keep_alive_s, connection))
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(self._keep_alive_s, self._sweep)

    async def close(self) -> None:
        """Close every connection that waits; those in use are closed when they are given back."""
        self._is_closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        for _, connection in self._idle:
            connection.abort()
        self._idle.clear()
        await asyncio.sleep(0)  # the loop closes what was aborted in its next round

    def _sweep(self) -> None:
        """Close what has waited too long; the oldest stand first."""
        now = self._loop.time()
        while self._idle and self._idle[0][0] <= now:
            self._idle.popleft()[1].abort()
        self._sweeping = self._loop.call_at(self._idle[0][0], self._sweep) if self._idle else None
