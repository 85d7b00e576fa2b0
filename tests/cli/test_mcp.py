"""`parley mcp` as a process of its own: the official client on its streams, and streams that no client would send."""

import asyncio
import io
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp.client.stdio import StdioServerParameters, stdio_client

from cli_process import QUICK, environment, parley
from parley.cli.client import Client as Server
from parley.cli.mcp import MOST_LINE_BYTES
from parley.cli.mcp_bridge import Bridge
from serving import ADMIN_KEY, outcomes, serving
from silent import MODEL, silent_provider
from waiting import until
from wire_server import WireServer, body_reply, json_reply, sse_reply

MODES = ["auto", "legacy"]
TWO = ["sandbox/terse", "sandbox/contrarian"]
WAIT_S = 30


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "parley.toml").write_text(QUICK)
    return tmp_path


@asynccontextmanager
async def client(folder: Path, mode: str, *arguments: str, **env: str) -> AsyncIterator[Client]:
    place = StdioServerParameters(
        command=sys.executable, args=["-m", "parley", "mcp", *arguments], env=environment(**env), cwd=folder
    )
    with (folder / "log.txt").open("w") as log:
        async with Client(stdio_client(place, errlog=log), mode=mode) as connected:
            yield connected


@pytest.mark.parametrize("mode", MODES)
def test_every_tool_works_without_a_server(folder: Path, mode: str) -> None:
    async def go() -> None:
        rows: list[tuple[float, float | None, str | None]] = []

        async def told(progress: float, total: float | None, message: str | None) -> None:
            rows.append((progress, total, message))

        async with client(folder, mode) as connected:
            assert connected.protocol_version == {"auto": "2026-07-28", "legacy": "2025-11-25"}[mode]
            tools = [tool.name for tool in (await connected.list_tools()).tools]
            assert tools == ["roundtable", "vote", "compare", "list_models"]
            question = {"input": "Tea or coffee? Tee schmeckt 😀", "models": [*TWO, "sandbox/down"]}
            merged = await connected.call_tool("roundtable", question, progress_callback=told)
            assert not merged.is_error
            assert "2 of 3 answers" in merged.content[0].text
            assert [progress for progress, _, _ in rows] == [1, 2, 3, 3.5]
            assert "sandbox/down failed (upstream_error)" in " ".join(message or "" for _, _, message in rows)
            vote = {"input": "Is 3 > 2?", "choices": ["yes", "no"], "models": TWO}
            assert "Winner: " in (await connected.call_tool("vote", vote)).content[0].text
            compared = await connected.call_tool("compare", {"input": "Is 3 > 2?", "models": TWO})
            assert "Recommendation" in compared.content[0].text
            listed = await connected.call_tool("list_models", {"q": "terse"})
            assert [item["id"] for item in listed.structured_content["items"]] == ["sandbox/terse"]
            nothing = await connected.call_tool("roundtable", {"input": "?", "models": ["sandbox/down"]})
            assert nothing.is_error
            with pytest.raises(MCPError, match="There is no tool"):
                await connected.call_tool("nothing", {})

    asyncio.run(go())
    assert (folder / "parley.db").exists(), "the ledger is kept as by every other command"
    assert (folder / "log.txt").read_text() == ""


@pytest.mark.parametrize("mode", MODES)
def test_running_server_is_used_and_a_call_that_is_given_up_ends_there(folder: Path, mode: str) -> None:
    async def go(url: str) -> None:
        rows: list[float] = []

        async def told(progress: float, _total: float | None, _message: str | None) -> None:
            rows.append(progress)

        async with client(folder, mode, "--url", url, PARLEY_API_KEY=ADMIN_KEY) as connected:
            arguments = {"input": "hi", "models": ["sandbox/terse", MODEL], "resolution": "fast"}
            task = asyncio.create_task(connected.call_tool("roundtable", arguments, progress_callback=told))
            await until(lambda: bool(rows))
            assert outcomes(url)[MODEL] == "running"
            task.cancel()
            await until(lambda: outcomes(url)[MODEL] == "cancelled")
            assert not (await connected.call_tool("list_models", {})).is_error

    with silent_provider() as toml, serving(toml) as url:
        asyncio.run(go(url))


