"""Who ends when: clients that leave, clients that do not read, clients that dawdle, servers that must stop."""

import asyncio
import json
import logging
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from parley.app import Fittings, House
from parley.config import load_config
from parley.domain.settings import Patience
from parley.server import Server, address, listen, run
from serving import connect, get, serving
from wire_server import HANG, Reply, WireServer, sse_reply

TEXT = b'data: {"choices":[{"index":0,"delta":{"content":"Hello "}}]}\n\n'
STUCK = sse_reply(TEXT, HANG)


def upstream(server: WireServer, more: str = "") -> str:
    """Return the configuration of an open server with `server` as its one provider."""
    return f"""
[server]
auth = "open"
{more}
[providers.p]
dialect = "openai"
base_url = "{server.url}/v1"
"""


def request_bytes(path: str, body: dict[str, Any]) -> bytes:
    raw = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}"
    return head.encode() + b"\r\n\r\n" + raw


async def open_line(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    place = urlsplit(url)
    return await asyncio.open_connection(place.hostname, place.port, limit=2**24)


async def leave(writer: asyncio.StreamWriter) -> None:
    """Close the connection at once, and let the loop do it."""
    writer.transport.abort()
    with suppress(ConnectionError):
        await writer.wait_closed()


PANEL = {"input": "Q", "models": ["p/a", "p/b", "p/c"], "resolution": "fast", "max_retries": 0}


@pytest.mark.parametrize("is_streamed", [False, True])
def test_every_upstream_call_is_closed_when_the_client_leaves(is_streamed: bool) -> None:
    async def main() -> None:
        async with WireServer(STUCK if is_streamed else Reply((HANG,))) as provider:
            with serving(upstream(provider)) as url:
                _, writer = await open_line(url)
                writer.write(request_bytes("/v3/roundtable", {**PANEL, "stream": is_streamed}))
                while len(provider.requests) < 3:
                    await asyncio.sleep(0.005)
                await leave(writer)
                async with asyncio.timeout(10):
                    while provider.open_connections:
                        await asyncio.sleep(0.002)

    asyncio.run(main())


def test_a_client_that_leaves_does_not_disturb_another() -> None:
    async def main() -> None:
        answer = sse_reply(TEXT, b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n')
        async with WireServer(STUCK, STUCK, STUCK, answer) as provider:
            with serving(upstream(provider)) as url:
                _, writer = await open_line(url)
                writer.write(request_bytes("/v3/roundtable", {**PANEL, "stream": True}))
                while len(provider.requests) < 3:
                    await asyncio.sleep(0.005)
                reader, other = await open_line(url)
                other.write(request_bytes("/v3/roundtable", {**PANEL, "models": ["p/d"], "stream": True}))
                await leave(writer)
                assert b"[DONE]" in await reader.readuntil(b"[DONE]\n\n")
                await leave(other)

    asyncio.run(main())


def test_client_that_never_reads_is_given_up_and_its_calls_are_closed() -> None:
    async def main() -> None:
        filler = b'data: {"choices":[{"index":0,"delta":{"content":"' + b"x" * 60_000 + b'"}}]}\n\n'
        async with WireServer(sse_reply(*[filler] * 60, HANG)) as provider:
            with serving(upstream(provider, "write_timeout_s = 0.3")) as url:
                reader, writer = await open_line(url)
                reader._transport.pause_reading()  # type: ignore[attr-defined]
                writer.write(request_bytes("/v3/roundtable", {**PANEL, "models": ["p/a"] * 3, "stream": True}))
                async with asyncio.timeout(15):
                    await provider.asked.wait()
                    while provider.open_connections:
                        await asyncio.sleep(0.02)
                assert get(url, "/healthz").status == 200
                await leave(writer)

    asyncio.run(main())


def test_slowly_sent_body_is_refused_in_time() -> None:
    with serving(patience=Patience(body_s=0.2)) as url, connect(url) as line:
        line.sendall(request_bytes("/v3/roundtable", PANEL)[:-20])
        answer = line.recv(4096)
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"request_timeout" in answer


@pytest.mark.parametrize("sent", [b"", b"POST /v3/roundtable HTTP/1.1\r\nHost: localhost\r\n"])
def test_headers_that_do_not_end_are_cut_off(sent: bytes) -> None:
    with serving(patience=Patience(headers_s=0.1)) as url, connect(url) as line:
        line.sendall(sent)
        try:
            ending = line.recv(100)
        except ConnectionResetError:
            ending = b""
        assert ending == b""


def test_endless_headers_are_cut_off() -> None:
    with serving() as url, connect(url) as line, pytest.raises(ConnectionError):
        line.sendall(b"GET /healthz HTTP/1.1\r\n")
        for number in range(100_000):
            line.sendall(f"X-Filler-{number}: {'x' * 100}\r\n".encode())


def test_silence_is_filled_with_keep_alive_comments() -> None:
    async def main() -> None:
        async with WireServer(STUCK) as provider:
            with serving(upstream(provider), patience=Patience(keep_alive_s=0.05)) as url:
                reader, writer = await open_line(url)
                writer.write(request_bytes("/v3/roundtable", {**PANEL, "stream": True}))
                async with asyncio.timeout(10):
                    await reader.readuntil(b": keep-alive\n\n")
                    await reader.readuntil(b": keep-alive\n\n")
                await leave(writer)

    asyncio.run(main())


class Stopping:
    """A server that is told to stop while a request runs."""

    def __init__(self, config: str) -> None:
        self._config = config
        self.server: Server | None = None
        self.ready = threading.Event()

    def start(self, folder: Path) -> str:
        (folder / "parley.toml").write_text(self._config)
        listener = listen("127.0.0.1", 0)
        config = load_config(folder / "parley.toml", {})
        fittings = Fittings(log_level=logging.ERROR)
        self.thread = threading.Thread(target=run, args=(config, listener, self._announce, fittings))
        self.thread.start()
        self.ready.wait(10)
        return address(listener)

    def _announce(self, house: House, server: Server) -> None:
        self.house = house
        self.server = server
        self.ready.set()

    def takes_a_body(self) -> bool:
        """Whether a request has begun."""
        assert self.server is not None
        return bool(self.server.server_state.tasks)

    def stop(self) -> None:
        assert self.server is not None
        self.server.should_exit = True


def test_running_stream_ends_with_an_error_event_when_the_grace_is_over(tmp_path: Path) -> None:
    async def main() -> bytes:
        async with WireServer(STUCK) as provider:
            stopping = Stopping(upstream(provider, "shutdown_grace_s = 0.2"))
            reader, writer = await open_line(stopping.start(tmp_path))
            writer.write(request_bytes("/v3/roundtable", {**PANEL, "stream": True}))
            await reader.readuntil(b"model_delta")
            stopping.stop()
            rest = await reader.read()
            await leave(writer)
            await asyncio.to_thread(stopping.thread.join)
            assert provider.open_connections == 0
            return rest

    rest = asyncio.run(main())
    assert b'"error_code":"shutting_down"' in rest
    assert rest.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")


def test_plain_request_left_at_the_end_of_the_grace_is_told_so(tmp_path: Path) -> None:
    async def main() -> bytes:
        async with WireServer(Reply((HANG,))) as provider:
            stopping = Stopping(upstream(provider, "shutdown_grace_s = 0.2"))
            reader, writer = await open_line(stopping.start(tmp_path))
            writer.write(request_bytes("/v3/roundtable", PANEL))
            await provider.asked.wait()
            stopping.stop()
            answer = await reader.read()
            await leave(writer)
            await asyncio.to_thread(stopping.thread.join)
            return answer

    answer = asyncio.run(main())
    assert answer.startswith(b"HTTP/1.1 503")
    assert b'"shutting_down"' in answer
    assert b"retry-after: " in answer


@pytest.mark.parametrize("is_streamed", [False, True])
def test_request_whose_body_comes_after_the_grace_is_told_so(tmp_path: Path, is_streamed: bool) -> None:
    async def main() -> bytes:
        async with WireServer(STUCK) as provider:
            stopping = Stopping(upstream(provider, "shutdown_grace_s = 0.1"))
            reader, writer = await open_line(stopping.start(tmp_path))
            sent = request_bytes("/v3/roundtable", {**PANEL, "stream": is_streamed})
            writer.write(sent[:-5])
            await writer.drain()
            async with asyncio.timeout(10):
                while not stopping.takes_a_body():
                    await asyncio.sleep(0.005)
            stopping.stop()
            async with asyncio.timeout(10):
                while not stopping.house.runs.is_stopped:
                    await asyncio.sleep(0.005)
            writer.write(sent[-5:])
            answer = await reader.read()
            writer.close()
            await asyncio.to_thread(stopping.thread.join)
            assert not provider.requests
            return answer

    answer = asyncio.run(main())
    assert answer.startswith(b"HTTP/1.1 503")
    assert b'"shutting_down"' in answer


def test_running_request_may_end_within_the_grace_and_new_connections_are_refused(tmp_path: Path) -> None:
    async def main() -> bytes:
        gate = asyncio.Event()
        end = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
        async with WireServer(sse_reply(TEXT, gate, end)) as provider:
            stopping = Stopping(upstream(provider, "shutdown_grace_s = 20"))
            url = stopping.start(tmp_path)
            reader, writer = await open_line(url)
            writer.write(request_bytes("/v3/roundtable", {**PANEL, "stream": True}))
            await reader.readuntil(b"model_delta")
            stopping.stop()
            async with asyncio.timeout(10):
                while await accepts(url):
                    await asyncio.sleep(0.01)
            gate.set()
            rest = await reader.read()
            await leave(writer)
            await asyncio.to_thread(stopping.thread.join)
            return rest

    assert b'"type":"done"' in asyncio.run(main())


async def accepts(url: str) -> bool:
    try:
        _, writer = await open_line(url)
    except ConnectionError:
        return False
    await leave(writer)
    return True
