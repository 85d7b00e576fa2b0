"""/mcp byte by byte: versions, headers, statuses, streams, cancellation, and what no honest client would send."""

import json
import subprocess
import sys
import time
from typing import Any

import jsonschema_rs
import pytest

from parley.domain.settings import Patience
from serving import ADMIN_KEY, OPEN, Got, connect, post, send, serving
from silent import MODEL, silent_provider

KEY = {"Authorization": f"Bearer {ADMIN_KEY}"}
BOTH = {"Accept": "application/json, text/event-stream"}
MODERN = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "tests", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
ASK = {"input": "Tea or coffee? Tea is warm.", "models": ["sandbox/terse", "sandbox/contrarian"], "resolution": "fast"}
WAIT_S = 20


def request(method: str, params: Any = None, rpc_id: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": rpc_id, "method": method, **({} if params is None else {"params": params})}


def tool(name: str, arguments: Any, rpc_id: Any = 1, token: Any = None) -> dict[str, Any]:
    meta = {} if token is None else {"_meta": {"progressToken": token}}
    return request("tools/call", {"name": name, "arguments": arguments, **meta}, rpc_id)


def tell(url: str, message: Any, **headers: str) -> Got:
    """Send a message as clients before 2026-07-28 do."""
    return post(url, "/mcp", message, {**KEY, **BOTH, **{name.replace("_", "-"): one for name, one in headers.items()}})


def ask(url: str, method: str, params: Any = None, headers: dict[str, str] | None = None, meta: Any = META) -> Got:
    """Send a request as clients since 2026-07-28 do; `headers` are laid over the right ones."""
    params = {**(params or {}), **({} if meta is None else {"_meta": meta})}
    named = {"MCP-Protocol-Version": MODERN, "Mcp-Method": method}
    if "name" in params:
        named["Mcp-Name"] = params["name"]
    sent = {name: one for name, one in {**KEY, **BOTH, **named, **(headers or {})}.items() if one}
    return post(url, "/mcp", request(method, params), sent)


def failed(got: Got) -> tuple[int, int, Any]:
    """Return the status, the code of the error, and the id that it answers."""
    assert got.headers["content-type"] == "application/json"
    assert got.json["error"]["message"]
    return got.status, got.json["error"]["code"], got.json["id"]


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
def test_initialize_gets_the_version_that_it_asks_for(version: str) -> None:
    with serving("") as url:
        got = tell(url, request("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": {}}))
        assert got.status == 200
        assert got.json["result"]["protocolVersion"] == version
        assert got.json["result"]["capabilities"] == {"tools": {}}
        assert got.json["result"]["serverInfo"]["name"] == "parley"
        assert "list_models" in got.json["result"]["instructions"]
        assert len(got.headers["mcp-session-id"]) >= 32
        noted = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        after = tell(url, noted, Mcp_Session_Id=got.headers["mcp-session-id"], MCP_Protocol_Version=version)
        assert (after.status, after.body) == (202, b"")
        assert tell(url, request("ping"), MCP_Protocol_Version=version).json == {
            "jsonrpc": "2.0",
            "id": 1,
            "result": {},
        }


def test_initialize_with_a_version_of_its_own_gets_the_newest_that_has_it() -> None:
    with serving("") as url:
        for asked in ("1999-01-01", MODERN, "😀"):
            got = tell(url, request("initialize", {"protocolVersion": asked}))
            assert got.json["result"]["protocolVersion"] == "2025-11-25"
        assert failed(tell(url, request("initialize", {}))) == (200, -32602, 1)
        assert failed(tell(url, request("initialize", {"protocolVersion": 5}))) == (200, -32602, 1)


def test_client_of_today_discovers_and_needs_no_session() -> None:
    with serving("") as url:
        got = ask(url, "server/discover")
        assert got.status == 200
        assert "mcp-session-id" not in got.headers
        result = got.json["result"]
        assert result["resultType"] == "complete"
        assert result["supportedVersions"][0] == MODERN
        assert result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "parley"
        listed = ask(url, "tools/list").json["result"]
        assert listed["ttlMs"] > 0
        assert listed["cacheScope"] == "public"
        called = ask(url, "tools/call", {"name": "list_models", "arguments": {}}).json["result"]
        assert called["resultType"] == "complete"
        assert called["isError"] is False


