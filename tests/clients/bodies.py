"""Requests that many tests make, and answers that a scripted server gives to them."""

from typing import Any

from clients.recorded import case_named
from wire_server import CUT, Pause, Reply, body_reply, head, json_reply

ROUNDTABLE: dict[str, Any] = {"input": "How much is 12 * (3 + 4)?", "models": ["sandbox/terse", "sandbox/thorough"]}
COMPARE: dict[str, Any] = {
    "messages": [{"role": "user", "content": "How much is 12 * (3 + 4)?"}],
    "models": ["sandbox/terse", "sandbox/thorough"],
}
CHAT: dict[str, Any] = {"messages": COMPARE["messages"], "model": "sandbox/terse"}
BODIES = {"roundtable": ROUNDTABLE, "compare": COMPARE, "chat": CHAT}
VERDICT: dict[str, Any] = {
    "input": "Is a monolith the better start? Say how sure you are.",
    "models": ["sandbox/terse"],
}

_GOOD = {"roundtable": "roundtable/summary", "compare": "compare/comparison", "chat": "chat/plain"}


def good_reply(family: str) -> Reply:
    """The recorded answer of a plain call."""
    return json_reply(case_named(_GOOD[family]).response)


def problem_reply(status: int, code: str = "a_code", retry_after: str | None = None) -> Reply:
    """An error in the server's envelope."""
    error = {"code": code, "message": f"It is {status}.", "type": "api_error", "param": None}
    headers = [("Retry-After", retry_after)] if retry_after is not None else []
    return json_reply({"error": error, "request_id": "req_1"}, status, headers)


def other_reply(body: bytes, status: int, content_type: str) -> Reply:
    """An answer that no Parley gave: a proxy's, for instance."""
    return body_reply(body, status, [("Content-Type", content_type), ("X-Request-Id", "req_2")])


def cut_in_the_body() -> Reply:
    started = head(200, [("Content-Type", "application/json"), ("Content-Length", "1000")])
    return Reply((started + b'{"id": "rt_', Pause(0.02), CUT))