def test_client_that_leaves_in_the_middle_cancels_what_runs(folder: Path) -> None:
    async def go(url: str) -> None:
        rows: list[float] = []

        async def told(progress: float, _total: float | None, _message: str | None) -> None:
            rows.append(progress)

        async with client(folder, "auto", PARLEY_URL=url, PARLEY_API_KEY=ADMIN_KEY) as connected:
            arguments = {"input": "hi", "models": ["sandbox/terse", MODEL], "resolution": "fast"}
            task = asyncio.create_task(connected.call_tool("roundtable", arguments, progress_callback=told))
            await until(lambda: bool(rows))
        with pytest.raises((MCPError, asyncio.CancelledError)):
            await task
        await until(lambda: outcomes(url)[MODEL] == "cancelled")

    with silent_provider() as toml, serving(toml) as url:
        asyncio.run(go(url))


@pytest.mark.parametrize("mode", MODES)
def test_wrong_key_and_missing_server_are_told_in_words(folder: Path, mode: str) -> None:
    async def go(**env: str) -> str:
        with pytest.raises(BaseExceptionGroup) as told:
            async with client(folder, mode, **env):
                pass
        error: BaseException = told.value
        while isinstance(error, BaseExceptionGroup):
            (error,) = error.exceptions
        assert isinstance(error, MCPError)
        return error.message

    with serving("") as url:
        said = asyncio.run(go(PARLEY_URL=url, PARLEY_API_KEY="not-this-one"))
        assert said == f"This API key is not known here. Set PARLEY_API_KEY to a key of {url}."
    assert asyncio.run(go(PARLEY_URL=url)).startswith(f"Cannot reach {url}: ")


def run(folder: Path, *arguments: str, stdin: bytes, **env: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "parley", "mcp", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment(**env), input=stdin, capture_output=True, timeout=WAIT_S, check=False
    )


def test_what_costs_nothing_is_answered_though_the_pipe_has_ended(folder: Path) -> None:
    methods = {1: "tools/list", 2: "ping", 3: "tools/list", 4: "nothing/such"}
    lines = [json.dumps({"jsonrpc": "2.0", "id": number, "method": name}) for number, name in methods.items()]
    with serving("") as url:
        done = run(folder, "--url", url, stdin="\n".join(lines).encode(), PARLEY_API_KEY=ADMIN_KEY)
    answers = {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}
    assert (done.returncode, set(answers)) == (0, set(methods))
    assert len(answers[3]["result"]["tools"]) == 4


@contextmanager
def configured(folder: Path) -> Iterator[None]:
    """Configure a provider that never answers."""
    with silent_provider() as toml:
        (folder / "parley.toml").write_text(toml)
        yield


@contextmanager
def process(folder: Path, **env: str) -> "Iterator[subprocess.Popen[bytes]]":
    command = [sys.executable, "-m", "parley", "mcp"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, env=environment(**env), stdin=pipe, stdout=pipe, stderr=pipe) as started:
        try:
            yield started
        finally:
            started.kill()


def line(method: str, rpc_id: Any = None, **params: Any) -> bytes:
    message = {"jsonrpc": "2.0", "method": method, "params": params, **({} if rpc_id is None else {"id": rpc_id})}
    return json.dumps(message).encode() + b"\n"


def exchange(started: "subprocess.Popen[bytes]", message: bytes) -> Any:
    assert started.stdin is not None
    assert started.stdout is not None
    started.stdin.write(message)
    started.stdin.flush()
    return json.loads(started.stdout.readline())


def test_streams_carry_lines_of_the_protocol_alone(folder: Path) -> None:
    with process(folder) as started:
        opened = exchange(started, line("initialize", 1, protocolVersion="2025-06-18"))
        assert opened["result"]["protocolVersion"] == "2025-06-18"
        assert exchange(started, line("notifications/initialized") + b"\n\r\n" + line("ping", "é"))["id"] == "é"
        assert exchange(started, b"no json\n")["error"]["code"] == -32700
        assert exchange(started, b"[]\n")["error"]["code"] == -32600
        assert exchange(started, b'{"id": 3, "method": "ping", "jsonrpc": "2.0"}\r\n') == {
            "jsonrpc": "2.0",
            "id": 3,
            "result": {},
        }
        assert exchange(started, b"\xff\xfe\n")["error"]["code"] == -32700
        assert exchange(started, b"[" * 100_000 + b"\n")["error"]["code"] == -32600, "batches are of another version"
        assert exchange(started, line("ping", True))["error"]["code"] == -32600
        assert exchange(started, line("tools/call", 4, name="x\ny"))["error"]["code"] == -32602
        assert exchange(started, line("ping\r\nX: y", 5))["error"]["code"] == -32601
        assert started.stdin is not None
        started.stdin.close()
        assert started.wait(WAIT_S) == 0
        assert started.stdout is not None
        assert started.stdout.read() == b""


