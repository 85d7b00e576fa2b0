"""aiohttp, tuned: ready-made URLs, no cookies, no decompression, no bound on connections."""

import ssl
from collections.abc import AsyncIterator
from functools import cache

import aiohttp
from yarl import URL

from bench.transports import HEADERS

_CONNECT_S = 30.0


class Client:
    def __init__(self, base_url: str, ca_file: str) -> None:
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=ca_file), limit=0)
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers=HEADERS,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=_CONNECT_S),
            auto_decompress=False,
        )
        self._url_of = cache(lambda path: URL(base_url + path, encoded=True))

    async def whole(self, path: str, body: bytes) -> bytes:
        async with self._session.post(self._url_of(path), data=body, allow_redirects=False) as response:
            return await response.content.read()

    async def reads(self, path: str, body: bytes) -> AsyncIterator[bytes]:
        response = await self._session.post(self._url_of(path), data=body, allow_redirects=False)
        try:
            while read := await response.content.readany():
                yield read
        finally:
            response.close()

    async def close(self) -> None:
        await self._session.close()