@pytest.mark.parametrize(
    ("headers", "meta", "status", "code"),
    [
        ({}, None, 400, -32602),
        ({}, {}, 400, -32602),
        ({}, {**META, "io.modelcontextprotocol/protocolVersion": 5}, 400, -32602),
        ({"MCP-Protocol-Version": ""}, META, 400, -32020),
        ({"MCP-Protocol-Version": "2025-11-25"}, META, 400, -32020),
        ({"Mcp-Method": ""}, META, 400, -32020),
        ({"Mcp-Method": "tools/list"}, META, 400, -32020),
        ({"Mcp-Name": ""}, META, 400, -32020),
        ({"Mcp-Name": "vote"}, META, 400, -32020),
        ({"Mcp-Name": "=?base64?!!!?="}, META, 400, -32020),
        ({"MCP-Protocol-Version": "2099-01-01"}, None, 400, -32022),
        (
            {"MCP-Protocol-Version": "2099-01-01"},
            {**META, "io.modelcontextprotocol/protocolVersion": "2099-01-01"},
            400,
            -32022,
        ),
    ],
)
def test_headers_and_body_must_say_the_same(headers: dict[str, str], meta: Any, status: int, code: int) -> None:
    with serving("") as url:
        got = ask(url, "tools/call", {"name": "list_models", "arguments": {}}, headers, meta)
    assert failed(got) == (status, code, 1)
    if code == -32022:
        assert got.json["error"]["data"]["supported"][:2] == [MODERN, "2025-11-25"]
        assert got.json["error"]["data"]["requested"] == "2099-01-01"


def test_name_may_stand_in_base64() -> None:
    with serving("") as url:
        encoded = {"Mcp-Name": "=?base64?bGlzdF9tb2RlbHM=?="}
        assert ask(url, "tools/call", {"name": "list_models"}, encoded).status == 200


def test_unknown_method_has_a_status_of_its_own_since_it_was_given_one() -> None:
    with serving("") as url:
        assert failed(ask(url, "resources/list")) == (404, -32601, 1)
        assert failed(ask(url, "initialize", {"protocolVersion": "2025-11-25"})) == (404, -32601, 1)
        assert failed(tell(url, request("resources/list"))) == (200, -32601, 1)
        assert failed(tell(url, request("server/discover"))) == (200, -32601, 1)
        assert failed(tell(url, request("ping"), MCP_Protocol_Version="1.0")) == (400, -32022, 1)


@pytest.mark.parametrize(
    ("body", "code", "rpc_id"),
    [
        (b"", -32700, None),
        (b"{", -32700, None),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping"} x', -32700, None),
        (b'"ping"', -32600, None),
        (b"null", -32600, None),
        (b"{}", -32600, None),
        (b'{"jsonrpc":"1.0","id":7,"method":"ping"}', -32600, 7),
        (b'{"jsonrpc":"2.0","id":"a"}', -32600, "a"),
        (b'{"jsonrpc":"2.0","id":7,"method":5}', -32600, 7),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":"' + b"x" * 300 + b'","method":"ping"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":[]}', -32602, 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":"x"}', -32602, 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"\xff"}', -32600, 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":' + b"[" * 100_000 + b"]" * 100_000 + b"}", -32700, None),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"_meta":5}}', -32602, 7),
        (b"[]", -32600, None),
        (b"[" * 100_000, -32700, None),
    ],
)
def test_what_is_no_message_is_refused_by_the_rules_of_json_rpc(body: bytes, code: int, rpc_id: Any) -> None:
    with serving("") as url:
        assert failed(tell(url, body))[1:] == (code, rpc_id)
        assert failed(tell(url, body))[0] == 400
        assert tell(url, request("ping")).status == 200


@pytest.mark.parametrize(
    "params",
    [
        {"name": 5},
        {},
        {"name": "vote", "arguments": []},
        {"name": "vote", "arguments": ASK, "_meta": {"progressToken": 1.5}},
        {"name": "vote", "arguments": ASK, "_meta": {"progressToken": True}},
        {"name": "vote", "arguments": ASK, "_meta": {"progressToken": {"a": 1}}},
        {"name": "vote", "arguments": ASK, "_meta": {"progressToken": "x" * 300}},
    ],
)
def test_call_of_a_wrong_shape_is_an_error_of_the_protocol(params: Any) -> None:
    with serving("") as url:
        status, code, rpc_id = failed(tell(url, request("tools/call", params)))
    assert (status, rpc_id) in {(200, 1), (400, 1)}
    assert code in {-32602, -32600}


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ([], "params must be an object"),
        ({"name": "vote", "_meta": {"progressToken": {}}}, "progressToken must be text or an integer"),
        ({"name": "vote", "_meta": {"progressToken": True}}, "progressToken must be text or an integer"),
        ({"name": "vote", "_meta": {"progressToken": 1.5}}, "progressToken must be an integer"),
    ],
)
def test_call_of_a_wrong_shape_is_told_which_would_be_right(params: Any, told: str) -> None:
    with serving("") as url:
        assert tell(url, request("tools/call", params)).json["error"]["message"].replace("params.", "").startswith(told)


