"""How connections are made: through proxies, with TLS inside of theirs, to names that nobody knows; on both loops."""

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvloop

from parley.domain.errors import FailureCode, UpstreamFailure
from parley.domain.models import Dialect
from parley.domain.settings import ProviderSettings
from parley.providers.dialing import Address, Dialer, read_address
from parley.providers.provider import CallLimits
from parley.providers.transport import ErrorDetail, Transport
from wire_server import HANG, Reply, WireServer, json_reply, sse_reply

TLS = Path(__file__).parent.parent / "tls"
LIMITS = CallLimits(connect_s=5)

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run[Any]:
    def on_loop(main: Coroutine[Any, Any, T]) -> T:
        async def in_time() -> T:
            async with asyncio.timeout(10):
                return await main

        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(in_time())

    return on_loop


def server_tls() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "server.pem")
    return context


class TunnelProxy:
    """Answers CONNECT with `answer` and carries bytes both ways from then on; `heads` are the requests it saw."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n", *, tls: bool = False) -> None:
        self.heads: list[str] = []
        self._answer = answer
        self._tls = server_tls() if tls else None
        self._scheme = "https" if tls else "http"

    @asynccontextmanager
    async def serving(self, credentials: str = "") -> AsyncIterator[str]:
        """Serve while the block lasts; yields the proxy's address."""
        async with asyncio.TaskGroup() as group:
            tasks: list[asyncio.Task[None]] = []

            def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                tasks.append(group.create_task(self._serve(reader, writer)))

            server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=self._tls)
            try:
                yield f"{self._scheme}://{credentials}127.0.0.1:{server.sockets[0].getsockname()[1]}"
            finally:
                server.close()
                for task in tasks:
                    task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            writer.write(self._answer)
            await writer.drain()
            if b" 200 " in self._answer:
                host, _, port = head.split(" ")[1].rpartition(":")
                far_reader, far_writer = await asyncio.open_connection(host, int(port))
                try:
                    async with asyncio.TaskGroup() as group:
                        group.create_task(carry(reader, far_writer))
                        group.create_task(carry(far_reader, writer))
                finally:
                    far_writer.transport.abort()
        finally:
            writer.transport.abort()


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
    writer.transport.abort()


def read_error(status: int, body: bytes, headers: object) -> ErrorDetail:
    return ErrorDetail()


@asynccontextmanager
async def transport_to(url: str, **settings: Any) -> AsyncIterator[Transport]:
    made = ProviderSettings("acme", Dialect.OPENAI, url + "/v1", "sk-key-0123456789", **settings)
    transport = Transport(made, (("authorization", "Bearer sk-key-0123456789"),), read_error)
    try:
        yield transport
    finally:
        await transport.close()


CA = {"ca_file": str(TLS / "authority.pem")}


@pytest.mark.parametrize("proxy_tls", [False, True], ids=["http proxy", "https proxy"])
def test_tls_goes_through_a_tunnel_that_sees_no_key(proxy_tls: bool, run: Run[Any]) -> None:
    async def ask() -> None:
        proxy = TunnelProxy(tls=proxy_tls)
        async with (
            WireServer(json_reply(1), tls=server_tls()) as server,
            proxy.serving("user:pass%40word@") as address,
            transport_to(server.url, proxy=address, **CA) as transport,
        ):
            for _ in range(2):
                assert await transport.fetch("/chat", b"{}", LIMITS) == b"1"
            (head,) = proxy.heads
            assert head.startswith(f"CONNECT {server.url.removeprefix('https://')} HTTP/1.1\r\n")
            assert "proxy-authorization: Basic dXNlcjpwYXNzQHdvcmQ=\r\n" in head
            assert "sk-key" not in head
            assert [request.path for request in server.requests] == ["/v1/chat", "/v1/chat"]
            assert "proxy-authorization" not in server.requests[0].headers

    run(ask())


def test_leaving_a_stream_closes_the_tunnel(run: Run[Any]) -> None:
    async def leave() -> None:
        async with (
            WireServer(sse_reply(b"data: 1\n\n", HANG), tls=server_tls()) as server,
            TunnelProxy().serving() as address,
            transport_to(server.url, proxy=address, **CA) as transport,
        ):
            async with aclosing(transport.events("/chat", b"{}", LIMITS)) as events:
                assert await anext(events) == [b"1"]
            await server.gone.wait()

    run(leave())


async def fetch(url: str, limits: CallLimits = LIMITS, **settings: Any) -> None:
    async with transport_to(url, **settings) as transport:
        await transport.fetch("/chat", b"{}", limits)


async def refusal(url: str, limits: CallLimits = LIMITS, **settings: Any) -> tuple[FailureCode, bool, str]:
    with pytest.raises(UpstreamFailure) as caught:
        await fetch(url, limits, **settings)
    return caught.value.failure.code, caught.value.is_transient, caught.value.failure.message


