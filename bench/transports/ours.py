"""Our own: the connections of parley.providers, without what the transport does with their bytes."""

import ssl
from collections.abc import AsyncIterator

from bench.transports import HEADERS
from parley.providers.coding import body_of
from parley.providers.connection import Connection
from parley.providers.dialing import Dialer, read_address
from parley.providers.pool import Pool

_CONNECT_S = 30.0


class Client:
    def __init__(self, base_url: str, ca_file: str) -> None:
        address = read_address(base_url)
        certificates = ssl.create_default_context(cafile=ca_file) if address.is_tls else None
        self._pool = Pool(Dialer(address, None, certificates))
        self._fields = "".join([f"{name}: {value}\r\n" for name, value in HEADERS.items()])
        self._fields += f"host: {address.authority}\r\n"

    async def whole(self, path: str, body: bytes) -> bytes:
        return b"".join([read async for read in self.reads(path, body)])

    async def reads(self, path: str, body: bytes) -> AsyncIterator[bytes]:
        connection = await self._pool.take(_CONNECT_S)
        try:
            await self._ask(connection, path, body)
            answer = body_of(connection)
            while read := await answer.read():
                yield read
        finally:
            self._pool.give_back(connection)

    async def _ask(self, connection: Connection, path: str, body: bytes) -> None:
        head = f"POST {path} HTTP/1.1\r\n{self._fields}content-length: {len(body)}\r\n\r\n"
        await connection.ask(head.encode(), body)

    async def close(self) -> None:
        await self._pool.close()