def test_arguments_that_are_no_honest_json_are_refused_and_hurt_nobody() -> None:
    deep = b"[" * 5_000 + b"]" * 5_000
    body = (
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"%b","arguments":{"input":%b,"models":["a"]}}}'
    )
    with serving("") as url:
        for name in (b"roundtable", b"compare", b"list_models"):
            for value in (deep, b'"\xff"'):
                got = tell(url, body % (name, value))
                assert got.status in {200, 400}
                assert "error" in got.json or got.json["result"]["isError"]
        assert tell(url, request("ping")).status == 200


def test_answer_to_nothing_is_taken_and_passed_over() -> None:
    with serving("") as url:
        assert tell(url, {"jsonrpc": "2.0", "id": 1, "result": {}}).status == 202
        assert tell(url, {"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "no"}}).status == 202
        assert tell(url, {"jsonrpc": "2.0", "method": "notifications/unheard_of"}).status == 202
        odd = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 99}}
        assert tell(url, odd, Mcp_Session_Id="s").status == 202


def test_batches_are_of_one_version_alone() -> None:
    batch = [
        request("ping", rpc_id=1),
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        request("nothing", rpc_id=2),
        tool("roundtable", ASK, rpc_id="three"),
        {"jsonrpc": "1.0", "id": 4, "method": "ping"},
        request("initialize", {"protocolVersion": "2025-03-26"}, rpc_id=5),
    ]
    with serving("") as url:
        for headers in ({}, {"MCP_Protocol_Version": "2025-03-26"}):
            got = tell(url, batch, **headers)
            assert got.status == 200
            answers = {answer["id"]: answer for answer in got.events}
            assert set(answers) == {1, 2, "three", 4, 5}
            assert answers[1]["result"] == {}
            assert answers[2]["error"]["code"] == -32601
            assert answers["three"]["result"]["isError"] is False
            assert answers[4]["error"]["code"] == answers[5]["error"]["code"] == -32600
        plain = post(url, "/mcp", batch, {**KEY, "Accept": "application/json"})
        assert {answer["id"] for answer in plain.json} == {1, 2, "three", 4, 5}
        assert tell(url, [{"jsonrpc": "2.0", "method": "notifications/initialized"}]).status == 202
        assert failed(tell(url, batch, MCP_Protocol_Version="2025-11-25")) == (400, -32600, None)
        assert failed(tell(url, batch, MCP_Protocol_Version=MODERN)) == (400, -32600, None)
        assert failed(tell(url, [request("ping")] * 33)) == (400, -32600, None)
        assert tell(url, [request("ping")] * 32).status == 200


def test_stream_carries_progress_and_ends_with_the_answer() -> None:
    with serving("") as url:
        got = tell(url, tool("roundtable", ASK, rpc_id="r", token="t"))
        silent = tell(url, tool("roundtable", ASK, rpc_id="r"))
    assert got.headers["content-type"].startswith("text/event-stream")
    assert got.headers["x-accel-buffering"] == "no"
    assert got.body.startswith(b"event: message\ndata: ")
    *notes, answer = got.events
    assert [note["method"] for note in notes] == ["notifications/progress"] * 2
    assert [note["params"]["progress"] for note in notes] == [1, 2]
    assert {(note["params"]["progressToken"], note["params"]["total"]) for note in notes} == {("t", 2)}
    assert answer["id"] == "r"
    assert len(silent.events) == 1


def test_client_that_takes_json_alone_gets_the_answer_alone() -> None:
    with serving("") as url:
        got = post(url, "/mcp", tool("roundtable", ASK, token=5), {**KEY, "Accept": "application/json"})
        assert got.headers["content-type"] == "application/json"
        assert got.json["result"]["isError"] is False
        stream = post(url, "/mcp", request("tools/list"), {**KEY, "Accept": "text/event-stream"})
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.events[0]["result"]["tools"]
        assert failed(post(url, "/mcp", request("ping"), {**KEY, "Accept": "text/html"})) == (406, 406, None)
        assert post(url, "/mcp", request("ping"), KEY).status == 200


