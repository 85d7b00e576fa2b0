"""Bodies that a provider packed although it was asked not to: gzip and deflate, unpacked in bounded steps."""

import zlib

from parley.providers.connection import Connection, NotHttp

_MAX_STEP_BYTES = 262_144
_WINDOW_BITS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class UnpackedBody:
    """The body of a connection's answer, unpacked: its `read` is as the connection's own."""

    def __init__(self, connection: Connection, coding: str) -> None:
        """Raises NotHttp for a coding that nobody asked for and that we can't read."""
        if coding not in _WINDOW_BITS:
            raise NotHttp(f"the content coding {coding}")
        self._connection = connection
        self._inflater = zlib.decompressobj(_WINDOW_BITS[coding])
        self._packed = b""

    async def read(self) -> bytes:
        """Return the next piece, at most 256 KiB; b"" at the end. Raises ConnectionError."""
        while True:
            if not self._packed:
                self._packed = await self._connection.read()
                if not self._packed:
                    return self._rest()
            try:
                piece = self._inflater.decompress(self._packed, _MAX_STEP_BYTES)
            except zlib.error as error:
                raise NotHttp("a body that is not packed as its head says") from error
            self._packed = self._inflater.unconsumed_tail
            if piece:
                return piece

    def _rest(self) -> bytes:
        rest = self._inflater.flush()
        if not rest and not self._inflater.eof:
            raise NotHttp("a packed body without its end")
        return rest


def body_of(connection: Connection) -> "Connection | UnpackedBody":
    """Return what to read the body of the connection's answer from. Raises NotHttp."""
    coding = connection.headers.get("content-encoding", "identity").strip().lower()
    return connection if coding in {"identity", ""} else UnpackedBody(connection, coding)
