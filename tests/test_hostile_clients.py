"""Clients that are broken, hostile or unlucky, against a real server: each is answered as documented or cut off."""

import asyncio
import json
import logging
import os
import random
import re
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from parley.app import Fittings, House
from parley.config import Config, load_config
from parley.domain.settings import Patience
from parley.server import local_server
from serving import ADMIN_KEY, OPEN, connect, get, post, send, serving
from wire_server import CUT, HANG, Reply, WireServer, sse_reply

PANEL = {"input": "Is water wet?", "models": ["sandbox/terse"], "resolution": "fast"}
KEY = {"Authorization": f"Bearer {ADMIN_KEY}"}
DELTA = b'data: {"choices":[{"index":0,"delta":{"content":"Hello "}}]}\n\n'
FILES = Path("/proc/self/fd")


@pytest.fixture(scope="module")
def keyed() -> Iterator[str]:
    with serving("[server]\n") as url:
        yield url


@pytest.fixture(scope="module")
def unkeyed() -> Iterator[str]:
    with serving(OPEN) as url:
        yield url


def head_of(method: str, path: str, *lines: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode("latin-1")


def request_of(path: str, body: Any, *lines: str) -> bytes:
    raw = json.dumps(body).encode()
    length = f"Content-Length: {len(raw)}"
    return head_of("POST", path, "Host: localhost", "Content-Type: application/json", length, *lines) + raw


def rest_of(line: socket.socket) -> bytes:
    """Return all that the server still sends, until it closes the connection."""
    pieces = []
    try:
        while piece := line.recv(65_536):
            pieces.append(piece)
    except ConnectionError:
        pass
    return b"".join(pieces)


def exchange(url: str, sent: bytes) -> bytes:
    with connect(url) as line:
        line.sendall(sent)
        return rest_of(line)


class TestAddresses:
    @pytest.mark.parametrize(
        "host", ["[", "[::1", "[::1]x", "]", "a@localhost", "localhost/x", "localhost:port", "::1"]
    )
    def test_broken_host_is_refused_by_an_open_server(self, unkeyed: str, host: str) -> None:
        assert send(unkeyed, "GET", "/healthz", None, {"Host": host}).status == 403

    @pytest.mark.parametrize("host", ["[", "[::1", "", "a b", "\xff"])
    def test_host_does_not_matter_to_a_server_with_keys(self, keyed: str, host: str) -> None:
        assert send(keyed, "GET", "/healthz", None, {"Host": host}).status == 200
        assert send(keyed, "GET", "/nowhere", None, {"Host": host}).status == 404
        assert send(keyed, "GET", "/v1/models", None, {"Host": host}).status == 401

    @pytest.mark.parametrize("path", ["/healthz/", "/v3/roundtable/", "/v3/models/"])
    def test_slash_at_the_end_is_another_path_and_leads_nowhere(self, keyed: str, path: str) -> None:
        got = send(keyed, "GET", path, None, KEY)
        assert (got.status, got.error["code"]) == (404, "not_found")
        assert path.rstrip("/") in got.error["message"]


PATHS = ["/v3/roundtable", "/v1/chat/compare", "/v1/chat/completions", "/v3/compat/chat/completions"]
TEN_MB = b'{"input": "' + b"x" * 10_000_000 + b'"}'


class TestUnreadBodies:
    """A refusal that is made before the body was read reaches also a client that first sends it all."""

    @pytest.mark.parametrize("path", PATHS)
    def test_body_of_10_mb_is_too_large(self, keyed: str, path: str) -> None:
        got = post(keyed, path, TEN_MB, KEY)
        assert (got.status, got.error["code"]) == (413, "request_too_large")

    @pytest.mark.parametrize(
        ("path", "headers", "status"),
        [
            ("/v3/roundtable", {}, 401),
            ("/v3/roundtable", {**KEY, "Content-Type": "text/plain"}, 415),
            ("/v1/chat/compare", {**KEY, "Content-Encoding": "gzip"}, 415),
            ("/nowhere", KEY, 404),
            ("/v1/models", KEY, 405),
        ],
    )
    def test_refusal_is_told_after_10_mb(self, keyed: str, path: str, headers: dict[str, str], status: int) -> None:
        assert post(keyed, path, TEN_MB, headers).status == status

    def test_connection_serves_on_after_a_refused_body(self, unkeyed: str) -> None:
        refused = request_of("/v3/roundtable", {"input": "x" * 5_000_000})
        with connect(unkeyed) as line:
            line.sendall(refused + head_of("GET", "/healthz", "Host: localhost", "Connection: close"))
            answers = rest_of(line)
        assert answers.startswith(b"HTTP/1.1 413")
        assert answers.endswith(b'{"status":"ok"}')

    @pytest.mark.parametrize("path", ["/v3/roundtable", "/nowhere"])
    def test_body_that_does_not_end_after_its_refusal_is_cut_off_in_time(self, path: str) -> None:
        with serving(patience=Patience(body_s=0.2)) as url, connect(url) as line:
            line.sendall(head_of("POST", path, "Host: localhost", "Content-Length: 9000000"))
            assert b"\r\n\r\n{" in line.recv(4_096)
            line.sendall(b"x")
            assert rest_of(line) == b""

    def test_endless_body_is_cut_off_after_its_refusal(self, unkeyed: str) -> None:
        with connect(unkeyed) as line, pytest.raises(ConnectionError):
            line.sendall(head_of("POST", "/nowhere", "Host: localhost", "Transfer-Encoding: chunked"))
            for _ in range(200):
                line.sendall(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")


H2C = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA")


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"\r\n\r\n"])
def test_connection_without_a_next_request_is_closed_in_time(sent: bytes) -> None:
    with serving(patience=Patience(idle_s=0.2)) as url, connect(url) as line:
        line.sendall(head_of("GET", "/healthz", "Host: localhost"))
        assert b'{"status":"ok"}' in line.recv(4_096)
        line.sendall(sent)
        assert rest_of(line) == b""