def test_structure_of_every_tool_is_as_its_schema_says() -> None:
    calls = {
        "roundtable": {**ASK, "models": [*ASK["models"], "sandbox/down"], "resolution": "summary"},
        "vote": {"input": "Is 3 > 2?", "choices": ["yes", "no"], "models": [*ASK["models"], "sandbox/down"]},
        "compare": {"input": "Is 3 > 2?", "models": [*ASK["models"], "sandbox/down"]},
        "list_models": {},
    }
    with serving("") as url:
        tools = {one["name"]: one for one in tell(url, request("tools/list")).json["result"]["tools"]}
        for name, arguments in calls.items():
            got = tell(url, tool(name, arguments))
            answer = got.events[-1] if got.events else got.json
            assert jsonschema_rs.validator_for(tools[name]["inputSchema"]).is_valid(arguments)
            found = jsonschema_rs.validator_for(tools[name]["outputSchema"]).iter_errors(
                answer["result"]["structuredContent"]
            )
            assert [fault.message for fault in found] == []


def test_key_is_wanted_and_its_limits_and_models_hold() -> None:
    with serving("") as url:
        made = post(url, "/v1/keys", {"name": "tools", "rpm": 1, "models": ["sandbox/terse"]}, KEY).json
        own = {"Authorization": f"Bearer {made['key']}", **BOTH}
        terse = {**ASK, "models": ["sandbox/terse"]}
        none = post(url, "/mcp", request("ping"), BOTH)
        assert failed(none) == (401, 401, None)
        assert none.headers["www-authenticate"] == "Bearer"
        assert none.json["error"]["data"]["code"] == "unauthorized"
        assert none.json["error"]["data"]["request_id"] == none.headers["x-request-id"]

        listed = post(url, "/mcp", tool("list_models", {}), own).json["result"]["structuredContent"]
        assert [item["id"] for item in listed["items"]] == ["sandbox/terse"]
        other = post(url, "/mcp", tool("roundtable", ASK), own).json["result"]
        assert other["isError"] is True
        assert "is not for this key" in other["content"][0]["text"]
        first = post(url, "/mcp", tool("roundtable", terse), own)
        assert first.headers["x-ratelimit-remaining"] == "0"
        assert first.events[-1]["result"]["isError"] is False
        second = post(url, "/mcp", tool("roundtable", terse), own).json["result"]
        assert second["isError"] is True
        assert "limit of 1 RPM is used up" in second["content"][0]["text"]
        assert "Call again in" in second["content"][0]["text"]


def test_call_is_in_the_ledger_and_its_trace_is_the_one_it_names() -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    with serving("") as url:
        message = tool("roundtable", ASK)
        message["params"]["_meta"] = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
        whole = tell(url, message).events[-1]["result"]["structuredContent"]
        events = post(url, "/v1/usage/events", {"panel_id": whole["id"]}, KEY).json["events"]
    assert whole["meta"]["trace_uuid"].replace("-", "") == trace
    assert sorted(event["model"] for event in events) == sorted(ASK["models"])
    assert sum(float(event["cost"]) for event in events) == pytest.approx(whole["meta"]["total_cost"])


def test_body_is_bounded_typed_and_whole() -> None:
    with serving("[server]\nmax_body_bytes = 2000\n") as url:
        long = tool("roundtable", {**ASK, "input": "x" * 2000})
        assert failed(tell(url, long)) == (413, 413, None)
        assert failed(tell(url, request("ping"), Content_Type="text/plain")) == (415, 415, None)
        assert failed(tell(url, request("ping"), Content_Encoding="gzip")) == (415, 415, None)


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_other_methods_are_not_served(method: str) -> None:
    with serving("") as url:
        got = send(url, method, "/mcp", None, {**KEY, "Accept": "text/event-stream"})
    assert got.status == 405
    assert got.headers["allow"] == "POST"


def test_page_of_another_origin_is_refused() -> None:
    origins = '[server]\ncors_origins = ["https://tools.example"]\n'
    with serving(origins) as url:
        assert failed(tell(url, request("ping"), Origin="https://evil.example")) == (403, 403, None)
        assert failed(tell(url, request("ping"), Origin="null")) == (403, 403, None)
        allowed = tell(url, request("initialize", {"protocolVersion": "2025-11-25"}), Origin="https://tools.example")
        assert allowed.status == 200
        assert "mcp-session-id" in allowed.headers["access-control-expose-headers"].lower()
        assert tell(url, request("ping"), Origin=url).status == 200
    with serving(OPEN) as url:
        assert post(url, "/mcp", request("ping"), {**BOTH, "Host": "evil.example"}).status == 403
        assert post(url, "/mcp", request("ping"), {**BOTH, "Origin": "https://evil.example"}).status == 403
        assert post(url, "/mcp", request("ping"), BOTH).status == 200


