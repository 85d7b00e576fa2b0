"""The revisions of the protocol, and what differs between them on the wire.

Up to 2025-11-25 a client begins with `initialize`; since 2026-07-28 every request says for itself what it speaks. Both
are answered at one address. Source: modelcontextprotocol.io/specification, "Versioning" and "Streamable HTTP".
"""

import base64
import binascii
from collections.abc import Mapping

import msgspec

from parley.wire.mcp.rpc import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    UNSUPPORTED_VERSION,
    Call,
    Params,
    RpcError,
    read_param,
)

MODERN = "2026-07-28"
LEGACY = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
SUPPORTED = (MODERN, *LEGACY)

BATCHED = "2025-03-26"
"""The one revision that has batches, and the one that is spoken by who sends no header MCP-Protocol-Version."""

VERSION_HEADER = "mcp-protocol-version"
VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
_CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
_BASE64 = ("=?base64?", "?=")


def negotiate(params: Params) -> str:
    """Return the version that an `initialize` gets: the one it asks for, else the newest of its kind."""
    asked = read_param(params, "protocolVersion", str)
    if asked is None:
        raise RpcError(INVALID_PARAMS, f"params.protocolVersion is missing; such as {LEGACY[0]}.")
    return asked if asked in LEGACY else LEGACY[0]


def meta_of(params: Params) -> Params:
    """Return `_meta` of a message, empty where there is none. Raises RpcError for one that is no object."""
    return read_param(params, "_meta", dict[str, msgspec.Raw]) or {}


def read_traceparent(meta: Params) -> str:
    """Return the trace context that a message continues, empty where it names none; one that is no text is none."""
    try:
        return read_param(meta, "traceparent", str) or ""
    except RpcError:
        return ""


def check_version(version: str) -> None:
    """Raise RpcError for a version that is not spoken here."""
    if version not in SUPPORTED:
        message = f"Protocol version {version[:100]!r} is not spoken here; these are: {', '.join(SUPPORTED)}."
        raise RpcError(UNSUPPORTED_VERSION, message, {"supported": [*SUPPORTED], "requested": version[:100]})


def is_modern(headers: Mapping[str, str], call: Call) -> bool:
    """Whether a request says for itself what it speaks, by its header or in its `_meta`. Raises RpcError."""
    version = headers.get(VERSION_HEADER, "")
    return version == MODERN or VERSION_KEY in meta_of(call.params) or (version != "" and version not in LEGACY)


def check_modern(headers: Mapping[str, str], call: Call) -> None:
    """Raise RpcError unless a request's headers and `_meta` are there, agree, and name a version spoken here."""
    meta = meta_of(call.params)
    header = headers.get(VERSION_HEADER, "")
    if header and VERSION_KEY not in meta:
        check_version(header)
    missing = [key for key in (VERSION_KEY, _CAPABILITIES_KEY) if key not in meta]
    if missing:
        raise RpcError(INVALID_PARAMS, f"params._meta lacks {' and '.join(missing)}, which every request carries.")
    version = read_param(meta, VERSION_KEY, str) or ""
    _check_same("MCP-Protocol-Version", header, version)
    _check_same("Mcp-Method", headers.get("mcp-method", ""), call.method)
    if call.method == "tools/call":
        _check_same("Mcp-Name", _decoded(headers.get("mcp-name", "")), read_param(call.params, "name", str) or "")
    check_version(version)


def _check_same(name: str, header: str, value: str) -> None:
    if header != value:
        told = f"is {header[:100]!r}" if header else "is missing"
        raise RpcError(HEADER_MISMATCH, f"The header {name} {told}; the body says {value[:100]!r}.")


def _decoded(value: str) -> str:
    """Return a header's value, which stands in base64 where it is not plain ASCII; as it stands where that is none."""
    start, end = _BASE64
    if not (value.startswith(start) and value.endswith(end)):
        return value
    try:
        return base64.b64decode(value[len(start) : -len(end)], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return value
