"""/mcp described: the envelope of JSON-RPC. What stands in it is the protocol's own matter, and docs/mcp.md's."""

from parley.domain.json import JsonObject, JsonValue
from reference.answers import COUNTED, answer
from reference.errors import JSON
from reference.operations import Operation
from reference.shapes import anything, constant, nullable, record, ref, text
from reference.streams import StreamEvent

FRAMES = (
    "`event: message` and `data: {json}` for each message. Progress comes while seats finish, if the call has a "
    "`progressToken`; the answer is the last. Comment lines (`: keep-alive`) every 15 s of silence."
)

EVENTS = (StreamEvent("message", "McpEvent", "Progress while a panel runs, and the answer at its end."),)

_REFUSALS = {
    "400": "No JSON-RPC message, a version of the protocol that is not spoken here, or headers that differ from the "
    "body.",
    "401": "No API key, or one that is unknown, disabled or expired.",
    "403": "The `Origin` is a page that `server.cors_origins` does not name, or the "
    "`Host` of a server without keys is not loopback.",
    "404": "No such method, for clients of 2026-07-28 and later; earlier ones get it with status 200.",
    "406": "`Accept` names neither JSON nor event streams.",
    "408": "The body did not arrive within 30 seconds.",
    "413": "The body is larger than `server.max_body_bytes`.",
    "415": "The body is not `application/json`, or compressed.",
    "500": "A fault on the server's side, in the envelope of the other endpoints.",
    "503": "The server is shutting down.",
}


def operations() -> tuple[Operation, ...]:
    """Return the one endpoint of the protocol."""
    refusals: JsonObject = {status: _refusal(status, said) for status, said in _REFUSALS.items()}
    taken: JsonObject = {"description": "A notification was taken; there is no body.", "headers": _request_id()}
    return (
        Operation(
            "post",
            "/mcp",
            "MCP",
            "exchangeMcpMessage",
            "Use the panels as tools of another program",
            "The Model Context Protocol over streamable HTTP, with the tools `roundtable`, `vote`, `compare` and "
            "`list_models`. A tool call that is refused or fails is a result with `isError`, not an error.",
            {"200": answer(_answers(), "The answer.", COUNTED, (FRAMES, EVENTS)), "202": taken, **refusals},
            "McpBody",
            (
                _header("MCP-Protocol-Version", "What the client speaks."),
                _header("Mcp-Session-Id", "As `initialize` gave it."),
            ),
        ),
    )


def schemas() -> JsonObject:
    """Return the components of the protocol."""
    rpc = constant("2.0", "The version of JSON-RPC.")
    rpc_id: JsonObject = {"type": ["string", "integer", "null"], "description": "The request's; null: it was not read."}
    params: JsonObject = {"type": "object", "description": "What the method takes."}
    error: JsonObject = {
        "code": {"type": "integer", "description": "JSON-RPC's or the protocol's; above 0: the HTTP status."},
        "message": text("A sentence."),
        "data": anything("Facts for programs."),
    }
    taken = nullable(params)  # null comes from libraries that write every field
    message: JsonObject = {
        "jsonrpc": rpc,
        "id": {"type": ["string", "integer"], "description": "The client's choice; absent: a notification."},
        "method": text("Such as tools/call.", "ping"),
        "params": taken,
    }
    return {
        "McpBody": {
            "anyOf": [ref("McpMessage"), {"type": "array", "minItems": 1, "maxItems": 32, "items": {}}],
            "description": "A message; in 2025-03-26 also a batch, in which what is no message gets its own error.",
        },
        "McpMessage": record("A request, or without `id` a notification.", message, ("id", "params")),
        "McpResult": record("The answer of a request.", {"jsonrpc": rpc, "id": rpc_id, "result": _anything()}),
        "McpNotification": record(
            "What is told while a panel runs.", {"jsonrpc": rpc, "method": text("The kind."), "params": params}
        ),
        "McpEvent": {"anyOf": [ref("McpNotification"), ref("McpResult"), ref("McpError")]},
        "McpError": record(
            "A request that can't be answered.",
            {"jsonrpc": rpc, "id": nullable(rpc_id), "error": record("Why.", error, ("data",))},
        ),
    }


def _anything() -> JsonObject:
    return {"type": "object", "description": "What the method gives."}


def _answers() -> JsonObject:
    either: list[JsonValue] = [ref("McpResult"), ref("McpError")]
    return {"anyOf": [*either, {"type": "array", "items": {"anyOf": either}}]}


def _refusal(status: str, said: str) -> JsonObject:
    either: list[JsonValue] = [ref("McpError"), ref("Error")]
    schema: JsonObject = ref("McpError")
    if status in {"403", "500"}:  # may come before it is known that this is for MCP
        schema = {"anyOf": either}
    return {"description": said, "headers": _request_id(), "content": {JSON: {"schema": schema}}}


def _request_id() -> JsonObject:
    return {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}


def _header(name: str, said: str) -> JsonObject:
    return {"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": said}
