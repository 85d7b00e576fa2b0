"""pyreqwest: Rust's reqwest on a Tokio thread of its own."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from pyreqwest.client import ClientBuilder

from bench.transports import HEADERS

_CONNECT = timedelta(seconds=30)


class Client:
    def __init__(self, base_url: str, ca_file: str) -> None:
        self._base_url = base_url
        builder = ClientBuilder().no_proxy().follow_redirects(False).default_headers(HEADERS).connect_timeout(_CONNECT)
        self._client = builder.add_root_certificate_pem(Path(ca_file).read_bytes()).build()

    async def whole(self, path: str, body: bytes) -> bytes:
        response = await self._client.post(self._base_url + path).body_bytes(body).build().send()
        return bytes(await response.bytes())

    async def reads(self, path: str, body: bytes) -> AsyncIterator[bytes]:
        request = self._client.post(self._base_url + path).body_bytes(body)
        # Unless told so, it holds back 64 KiB before it hands out the head.
        async with request.streamed_read_buffer_limit(1).build_streamed() as response:
            reader = response.body_reader
            while (read := await reader.read_chunk()) is not None:
                yield bytes(read)

    async def close(self) -> None:
        await self._client.close()
