"""The server's side of one connection: uvicorn's, with bounds on what a silent or endless client may hold.

Adds to uvicorn: a client that doesn't finish its headers in time is cut off, headers are bounded in size, and a
response can abort its connection at once (the ASGI extension `endpoint.ABORT`) instead of waiting for a client that
does not read.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from parley.domain.settings import Patience
from parley.wire.endpoint import ABORT

MOST_HEADER_BYTES = 65_536


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    headers_timeout_s = Patience().headers_s
    _headers_timer: asyncio.TimerHandle | None = None
    _header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn itself
        super().connection_made(transport)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._have_headers()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._header_bytes = 0
        self.scope["extensions"] = {ABORT: self.transport.abort}  # type: ignore[dict-item]  # ours, beside ASGI's own
        if self._headers_timer is None:
            self._await_headers()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._count(name, value)

    def on_headers_complete(self) -> None:
        self._have_headers()
        super().on_headers_complete()

    @classmethod
    def patient(cls, headers_timeout_s: float) -> type["BoundedProtocol"]:
        """Return this protocol with another patience: uvicorn makes its protocols from a class alone."""
        return type(cls.__name__, (cls,), {"headers_timeout_s": headers_timeout_s})

    def _count(self, *pieces: bytes) -> None:
        self._header_bytes += sum(len(piece) for piece in pieces)
        if self._header_bytes > MOST_HEADER_BYTES:
            self.transport.abort()

    def _await_headers(self) -> None:
        self._headers_timer = self.loop.call_later(self.headers_timeout_s, self.transport.abort)

    def _have_headers(self) -> None:
        if self._headers_timer is not None:
            self._headers_timer.cancel()
            self._headers_timer = None