class TestUpgrades:
    """An offer to speak another protocol is passed over: Java's client makes one with its every first request."""

    @pytest.mark.parametrize("cut", [1, 60, 100, 200, 1_000])
    def test_request_that_offers_an_upgrade_is_answered_in_http_1(self, unkeyed: str, cut: int) -> None:
        offer = request_of("/v3/roundtable", PANEL, *H2C)
        with connect(unkeyed) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.sendall(offer[:cut])
            line.sendall(offer[cut:])
            assert b'"model_results"' in line.recv(4_096)
            line.sendall(request_of("/v3/roundtable", PANEL, "Connection: close"))
            assert b'"model_results"' in rest_of(line)

    def test_pipelined_requests_may_all_offer_an_upgrade(self, unkeyed: str) -> None:
        last = request_of("/v3/roundtable", PANEL, "Upgrade: websocket", "Connection: upgrade, close")
        answers = exchange(unkeyed, request_of("/v3/roundtable", PANEL, *H2C) * 3 + last)
        assert answers.count(b"HTTP/1.1 200") == 4


@pytest.mark.parametrize("is_streamed", [False, True])
def test_http_1_0_gets_its_answer_without_chunks(unkeyed: str, is_streamed: bool) -> None:
    sent = request_of("/v3/roundtable", {**PANEL, "stream": is_streamed}).replace(b"HTTP/1.1", b"HTTP/1.0")
    head, _, body = exchange(unkeyed, sent).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    if is_streamed:
        assert body.startswith(b'data: {"type":"start"')
        assert body.endswith(b"\n\ndata: [DONE]\n\n")
    else:
        assert f"content-length: {len(body)}".encode() in head
        assert json.loads(body)["model_results"]


class TestNoHttp:
    @pytest.mark.parametrize(
        "sent",
        [
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET /healthz HTTP/1.1\nHost: x\n\n",
            head_of("FETCH", "/healthz", "Host: localhost"),
            head_of("CONNECT", "localhost:80", "Host: localhost"),
            head_of("GET", "/\xff", "Host: localhost"),
            head_of("GET", "/healthz", "Host localhost"),
            head_of("GET", "/healthz", "Host: a\x00b"),
            head_of("POST", "/v3/roundtable", "Host: localhost", "Content-Length: -1"),
            head_of("POST", "/v3/roundtable", "Host: localhost", "Content-Length: 1", "Content-Length: 2"),
            head_of("POST", "/v3/roundtable", "Host: localhost", f"Content-Length: {'9' * 30}"),
            head_of("POST", "/v3/roundtable", "Host: localhost", "Content-Length: 1", "Transfer-Encoding: chunked"),
        ],
    )
    def test_bytes_that_are_no_request_are_refused_in_the_envelope(self, unkeyed: str, sent: bytes) -> None:
        head, _, body = exchange(unkeyed, sent).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ")
        refused = json.loads(body)
        assert refused["error"]["code"] == "validation_error"
        assert f"x-request-id: {refused['request_id']}".encode() in head

    def test_garbage_behind_a_running_request_does_not_stand_in_its_answer(self, unkeyed: str) -> None:
        slow = {**PANEL, "models": ["sandbox/slow"], "stream": True}
        answer = exchange(unkeyed, request_of("/v3/roundtable", slow) + b"\x00\x01 nonsense\r\n\r\n")
        assert b"HTTP/1.1 400" not in answer
        assert b"[DONE]" not in answer