def test_proxy_that_refuses_is_named_with_its_status(run: Run[Any]) -> None:
    async def ask() -> tuple[FailureCode, bool, str]:
        proxy = TunnelProxy(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        async with proxy.serving() as address:
            return await refusal("https://far.invalid", proxy=address)

    assert run(ask()) == (FailureCode.UNAVAILABLE, True, "acme can't be reached: the proxy answered 407")


def test_certificate_is_checked_inside_of_a_tunnel_too(run: Run[Any]) -> None:
    async def ask() -> tuple[FailureCode, bool, str]:
        async with WireServer(json_reply(1), tls=server_tls()) as server, TunnelProxy().serving() as address:
            return await refusal(server.url, proxy=address)

    code, is_transient, message = run(ask())
    assert (code, is_transient) == (FailureCode.UNAVAILABLE, False)
    assert "ca_file" in message


def test_proxy_that_keeps_silent_is_no_connection_in_time(run: Run[Any]) -> None:
    async def ask() -> tuple[FailureCode, bool, str]:
        async with WireServer(Reply((HANG,))) as server:
            return await refusal("https://far.invalid", CallLimits(connect_s=0.05), proxy=server.url)

    assert run(ask()) == (FailureCode.UNAVAILABLE, True, "acme can't be reached: no connection in time")


def test_cancelling_while_a_tunnel_is_made_closes_its_connection(run: Run[Any]) -> None:
    async def leave() -> None:
        async with WireServer(Reply((HANG,))) as server:
            async with asyncio.TaskGroup() as group:
                task = group.create_task(fetch("https://far.invalid", proxy=server.url))
                await server.asked.wait()
                task.cancel()
            await server.gone.wait()

    run(leave())


def test_cancelling_at_any_moment_of_a_handshake_leaves_nothing_behind(run: Run[Any]) -> None:
    async def leave() -> list[str]:
        complaints: list[str] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(str(context)))
        certificates = ssl.create_default_context(cafile=TLS / "authority.pem")
        async with WireServer(json_reply(1), tls=server_tls()) as server:
            dialer = Dialer(read_address(server.url), None, certificates)
            for moment in range(120):
                dialing = loop.create_task(dialer.dial(5))
                for _ in range(moment // 2):
                    await asyncio.sleep(0)
                dialing.cancel()
                await asyncio.wait({dialing})
                if not dialing.cancelled():
                    dialing.result().abort()
            while server.open_connections:
                await asyncio.sleep(0.002)
        return complaints

    gc.collect()
    before = count_tls()
    assert run(leave()) == []
    gc.collect()
    assert count_tls() <= before


def count_tls() -> int:
    """Count the connections with TLS that something still holds."""
    return sum(type(one) is ssl.SSLObject for one in gc.get_objects())


def test_name_that_nobody_knows_is_unavailable(run: Run[Any]) -> None:
    expected = (FailureCode.UNAVAILABLE, True, "acme can't be reached: its host name is not known")
    assert run(refusal("http://nobody.invalid", is_local=True)) == expected


def test_name_with_several_addresses_is_reached_at_the_one_that_answers(run: Run[Any]) -> None:
    async def ask() -> None:
        async with WireServer(json_reply(1)) as server:  # on 127.0.0.1 alone; localhost may be ::1 as well
            await fetch(server.url.replace("127.0.0.1", "localhost"), is_local=True)
            assert server.requests[0].headers["host"] == server.url.removeprefix("http://").replace(
                "127.0.0.1", "localhost"
            )

    run(ask())


@pytest.mark.parametrize(
    ("url", "address", "authority"),
    [
        ("https://api.example.org/v1", Address("https", "api.example.org", 443, "/v1"), "api.example.org"),
        ("http://api.example.org:8080", Address("http", "api.example.org", 8080, ""), "api.example.org:8080"),
        ("http://[::1]:80/v1", Address("http", "::1", 80, "/v1"), "[::1]"),
        ("https://[::1]:8443", Address("https", "::1", 8443, ""), "[::1]:8443"),
        ("https://bücher.example", Address("https", "xn--bcher-kva.example", 443, ""), "xn--bcher-kva.example"),
        ("http://u:p%3Aw@h", Address("http", "h", 80, "", "u:p:w"), "h"),
    ],
)
def test_address_is_read_from_a_url(url: str, address: Address, authority: str) -> None:
    assert read_address(url) == address
    assert address.authority == authority


@pytest.mark.parametrize("url", ["ftp://host", "http://", "http://host:port", "http://host:99999", "host"])
def test_url_that_leads_nowhere_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        read_address(url)
