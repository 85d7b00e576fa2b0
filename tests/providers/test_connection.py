"""One connection and the pool of them, on both event loops: odd heads, strays, cut and packed bodies, keep-alive."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
import uvloop

from parley.providers.coding import body_of
from parley.providers.connection import Connection, Disconnected, NotHttp
from parley.providers.dialing import Dialer, read_address
from parley.providers.pool import Pool
from wire_server import CUT, HANG, Pause, Reply, WireServer, body_reply, head, sse_reply

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]
GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run[Any]:
    def on_loop(main: Coroutine[Any, Any, T]) -> T:
        async def in_time() -> T:
            async with asyncio.timeout(10):
                return await main

        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(in_time())

    return on_loop


@asynccontextmanager
async def pool_to(server: WireServer, keep_alive_s: float = 30) -> AsyncIterator[Pool]:
    async with server:
        pool = Pool(Dialer(read_address(server.url), None, None), keep_alive_s)
        try:
            yield pool
        finally:
            await pool.close()


async def read_all(connection: Connection) -> bytes:
    body = body_of(connection)
    pieces = []
    while piece := await body.read():
        pieces.append(piece)
    return b"".join(pieces)


async def get(pool: Pool) -> bytes:
    """Return the body of one answer, its connection given back."""
    connection = await pool.take(5)
    try:
        await connection.ask(GET)
        return await read_all(connection)
    finally:
        pool.give_back(connection)


async def answers(server: WireServer, calls: int = 1) -> tuple[list[bytes], int]:
    """Return the bodies of some answers, and over how many connections they came."""
    async with pool_to(server) as pool:
        return [await get(pool) for _ in range(calls)], server.connections


async def eventually(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.002)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


# --- heads ---


def test_hints_before_the_answer_are_no_answer(run: Run[Any]) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    assert run(answers(WireServer(Reply((early, Pause(0.005), OK))), 2)) == ([b"hi", b"hi"], 1)


def test_answer_may_come_byte_by_byte(run: Run[Any]) -> None:
    steps = [bytes([byte]) for byte in OK]
    assert run(answers(WireServer(Reply(tuple(steps))))) == ([b"hi"], 1)


def test_header_names_are_lower_case_and_a_call_sees_only_its_own(run: Run[Any]) -> None:
    async def headers() -> list[dict[str, str]]:
        replies = [Reply((head(200, [("X-One", "1"), ("Content-Length", "0")]),)), Reply((OK,))]
        seen = []
        async with pool_to(WireServer(*replies)) as pool:
            for _ in replies:
                connection = await pool.take(5)
                await connection.ask(GET)
                await read_all(connection)
                seen.append(connection.headers)
                pool.give_back(connection)
        return seen

    assert run(headers()) == [{"x-one": "1", "content-length": "0"}, {"content-length": "2"}]


def test_head_of_any_usual_size_is_read(run: Run[Any]) -> None:
    large = head(200, [*((f"x-{number}", "v" * 1000) for number in range(100)), ("Content-Length", "0")])
    assert run(answers(WireServer(Reply((large,))))) == ([b""], 1)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
        b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nX-Note: a\x01b\xff\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2  \r\nhi\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nUpgrade: h2\r\nConnection: Upgrade, Keep-Alive\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\nX-Trailer: 1\r\n\r\n",
    ],
    ids=["line feeds", "no reason", "odd bytes", "blanks", "upgrade offered", "trailer"],
)
def test_sloppy_answers_are_read_all_the_same(answer: bytes, run: Run[Any]) -> None:
    assert run(answers(WireServer(Reply((answer,))), 2)) == ([b"hi", b"hi"], 1)


def test_endless_head_is_refused(run: Run[Any]) -> None:
    reply = Reply((b"HTTP/1.1 200 OK\r\n", *[b"x-filler: " + b"v" * 60_000 + b"\r\n"] * 8, HANG))
    with pytest.raises(NotHttp):
        run(answers(WireServer(reply)))


def test_heads_of_many_empty_answers_do_not_add_up(run: Run[Any]) -> None:
    reply = Reply((head(200, [("X-Filler", "v" * 50_000), ("Content-Length", "0")]),))
    assert run(answers(WireServer(reply), 5)) == ([b""] * 5, 1)


def test_endless_chunk_extension_and_endless_trailer_are_refused(run: Run[Any]) -> None:
    begin = head(200, [("Transfer-Encoding", "chunked")])
    for endless in (b"2;" + b"x" * 60_000, b"0\r\nx-filler: " + b"v" * 60_000):
        reply = Reply((begin, endless, *[(Pause(0.001)), b"y" * 60_000] * 6, HANG))
        with pytest.raises(NotHttp):
            run(answers(WireServer(reply)))


@pytest.mark.parametrize("wrong", [b"SSH-2.0\r\n\r\n", b"HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"])
def test_other_protocols_are_not_http(wrong: bytes, run: Run[Any]) -> None:
    with pytest.raises(NotHttp):
        run(answers(WireServer(Reply((wrong, HANG)))))


# --- ends ---


def test_closing_ends_a_body_that_has_no_length(run: Run[Any]) -> None:
    reply = Reply((b"HTTP/1.0 200 OK\r\n\r\nall", Pause(0.005), b" of it"), closes=True)
    assert run(answers(WireServer(reply), 2)) == ([b"all of it", b"all of it"], 2)


@pytest.mark.parametrize("kind", ["Content-Length: 9", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("steps", [(), (CUT,)], ids=["closed", "reset"])
def test_closing_cuts_a_body_that_says_its_end(kind: str, steps: tuple[Any, ...], run: Run[Any]) -> None:
    reply = Reply((f"HTTP/1.1 200 OK\r\n{kind}\r\n\r\n".encode(), *steps), closes=True)
    with pytest.raises(Disconnected):
        run(answers(WireServer(reply)))


def test_what_came_before_a_cut_is_read_first(run: Run[Any]) -> None:
    async def read() -> bytes:
        async with pool_to(WireServer(sse_reply(b"first", Pause(0.01), CUT))) as pool:
            connection = await pool.take(5)
            await connection.ask(GET)
            await eventually(lambda: not connection.is_open)
            piece = await connection.read()
            with pytest.raises(Disconnected):
                await connection.read()
            return piece

    assert run(read()) == b"first"


# --- what a connection is used for again ---


def test_connection_is_not_used_again_where_the_server_says_so(run: Run[Any]) -> None:
    closing = body_reply(b"hi", headers=[("Connection", "close")])
    assert run(answers(WireServer(closing), 2)) == ([b"hi", b"hi"], 2)


def test_connection_that_the_server_closed_meanwhile_is_not_used_again(run: Run[Any]) -> None:
    async def ask_twice() -> int:
        server = WireServer(Reply((OK,), closes=True))
        async with pool_to(server) as pool:
            await get(pool)
            await eventually(lambda: server.open_connections == 0)
            await asyncio.sleep(0.01)
            await get(pool)
            return server.connections

    assert run(ask_twice()) == 2


@pytest.mark.parametrize("stray", [b"junk", OK], ids=["junk", "answer"])
@pytest.mark.parametrize("pause", [(), (Pause(0.01),)], ids=["at once", "later"])
def test_bytes_that_nobody_asked_for_never_answer_the_next_call(
    stray: bytes, pause: tuple[Pause, ...], run: Run[Any]
) -> None:
    async def ask_twice() -> tuple[bytes, bytes, int]:
        steps = (OK, *pause, stray) if pause else (OK + stray,)
        server = WireServer(Reply(steps), body_reply(b"second"))
        async with pool_to(server) as pool:
            first = await get(pool)
            await asyncio.sleep(0.03)
            return first, await get(pool), server.connections

    assert run(ask_twice()) == (b"hi", b"second", 2)


def test_answer_to_a_request_that_is_still_going_out_is_the_connections_last(run: Run[Any]) -> None:
    async def answer_early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await done.wait()
        writer.close()

    done = asyncio.Event()

    async def ask() -> tuple[int, bool]:
        server = await asyncio.start_server(answer_early, "127.0.0.1", 0, limit=1024)
        port = server.sockets[0].getsockname()[1]
        connection = await Dialer(read_address(f"http://127.0.0.1:{port}"), None, None).dial(5)
        await connection.ask(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 30000000\r\n\r\n", b"x" * 30_000_000)
        assert await connection.read() == b""
        found = connection.status, connection.can_serve_again
        connection.abort()
        done.set()
        server.close()
        await server.wait_closed()
        return found

    assert run(ask()) == (413, False)


def test_connection_that_waited_too_long_is_closed_and_the_younger_one_is_not(run: Run[Any]) -> None:
    async def wait() -> int:
        server = WireServer(sse_reply(b"x"))
        async with pool_to(server, keep_alive_s=0.2) as pool:
            first, second = await pool.take(5), await pool.take(5)
            for connection in (first, second):
                await connection.ask(GET)
                await read_all(connection)
            pool.give_back(first)
            await asyncio.sleep(0.12)
            pool.give_back(second)
            await eventually(lambda: not first.is_open)
            assert second.is_open
            await eventually(lambda: not second.is_open)
            await eventually(lambda: server.open_connections == 0)
            return server.connections

    assert run(wait()) == 2


def test_calls_at_once_have_a_connection_each_and_all_are_kept(run: Run[Any]) -> None:
    async def ask_many() -> tuple[int, int]:
        server = WireServer(sse_reply(Pause(0.01), b"x"))
        async with pool_to(server) as pool:
            for _ in range(3):
                async with asyncio.TaskGroup() as group:
                    for _ in range(20):
                        group.create_task(get(pool))
            seen = server.connections
        await eventually(lambda: server.open_connections == 0)
        return seen, server.open_connections

    assert run(ask_many()) == (20, 0)


# --- flow ---


def test_server_has_to_wait_for_a_reader_that_is_busy(run: Run[Any]) -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent_bytes
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 64000000\r\n\r\n")
        while sent_bytes < 64_000_000:
            writer.write(b"x" * 64_000)
            await writer.drain()
            sent_bytes += 64_000
        writer.close()

    sent_bytes = 0

    async def read_late() -> tuple[int, int]:
        server = await asyncio.start_server(flood, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        connection = await Dialer(read_address(f"http://127.0.0.1:{port}"), None, None).dial(5)
        await connection.ask(GET)
        before = -1
        while before != sent_bytes:
            before = sent_bytes
            await asyncio.sleep(0.05)
        size_bytes = len(await read_all(connection))
        connection.abort()
        server.close()
        await server.wait_closed()
        return before, size_bytes

    stood_at, size_bytes = run(read_late())
    assert stood_at < 32_000_000
    assert size_bytes == 64_000_000


# --- packed bodies ---


def packed(body: bytes, coding: str) -> WireServer:
    return WireServer(body_reply(body, headers=[("Content-Encoding", coding)]))


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b"text" * 500_000)),
        ("x-gzip", gzip.compress(b"text" * 500_000)),
        ("deflate", zlib.compress(b"text" * 500_000)),
        ("identity", b"text" * 500_000),
    ],
)
def test_packed_body_is_unpacked(coding: str, body: bytes, run: Run[Any]) -> None:
    assert run(answers(packed(body, coding))) == ([b"text" * 500_000], 1)


def test_packed_body_is_unpacked_in_steps_and_no_further_than_it_is_read(run: Run[Any]) -> None:
    async def first_piece() -> int:
        async with pool_to(packed(gzip.compress(b"\0" * 50_000_000), "gzip")) as pool:
            connection = await pool.take(5)
            await connection.ask(GET)
            size_bytes = len(await body_of(connection).read())
            pool.give_back(connection)
            return size_bytes

    assert 0 < run(first_piece()) <= 262_144


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b"text" * 100)[:-9]),
        ("gzip", b"no gzip at all"),
        ("br", b"\x0b\x02\x80text\x03"),
    ],
    ids=["cut", "not packed", "unknown"],
)
def test_body_that_can_not_be_unpacked_is_refused(coding: str, body: bytes, run: Run[Any]) -> None:
    with pytest.raises(NotHttp):
        run(answers(packed(body, coding)))


# --- going away ---


@pytest.mark.parametrize("reply", [Reply((HANG,)), sse_reply(b"x", HANG)], ids=["waiting", "reading"])
def test_abort_wakes_the_reader_and_closes_at_once(reply: Reply, run: Run[Any]) -> None:
    async def leave() -> None:
        server = WireServer(reply)
        async with pool_to(server) as pool:
            connection = await pool.take(5)

            async def read() -> bytes:
                await connection.ask(GET)
                return await read_all(connection)

            async with asyncio.TaskGroup() as group:
                reading: asyncio.Task[bytes] = group.create_task(expecting(Disconnected, read()))
                await server.asked.wait()
                await asyncio.sleep(0.01)
                connection.abort()
            assert reading.done()
            await server.gone.wait()

    run(leave())


async def expecting(kind: type[Exception], awaited: Awaitable[Any]) -> Any:
    with pytest.raises(kind):
        await awaited