def silent_line(url: str) -> socket.socket:
    """Return a connection with little room for what comes in, so that what is not read stays with the server."""
    place = urlsplit(url)
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    line.settimeout(20)
    line.connect((place.hostname, place.port))
    return line


def wait_reset(line: socket.socket) -> None:
    """Wait, reading nothing, until the server has reset the connection."""
    poll = select.poll()
    poll.register(line, 0)
    assert poll.poll(20_000), "the server still waits for a client that does not read"


IMPATIENT = '[server]\nauth = "open"\nwrite_timeout_s = 0.3\n'
LONG_PANEL = {**PANEL, "models": ["sandbox/chatty"] * 32}


class TestClientsThatDoNotRead:
    """Nothing of an answer stays with the server for longer than write_timeout_s if nobody takes it."""

    @pytest.mark.parametrize("is_streamed", [False, True])
    def test_client_of_whole_answers_and_of_finished_streams_is_given_up(self, is_streamed: bool) -> None:
        body = {**LONG_PANEL, "stream": is_streamed}
        with serving(IMPATIENT) as url, silent_line(url) as line:
            line.sendall(request_of("/v3/roundtable", body) * 3)
            wait_reset(line)

    def test_client_that_wants_its_connection_closed_is_given_up(self) -> None:
        with serving(IMPATIENT) as url, silent_line(url) as line:
            last = request_of("/v3/roundtable", LONG_PANEL, "Connection: close")
            line.sendall(request_of("/v3/roundtable", LONG_PANEL) * 2 + last)
            wait_reset(line)

    def test_client_of_small_answers_is_given_up(self) -> None:
        with serving(IMPATIENT) as url, silent_line(url) as line, pytest.raises(ConnectionError):
            while True:
                line.sendall(head_of("GET", "/openapi.json", "Host: localhost") * 100)

    def test_client_that_reads_slowly_but_steadily_gets_everything(self) -> None:
        with serving(IMPATIENT) as url, silent_line(url) as line:
            line.sendall(request_of("/v3/roundtable", LONG_PANEL) * 2)
            line.sendall(request_of("/v3/roundtable", LONG_PANEL, "Connection: close"))
            size, begun = 0, time.monotonic()
            while piece := line.recv(65_536):
                size += len(piece)
                if time.monotonic() - begun < 0.7:
                    time.sleep(0.005)
        assert size > 6_000_000


class TestPipelining:
    def test_requests_are_answered_in_order(self, unkeyed: str) -> None:
        sent = [
            request_of("/v3/roundtable", {**PANEL, "models": [f"sandbox/{name}"]}) for name in ("terse", "thorough")
        ]
        last = head_of("GET", "/healthz", "Host: localhost", "Connection: close")
        answers = exchange(unkeyed, b"".join([*sent * 20, last]))
        found = re.findall(rb'"models_used":\["sandbox/(\w+)"\]', answers)
        assert found == [b"terse", b"thorough"] * 20
        assert answers.endswith(b'{"status":"ok"}')

    def test_client_that_leaves_while_another_request_waits_is_missed_at_once(self) -> None:
        async def main() -> None:
            async with WireServer(sse_reply(DELTA, HANG)) as provider:
                toml = f'{OPEN}[providers.p]\ndialect = "openai"\nbase_url = "{provider.url}/v1"\n'
                body = {**PANEL, "models": ["p/a", "p/b"], "stream": True}
                with serving(toml) as url:
                    with connect(url) as line:
                        line.sendall(request_of("/v3/roundtable", body) * 3)
                        async with asyncio.timeout(10):
                            while len(provider.requests) < 2:
                                await asyncio.sleep(0.005)
                    async with asyncio.timeout(10):
                        while provider.open_connections:
                            await asyncio.sleep(0.005)
                    assert len(provider.requests) == 2

        asyncio.run(main())


