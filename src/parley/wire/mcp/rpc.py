"""JSON-RPC 2.0 as MCP narrows it: messages off the wire, results and errors onto it. Knows no method.

Source: modelcontextprotocol.io/specification/2026-07-28/basic, "Messages" and "Error Codes"; batches are of 2025-03-26.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn, TypeVar

import msgspec

from parley.domain.json import JsonValue
from parley.wire.encoding import Wire, WireObject, encode_json

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022

MOST_BATCHED = 32
MOST_ID_CHARACTERS = 256
"""Of ids and progress tokens, which come back with every message about them."""

RpcId = str | int
Params = Mapping[str, msgspec.Raw]
T = TypeVar("T")

_PLACES = {list: "an array", dict: "an object", str: "text", bool: "true or false", int: "an integer"}


class RpcError(Exception):
    """The answer to a message is an error of the protocol: `code` is JSON-RPC's, `data` is for programs."""

    def __init__(self, code: int, message: str, data: Wire = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


@dataclass(frozen=True, slots=True)
class Call:
    """A request: it gets one answer."""

    rpc_id: RpcId
    method: str
    params: Params = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """A notification: it gets none."""

    method: str
    params: Params = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClientReply:
    """A client's answer to a request of ours. We send none, so it is passed over."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """What is no message, and the error that answers it."""

    error: RpcError
    rpc_id: RpcId | None = None


Message = Call | Note | ClientReply | Malformed


def read_messages(body: bytes) -> tuple[tuple[Message, ...], bool]:
    """Return the messages of `body`, and whether they came as a batch. What is none is Malformed."""
    if body.lstrip(b" \t\r\n")[:1] != b"[":
        return (_read(body),), False
    try:
        rows = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return (_no_json(error),), True
    if not 1 <= len(rows) <= MOST_BATCHED:
        message = f"The batch has {len(rows)} messages; it must have 1 to {MOST_BATCHED}."
        return (Malformed(RpcError(INVALID_REQUEST, message)),), True
    return tuple(_read(row) for row in rows), True


def read_param(params: Params, name: str, kind: type[T]) -> T | None:
    """Return the parameter `name`, None where it is absent or null. Raises RpcError for one of another kind."""
    raw = params.get(name)
    if raw is None or bytes(raw) == b"null":
        return None
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        wanted = _PLACES.get(getattr(kind, "__origin__", kind), "what the protocol says")
        place = f"params.{name}" if name else "params"
        raise RpcError(INVALID_PARAMS, f"{place} must be {wanted}: {error}.") from None


def check_brief(value: RpcId, name: str) -> RpcId:
    """Return an id or a token. Raises RpcError for one that is too long to come back with every message."""
    size = len(value) if isinstance(value, str) else value.bit_length() // 3
    if size > MOST_ID_CHARACTERS:
        _refuse(f"{name} has {size} characters; the most is {MOST_ID_CHARACTERS}.")
    return value


def encode_result(rpc_id: RpcId, result: WireObject) -> bytes:
    return encode_json({"jsonrpc": "2.0", "id": rpc_id, "result": result})


def encode_error(rpc_id: RpcId | None, error: RpcError) -> bytes:
    """Return the error; without an id where it could not be read."""
    told: WireObject = {"code": error.code, "message": error.message}
    if error.data is not None:
        told["data"] = error.data
    return encode_json({"jsonrpc": "2.0", "id": rpc_id, "error": told})


def encode_note(method: str, params: WireObject) -> bytes:
    return encode_json({"jsonrpc": "2.0", "method": method, "params": params})


def _read(raw: bytes | msgspec.Raw) -> Message:
    try:
        fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        return Malformed(RpcError(INVALID_REQUEST, "A message is a JSON object with jsonrpc, method and, mostly, id."))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return _no_json(error)
    try:
        return _message(fields)
    except RpcError as error:
        return Malformed(error, _readable_id(fields))


def _message(fields: Params) -> Message:
    if _value(fields, "jsonrpc") != "2.0":
        _refuse('jsonrpc must be "2.0".')
    if "method" not in fields and ("result" in fields or "error" in fields):
        return ClientReply()
    method = _value(fields, "method")
    if not isinstance(method, str):
        _refuse("method must be text, such as tools/call.")
    params = read_param({"": fields["params"]}, "", dict[str, msgspec.Raw]) if "params" in fields else None
    if "id" not in fields:
        return Note(method, params or {})
    rpc_id = _value(fields, "id")
    if isinstance(rpc_id, bool) or not isinstance(rpc_id, str | int):
        _refuse("id must be text or an integer, and never null.")
    return Call(check_brief(rpc_id, "id"), method, params or {})


def _value(fields: Params, name: str) -> JsonValue:
    """Return a field of a message; None also for one that can't be read."""
    try:
        value: JsonValue = msgspec.json.decode(fields.get(name, b"null"))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return value


def _readable_id(fields: Params) -> RpcId | None:
    rpc_id = _value(fields, "id")
    is_one = isinstance(rpc_id, str | int) and not isinstance(rpc_id, bool)
    return rpc_id if is_one and len(bytes(fields["id"])) <= MOST_ID_CHARACTERS else None  # type: ignore[return-value]  # is_one


def _no_json(error: Exception) -> Malformed:
    return Malformed(RpcError(PARSE_ERROR, f"This is not JSON: {str(error) or 'it is nested too deeply'}."))


def _refuse(message: str) -> NoReturn:
    raise RpcError(INVALID_REQUEST, message)
