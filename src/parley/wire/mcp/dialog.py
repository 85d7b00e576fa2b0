"""What each method of the protocol answers; the same for every transport. Knows no HTTP.

Stateless: nothing is kept between two messages but which calls run, so any process may answer any of them.
"""

from collections.abc import Mapping
from typing import cast

import msgspec

from parley import __version__
from parley.catalog.catalog import Catalog
from parley.domain.errors import RequestRefused
from parley.gate.keyring import allows
from parley.wire.encoding import Wire, WireObject
from parley.wire.endpoint import Serving
from parley.wire.mcp.call import Counter, Order, PanelCall, Visitor
from parley.wire.mcp.results import models_result, refusal_result
from parley.wire.mcp.rpc import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    Call,
    Note,
    Params,
    RpcError,
    RpcId,
    check_brief,
    encode_result,
    read_param,
)
from parley.wire.mcp.running import CallName
from parley.wire.mcp.tools import LIST_MODELS, ModelsQuery, Toolbox
from parley.wire.mcp.versions import SUPPORTED, meta_of, negotiate
from parley.wire.models import search_models

_ABOUT = """\
Parley asks several language models at once. roundtable merges their answers, vote counts them, compare sets them side \
by side with an evaluation. Names of models are those of list_models; call it first. Models whose names begin with \
sandbox/ are programs for trying things out. The models see only what stands in the arguments. Every call but \
list_models may cost money; its result says how much."""
_SERVER: WireObject = {"name": "parley", "title": "Parley", "version": __version__}
_SERVER_KEY = "io.modelcontextprotocol/serverInfo"
_CAPABILITIES: WireObject = {"tools": {}}
_FRESH: WireObject = {"ttlMs": 300_000, "cacheScope": "public"}
"""Of what changes with a release alone."""

_SHOWN = (
    *("id", "name", "provider", "brand", "context_length", "is_free", "supports_tools"),
    *("supports_structured_output", "supports_thinking", "description", "sandbox"),
)


class Dialog:
    """Answers requests; a call that asks a panel is handed back to be run."""

    def __init__(self, serving: Serving, catalog: Catalog) -> None:
        self._tools = Toolbox()
        self._counter = Counter(serving, self._tools)
        self._catalog = catalog

    def hear(self, note: Note, visitor: Visitor) -> None:
        """Take a notification. Of those that clients send, one asks for something."""
        if note.method == "notifications/cancelled" and not visitor.is_modern:
            rpc_id = _read_id(note.params, "requestId")
            if rpc_id is not None:
                self._counter.running.cancel(CallName.of(visitor.caller.key_id, visitor.session, rpc_id))

    async def answer(self, call: Call, visitor: Visitor) -> PanelCall | bytes:
        """Return the answer of a request, or the call that has to be run for it. Raises RpcError."""
        encode = _encode_modern if visitor.is_modern else encode_result
        match call.method:
            case "initialize" if not visitor.is_modern:
                return encode(call.rpc_id, _welcome(negotiate(call.params)))
            case "server/discover" if visitor.is_modern:
                return encode(call.rpc_id, _discovery())
            case "ping":
                return encode(call.rpc_id, {})
            case "tools/list":
                fresh = _FRESH if visitor.is_modern else {}
                return encode(call.rpc_id, {"tools": [*self._tools.definitions], **fresh})
            case "tools/call":
                return await self._call_tool(call, visitor)
            case unknown:
                raise RpcError(METHOD_NOT_FOUND, f"Method {unknown[:100]!r} is not served here; this server has tools.")

    async def _call_tool(self, call: Call, visitor: Visitor) -> PanelCall | bytes:
        encode = _encode_modern if visitor.is_modern else encode_result
        name = read_param(call.params, "name", str) or ""
        arguments = read_param(call.params, "arguments", dict[str, msgspec.Raw]) or {}
        tool = self._tools.panel(name)
        if tool is not None:
            order = Order(call.rpc_id, tool, arguments, _read_id(meta_of(call.params), "progressToken"))
            return await self._counter.open(order, visitor, encode)
        if name == LIST_MODELS:
            return encode(call.rpc_id, self._list_models(arguments, visitor))
        raise RpcError(INVALID_PARAMS, f"There is no tool {name[:100]!r}; these are: {', '.join(self._tools.names)}.")

    def _list_models(self, arguments: Params, visitor: Visitor) -> WireObject:
        try:
            query = self._tools.query(arguments)
            listed = [
                model
                for model in self._catalog.models()
                if allows(visitor.caller, model.name) and query.provider in {None, model.deployments[0].provider}
            ]
            found = search_models(listed, _spelled(query))
        except RequestRefused as error:
            return refusal_result(error)
        items = [_shown(item) for item in cast(list[WireObject], found["items"])]
        return models_result({**cast(WireObject, found), "items": [*items]})


def _welcome(version: str) -> WireObject:
    return {
        "protocolVersion": version,
        "capabilities": _CAPABILITIES,
        "serverInfo": _SERVER,
        "instructions": _ABOUT,
    }


def _discovery() -> WireObject:
    versions: list[Wire] = [*SUPPORTED]
    return {"supportedVersions": versions, "capabilities": _CAPABILITIES, "instructions": _ABOUT, **_FRESH}


def _encode_modern(rpc_id: RpcId, result: WireObject) -> bytes:
    return encode_result(rpc_id, {"resultType": "complete", **result, "_meta": {_SERVER_KEY: _SERVER}})


def _read_id(params: Params, name: str) -> RpcId | None:
    """Return an id or a token, None where there is none. Raises RpcError for one of another kind."""
    raw = params.get(name)
    if raw is None or bytes(raw) == b"null":
        return None
    first = bytes(raw).lstrip()[:1]
    if first not in b'"-0123456789':
        raise RpcError(INVALID_PARAMS, f"{name} must be text or an integer.")
    kind: type[str] | type[int] = str if first == b'"' else int
    value = read_param(params, name, kind)
    return None if value is None else check_brief(value, name)


def _spelled(query: ModelsQuery) -> Mapping[str, str]:
    """Return the query as the address of the search has it."""
    given = {"q": query.q, "limit": query.limit, "offset": query.offset}
    spelled = {name: str(value) for name, value in given.items() if value is not None}
    return spelled if query.free is None else {**spelled, "free": "true" if query.free else "false"}


def _shown(item: WireObject) -> WireObject:
    """Return of a model what it takes to choose it."""
    pricing = cast(WireObject, item["pricing"])
    prices: WireObject = {name: pricing[name] for name in ("prompt_usd_per_1m", "completion_usd_per_1m")}
    return {**{name: item[name] for name in _SHOWN if name in item}, "pricing": prices}