class Observed:
    """A server whose inside can be looked at from outside its thread."""

    def meet(self, house: House) -> None:
        self.house = house
        self.loop = asyncio.get_running_loop()

    async def tasks(self) -> int:
        """Return how many tasks the server's loop has."""

        async def count() -> int:
            return len(asyncio.all_tasks())

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(count(), self.loop)) - 1

    async def wait_quiet(self, tasks: int) -> None:
        """Wait until no run, no open account and no task is left beyond those of an idle server."""
        async with asyncio.timeout(15):
            while len(self.house.runs) or self.house.ledger.running_events or await self.tasks() > tasks:
                await asyncio.sleep(0.02)


def open_sockets() -> int:
    """Count the sockets of this process: the server's, its providers' and the clients'."""
    return sum(os.path.realpath(entry).rpartition("/")[2].startswith("socket:") for entry in FILES.iterdir())


BODIES = {
    "/v3/roundtable": {"input": "Q", "models": ["p/a", "p/b", "p/c"], "resolution": "fast"},
    "/v1/chat/compare": {"messages": [{"role": "user", "content": "Q"}], "models": ["p/a", "p/b", "p/c"]},
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "Q"}], "model": "p/a"},
}


async def leave_early(url: str, rng: random.Random) -> None:
    """Send a request and leave at some moment: before the answer, in it, with or without a farewell."""
    place = urlsplit(url)
    path = rng.choice(list(BODIES))
    sent = request_of(path, {**BODIES[path], "stream": rng.random() < 0.7})
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(sent[: rng.choice([len(sent), len(sent), len(sent), len(sent) - 9, 40])])
    try:
        async with asyncio.timeout(rng.random() * 0.3):
            await reader.read(rng.choice([1, 200, 100_000]))
    except TimeoutError:
        pass
    if rng.random() < 0.5:
        writer.transport.abort()
    writer.close()


@pytest.mark.skipif(not FILES.is_dir(), reason="counts sockets as Linux shows them")
def test_nothing_is_left_of_200_clients_that_leave_at_random_moments(tmp_path: Path) -> None:
    async def main() -> None:
        rng = random.Random(7)
        endings = [sse_reply(DELTA, HANG), sse_reply(*[DELTA] * 500, HANG), Reply((HANG,)), sse_reply(DELTA, CUT)]
        async with WireServer(*[rng.choice(endings) for _ in range(1_000)]) as provider:
            observed = Observed()
            quiet = Fittings(log_level=logging.CRITICAL)
            with local_server(configured(tmp_path, provider.url), quiet, observed.meet) as url:
                await asyncio.to_thread(get, url, "/healthz")
                tasks, sockets = await observed.tasks(), open_sockets()
                for _ in range(4):
                    async with asyncio.TaskGroup() as group:
                        for _ in range(50):
                            group.create_task(leave_early(url, rng))
                await observed.wait_quiet(tasks)
                async with asyncio.timeout(15):
                    while provider.open_connections or open_sockets() > sockets:
                        await asyncio.sleep(0.02)
                assert provider.requests

    asyncio.run(main())


def configured(folder: Path, provider_url: str) -> Config:
    path = folder / "parley.toml"
    store = f'[store]\nurl = "sqlite:///{folder}/parley.db"\n'
    path.write_text(f'{OPEN}{store}[providers.p]\ndialect = "openai"\nbase_url = "{provider_url}/v1"\n')
    return load_config(path, {})


def test_opened_and_dropped_connections_leave_nothing_behind(unkeyed: str) -> None:
    begun = [b"", b"POST /v3/round", request_of("/v3/roundtable", PANEL)[:-5], request_of("/v3/roundtable", PANEL)]
    for _ in range(5):
        lines = [connect(unkeyed) for _ in range(100)]
        for number, line in enumerate(lines):
            line.sendall(begun[number % len(begun)])
        for line in lines:
            line.close()
    assert get(unkeyed, "/readyz").status == 200
    assert post(unkeyed, "/v3/roundtable", PANEL).status == 200