def test_batches_pass_where_the_version_has_them(folder: Path) -> None:
    batch = b"[" + line("ping", 1).strip() + b"," + line("ping", 2).strip() + b"]\n"
    with process(folder) as started:
        exchange(started, line("initialize", 0, protocolVersion="2025-03-26"))
        first = exchange(started, batch)
        assert started.stdout is not None
        second = json.loads(started.stdout.readline())
        assert [first["id"], second["id"]] == [1, 2]
        exchange(started, line("initialize", 0, protocolVersion="2025-11-25"))
        assert exchange(started, batch)["error"]["code"] == -32600


def test_message_beyond_all_bounds_is_dropped_and_the_next_one_answered(folder: Path) -> None:
    with process(folder) as started:
        refused = exchange(started, b"x" * (MOST_LINE_BYTES + 1) + b"\n")
        assert refused["error"]["code"] == -32600
        assert "was dropped" in refused["error"]["message"]
        assert exchange(started, line("ping", 1))["id"] == 1


def test_empty_stream_is_the_end(folder: Path) -> None:
    ended = run(folder, stdin=b"")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_in_order_and_what_ran_is_in_the_books(folder: Path, number: signal.Signals) -> None:
    arguments = {"input": "hi", "models": ["sandbox/terse", MODEL]}
    call = line("tools/call", 2, name="roundtable", arguments=arguments, _meta={"progressToken": "t"})
    with configured(folder), process(folder) as started:
        exchange(started, line("initialize", 1, protocolVersion="2025-11-25"))
        assert exchange(started, call)["method"] == "notifications/progress"
        started.send_signal(number)
        assert started.wait(WAIT_S) == (0 if number is signal.SIGTERM else 130)
        events = json.loads(parley(folder, "usage", "--json").stdout)["events"]
    assert (events["ok"], events["cancelled"], events["running"]) == (1, 1, 0)


def test_wrong_configuration_is_one_sentence_and_leaves_the_stream_alone(folder: Path) -> None:
    (folder / "parley.toml").write_text("[server]\nprot = 1\n")
    ended = run(folder, stdin=line("ping", 1))
    assert ended.returncode == 2
    assert ended.stdout == b""
    assert b"prot" in ended.stderr


def bridged(reply: Any, *messages: bytes) -> list[Any]:
    """Return what the bridge writes when a server answers every message with `reply`."""

    async def go() -> list[Any]:
        out = io.BytesIO()
        async with WireServer(*[reply] * len(messages)) as server:
            bridge = Bridge(Server(server.url), out)
            for message in messages:
                await asyncio.to_thread(bridge.take, message)
            await until(lambda: out.getvalue().count(b"\n") == len(messages))
            await asyncio.to_thread(bridge.close)
        return [json.loads(row) for row in out.getvalue().split(b"\n") if row]

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (
            body_reply(b"<html>", 404, [("Content-Type", "text/html")]),
            "answered with status 404; is it a Parley server",
        ),
        (json_reply({"error": {"code": "internal_error", "message": "A fault."}}, 500), "with status 500: A fault."),
        (sse_reply(b": nothing\n\n"), "broke off its answer"),
        (sse_reply(b'data: {"jsonrpc":"2.0","id":7,'), "broke off its answer"),
    ],
)
def test_server_that_does_not_answer_as_it_should_is_an_error_of_the_call(reply: Any, told: str) -> None:
    (answer,) = bridged(reply, line("tools/list", 7))
    assert answer["id"] == 7
    assert told in answer["error"]["message"]


def test_batch_and_notification_that_reach_no_server_differ_in_who_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    out = io.BytesIO()
    bridge = Bridge(Server("http://127.0.0.1:1"), out)
    for message in (b"[" + line("ping", 1).strip() + b"]\n", line("ping", "\ud800"), line("notifications/initialized")):
        bridge.take(message)
    asyncio.run(until(lambda: out.getvalue().count(b"\n") == 2 and "Cannot reach" in capsys.readouterr().err))
    bridge.close()
    answers = [json.loads(row) for row in out.getvalue().splitlines()]
    assert {answer["id"] for answer in answers} == {None, "\ud800"}


def test_answer_of_several_lines_becomes_one() -> None:
    body = b'{"jsonrpc": "2.0",\r\n "id": 7,\n "result": {}}\n'
    (answer,) = bridged(body_reply(body, 200, [("Content-Type", "application/json")]), line("tools/list", 7))
    assert answer == {"jsonrpc": "2.0", "id": 7, "result": {}}
