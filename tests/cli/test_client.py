"""The command line's HTTP client against a server that plays bytes exactly."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from parley.cli.client import Client
from parley.cli.fault import CommandFault, ExitCode
from parley.domain.json import JsonObject
from wire_server import CUT, HANG, Reply, WireServer, body_reply, json_reply, sse_reply

T = TypeVar("T")

HTML = [("Content-Type", "text/html")]


def talk(use: Callable[[Client], T], *replies: Reply) -> tuple[T, WireServer]:
    """Run `use` with a client of a server that plays `replies`."""

    async def main() -> tuple[T, WireServer]:
        async with WireServer(*replies) as server:
            return await asyncio.to_thread(use, Client(server.url + "/", "key-1")), server

    return asyncio.run(main())


def fault_of(use: Callable[[Client], object], *replies: Reply) -> CommandFault:
    with pytest.raises(CommandFault) as caught:
        talk(use, *replies)
    return caught.value


def envelope(code: str, message: str) -> JsonObject:
    return {"error": {"code": code, "message": message, "type": "x", "param": None}, "request_id": "req_1"}


def post(client: Client) -> JsonObject:
    return client.post("/v3/roundtable", {"input": "Grüße"})


def listen(client: Client) -> list[JsonObject]:
    with client.stream("/v3/roundtable", {"stream": True}) as events:
        return [*events]


def test_request_carries_key_and_json_body() -> None:
    answer, server = talk(post, json_reply({"data": "ü"}))
    assert answer == {"data": "ü"}
    sent = server.requests[0]
    assert (sent.method, sent.path, sent.json) == ("POST", "/v3/roundtable", {"input": "Grüße"})
    assert sent.headers["authorization"] == "Bearer key-1"
    assert sent.headers["content-type"] == "application/json"


def test_path_of_the_server_address_is_kept() -> None:
    async def main() -> WireServer:
        async with WireServer(json_reply([])) as server:
            await asyncio.to_thread(Client(server.url + "/parley").get, "/v1/models")
            return server

    server = asyncio.run(main())
    assert server.requests[0].path == "/parley/v1/models"
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [
        (400, "validation_error", ExitCode.USAGE),
        (404, "model_not_found", ExitCode.USAGE),
        (429, "rate_limit_exceeded", ExitCode.USAGE),
        (500, "internal_error", ExitCode.UNREACHABLE),
        (502, "all_models_failed", ExitCode.ALL_FAILED),
        (503, "overloaded", ExitCode.UNREACHABLE),
    ],
)
def test_refusal_keeps_the_servers_words_and_gets_its_exit_code(status: int, code: str, exit_code: ExitCode) -> None:
    fault = fault_of(post, json_reply(envelope(code, "What was wrong."), status))
    assert (fault.exit_code, fault.code) == (exit_code, code)
    assert fault.message.startswith("What was wrong.")
    assert fault.document() == {**envelope(code, "What was wrong."), "exit_code": int(exit_code)}


@pytest.mark.parametrize(
    ("status", "code", "facts", "step"),
    [
        (402, "spend_limit_exceeded", {}, "`parley usage` shows what was spent"),
        (413, "request_too_large", {}, "An image counts a third more"),
        (503, "overloaded", {"retry_after_seconds": 7}, "Ask again in 7 s."),
        (503, "shutting_down", {}, "Ask again in a while."),
        (500, "internal_error", {}, "The server's log has more under req_1."),
        (400, "validation_error", {}, ""),
    ],
)
def test_refusal_is_followed_by_the_next_step(status: int, code: str, facts: JsonObject, step: str) -> None:
    refused = envelope(code, "No.")
    refused["error"] = {**refused["error"], **facts}  # type: ignore[dict-item]
    fault = fault_of(post, json_reply(refused, status))
    assert fault.message.startswith("No.")
    assert fault.message.removeprefix("No.").strip().startswith(step)
    assert bool(step) == (fault.message != "No.")


def test_refused_key_says_where_the_key_belongs() -> None:
    fault = fault_of(post, json_reply(envelope("unauthorized", "No."), 401))
    assert fault.exit_code is ExitCode.USAGE
    assert "PARLEY_API_KEY" in fault.message
    assert "key-1" not in fault.message


@pytest.mark.parametrize(
    "reply",
    [
        body_reply(b"<html>not here</html>", 404, HTML),
        body_reply(b"<html>hello</html>", 200, HTML),
        json_reply(["no object"]),
        body_reply(b"", 307, [("Location", "http://127.0.0.1:1/")]),
        json_reply({"error": "text"}, 400),
    ],
)
def test_answer_of_some_other_server_is_told_apart(reply: Reply) -> None:
    fault = fault_of(post, reply)
    assert (fault.exit_code, fault.code) == (ExitCode.UNREACHABLE, "not_a_parley_server")


def test_nobody_listening_is_unreachable() -> None:
    fault = fault_of(lambda _client: Client("http://127.0.0.1:9").get("/v1/models"), json_reply({}))
    assert (fault.exit_code, fault.code) == (ExitCode.UNREACHABLE, "unreachable")
    assert "http://127.0.0.1:9" in fault.message


def test_connection_cut_before_the_answer_is_unreachable() -> None:
    assert fault_of(post, Reply((CUT,))).code == "unreachable"


def test_events_are_read_over_comments_split_lines_and_crlf() -> None:
    steps = (b": keep-alive\n\nda", b'ta: {"type":', b' "start"}\r\n\r\n', b'event: x\ndata:{"a": "\xc3', b"\xbc")
    events, _ = talk(listen, sse_reply(*steps, b'"}\n\ndata: [DONE]\n\n'))
    assert events == [{"type": "start"}, {"a": "ü"}]


@pytest.mark.parametrize("end", [(), (CUT,)])
def test_stream_without_its_end_is_broken(end: tuple[bytes, ...]) -> None:
    fault = fault_of(listen, sse_reply(b'data: {"type": "start"}\n\n', *end))
    assert (fault.exit_code, fault.code) == (ExitCode.UNREACHABLE, "stream_broken")


def test_plain_answer_to_a_stream_is_not_a_parley_server() -> None:
    assert fault_of(listen, json_reply({"data": 1})).code == "not_a_parley_server"


def test_leaving_a_stream_closes_its_connection() -> None:
    def leave(client: Client) -> None:
        with client.stream("/v3/roundtable", {}) as events:
            next(events)

    async def main() -> None:
        async with WireServer(sse_reply(b"data: {}\n\n", HANG)) as server:
            await asyncio.to_thread(leave, Client(server.url))
            await asyncio.wait_for(server.gone.wait(), 5)

    asyncio.run(main())


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://host", "http://", "http://host:port", "http://h?x=1", "/v3"])
def test_address_that_is_none_is_wrong_usage(url: str) -> None:
    with pytest.raises(CommandFault, match="--url"):
        Client(url)


def test_key_that_no_header_carries_is_wrong_usage_and_not_shown() -> None:
    with pytest.raises(CommandFault) as caught:
        Client("http://127.0.0.1:1", "se\ncret")
    assert "cret" not in str(caught.value)