def test_header_that_stands_twice_is_refused() -> None:
    body = json.dumps(request("ping", {"_meta": META})).encode()
    lines = [
        "POST /mcp HTTP/1.1",
        f"Host: 127.0.0.1\r\nAuthorization: {KEY['Authorization']}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"MCP-Protocol-Version: {MODERN}",
        "Mcp-Method: ping\r\nMcp-Method: tools/list",
        "Connection: close",
    ]
    with serving("") as url, connect(url) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        got = b"".join(iter(lambda: line.recv(65_536), b""))
    assert got.startswith(b"HTTP/1.1 400 ")
    assert b"stands twice" in got


def outcome(url: str, model: str) -> str:
    rows = post(url, "/v1/usage/events", {"model": model}, KEY).json["events"]
    return rows[0]["outcome"] if rows else ""


def wait_for(url: str, wanted: str, model: str = MODEL) -> None:
    ends = time.monotonic() + WAIT_S
    while outcome(url, model) != wanted:
        assert time.monotonic() < ends, f"{model} is {outcome(url, model)!r} and not {wanted!r}"
        time.sleep(0.02)


def endless(url: str, session: str, rpc_id: Any, accept: str = "*/*") -> Any:
    """Begin a call that does not end; returns its connection."""
    body = json.dumps(tool("roundtable", {**ASK, "models": [MODEL]}, rpc_id=rpc_id)).encode()
    lines = ["POST /mcp HTTP/1.1", "Host: 127.0.0.1", f"Authorization: {KEY['Authorization']}"]
    lines += [
        f"Accept: {accept}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    lines += [f"Mcp-Session-Id: {session}"] if session else []
    line = connect(url)
    line.sendall("\r\n".join([*lines, "", ""]).encode() + body)
    return line


def test_notification_cancels_the_call_that_it_names_and_no_other() -> None:
    def cancel(rpc_id: Any, **headers: str) -> int:
        note = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": rpc_id}}
        return tell(url, note, **headers).status

    with silent_provider() as toml, serving(toml) as url, endless(url, "mine", 1) as line:
        wait_for(url, "running")
        assert cancel(1) == 202
        assert cancel(1, Mcp_Session_Id="another") == 202
        assert cancel("1", Mcp_Session_Id="mine") == 202
        assert cancel(2, Mcp_Session_Id="mine") == 202
        made = post(url, "/v1/keys", {"name": "other"}, KEY).json
        note = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
        post(url, "/mcp", note, {"Authorization": f"Bearer {made['key']}", "Mcp-Session-Id": "mine"})
        assert outcome(url, MODEL) == "running"
        assert cancel(1, Mcp_Session_Id="mine") == 202
        wait_for(url, "cancelled")
        got = b"".join(iter(lambda: line.recv(65_536), b""))
    assert got.startswith(b"HTTP/1.1 200 ")
    assert b'"result"' not in got, "a cancelled call has no answer"


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_client_that_leaves_cancels_its_call(accept: str) -> None:
    with silent_provider() as toml, serving(toml) as url:
        line = endless(url, "", 1, accept)
        wait_for(url, "running")
        line.close()
        wait_for(url, "cancelled")


def test_long_silence_is_bridged_by_comments() -> None:
    quick = Patience(keep_alive_s=0.05)
    with silent_provider() as toml, serving(toml, patience=quick) as url, endless(url, "", 1) as line:
        got = b""
        while got.count(b": keep-alive\n\n") < 3:
            piece = line.recv(65_536)
            assert piece, got
            got += piece


def test_server_that_stops_says_so_in_the_answers_of_running_calls() -> None:
    with silent_provider() as toml, serving(f"[server]\nshutdown_grace_s = 0\n{toml}") as url:
        line = endless(url, "", 1)
        wait_for(url, "running")
    with line:
        got = b"".join(iter(lambda: line.recv(65_536), b""))
    assert b'"isError":true' in got
    assert b"The server is shutting down" in got


def test_server_that_never_hears_of_mcp_does_not_load_it() -> None:
    program = (
        "import sys; from parley.config import load_config; from parley.server import local_server\n"
        "env = {'PARLEY_STORE_URL': 'sqlite:///:memory:', 'PARLEY_ADMIN_KEY': 'k' * 32}\n"
        "with local_server(load_config(None, env)):\n"
        "    print([name for name in sys.modules if name.startswith('parley.wire.mcp')])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout == "[]\n"
