"""MCP over HTTP: a message in a POST, its answer as JSON, or as a stream with the progress of a panel before it.

Serves clients of both eras (`versions.py`). A session id is handed out but not kept: it only tells apart the calls that
a notification may cancel. A client that closes its connection cancels what runs for it, in every version. Every
refusal is an error of JSON-RPC, so that clients show its sentence; its status and headers are the gateway's.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.types import Receive, Scope, Send

from parley.catalog.catalog import Catalog
from parley.domain.errors import Forbidden, NotServing, RequestRefused
from parley.wire.body import ClientGone, header, read_body
from parley.wire.encoding import WireObject
from parley.wire.endpoint import Serving, Ticker, send_reply, watch_client
from parley.wire.exchange import KEEP_ALIVE, SSE_HEADERS
from parley.wire.limit_headers import limit_headers
from parley.wire.mcp.call import PanelCall, Visitor
from parley.wire.mcp.dialog import Dialog
from parley.wire.mcp.rpc import (
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    Call,
    ClientReply,
    Malformed,
    Message,
    Note,
    RpcError,
    RpcId,
    encode_error,
    read_messages,
)
from parley.wire.mcp.versions import (
    BATCHED,
    MODERN,
    VERSION_HEADER,
    check_modern,
    check_version,
    is_modern,
    meta_of,
    read_traceparent,
)
from parley.wire.problems import Problem, problem_of

_JSON = (b"content-type", b"application/json")
_SESSION_BYTES = 24
_MOST_SESSION_CHARACTERS = 200
_ROUTING = (VERSION_HEADER, "mcp-method", "mcp-name")
_NO_BATCH = "Messages come one by one in this version of the protocol; only {} has batches."

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class _Accepts:
    """What a client takes."""

    json: bool
    stream: bool


class McpEndpoint:
    """POST /mcp."""

    def __init__(self, serving: Serving, catalog: Catalog) -> None:
        self._serving = serving
        self._dialog = Dialog(serving, catalog)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._answer(scope, receive, send)
        except RpcError as error:
            await _send_error(send, None, error)
        except (RequestRefused, NotServing) as error:
            await _send_problem(send, problem_of(error, 400), scope["state"]["request_id"])
        except ClientGone:
            return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        serving = self._serving
        _check_origin(scope, serving.settings.cors_origins)
        caller = serving.keyring.check(header(scope, b"authorization"))
        accepts = _read_accept(scope)
        body = await read_body(scope, receive, serving.settings.max_body_bytes, serving.patience.body_s)
        session = header(scope, b"mcp-session-id")[:_MOST_SESSION_CHARACTERS]
        visitor = Visitor(caller, scope["state"]["request_id"], int(time.time()), session)
        visitor = replace(visitor, traceparent=header(scope, b"traceparent"))
        messages, is_batch = read_messages(body)
        exchange = _Exchange(serving, self._dialog, visitor, accepts)
        try:
            if is_batch:
                _check_batch(header(scope, VERSION_HEADER.encode()), messages)
                await exchange.answer_batch(messages, receive, send)
            else:
                await exchange.answer_one(messages[0], _routing_headers(scope), receive, send)
        except RpcError as error:
            only = messages[0]
            await _send_error(send, only.rpc_id if isinstance(only, Call | Malformed) and not is_batch else None, error)


class _Exchange:
    """The answer to one POST. It owns the tasks of the panels that run for it."""

    def __init__(self, serving: Serving, dialog: Dialog, visitor: Visitor, accepts: _Accepts) -> None:
        self._serving = serving
        self._dialog = dialog
        self._visitor = visitor
        self._accepts = accepts
        self._calls: list[PanelCall] = []
        self._outbox: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._wrote_at = 0.0

    async def answer_one(self, message: Message, headers: Mapping[str, str], receive: Receive, send: Send) -> None:
        """Answer one message. Raises RpcError, which has a status of its own since 2026-07-28."""
        match message:
            case Malformed(error=error):
                raise error
            case ClientReply():
                check_version(headers.get(VERSION_HEADER, "") or BATCHED)
                await send_reply(send, 202, [], b"")
            case Note():
                check_version(headers.get(VERSION_HEADER, "") or BATCHED)
                visitor = replace(self._visitor, is_modern=headers.get(VERSION_HEADER) == MODERN)
                self._dialog.hear(message, visitor)
                await send_reply(send, 202, [], b"")
            case Call():
                await self._answer_call(message, headers, receive, send)

    async def answer_batch(self, messages: Sequence[Message], receive: Receive, send: Send) -> None:
        """Answer a batch; its errors stand beside its results."""
        try:
            done = [answer for message in messages if (answer := await self._begun(message)) is not None]
            if not done and not self._calls:
                await send_reply(send, 202, [], b"")
            else:
                await self._send(done, receive, send, is_batch=True)
        finally:
            self._close()

    async def _answer_call(self, call: Call, headers: Mapping[str, str], receive: Receive, send: Send) -> None:
        modern = is_modern(headers, call)
        try:
            if modern:
                check_modern(headers, call)
            done = await self._begin(call, modern)
            if done is None:
                await self._send([], receive, send)
                return
            opened = [(b"mcp-session-id", _new_session())] if call.method == "initialize" else []
            await self._send_at_once(done, opened, send)
        except RpcError as error:
            # Before 2026-07-28 a status other than 200 meant that the transport had failed.
            await _send_error(send, call.rpc_id, error, None if modern else 200)
        finally:
            self._close()

    async def _begun(self, message: Message) -> bytes | None:
        match message:
            case Malformed(error=error, rpc_id=rpc_id):
                return encode_error(rpc_id, error)
            case Call(method="initialize", rpc_id=rpc_id):
                return encode_error(rpc_id, RpcError(INVALID_REQUEST, "initialize can't stand in a batch."))
            case Call(rpc_id=rpc_id):
                try:
                    return await self._begin(message, modern=False)
                except RpcError as error:
                    return encode_error(rpc_id, error)
            case Note():
                self._dialog.hear(message, self._visitor)
        return None

    async def _begin(self, call: Call, modern: bool) -> bytes | None:
        """Return the answer of a call; None if a panel has to be run for it."""
        traceparent = read_traceparent(meta_of(call.params)) or self._visitor.traceparent
        visitor = replace(self._visitor, is_modern=modern, traceparent=traceparent)
        begun = await self._dialog.answer(call, visitor)
        if isinstance(begun, bytes):
            return begun
        self._calls.append(begun)
        return None

    async def _send_at_once(self, answer: bytes, headers: Headers, send: Send) -> None:
        if self._accepts.json:
            await send_reply(send, 200, [_JSON, *headers], answer)
        else:
            await send_reply(send, 200, [*SSE_HEADERS, *headers], _frame(answer))

    async def _send(self, done: Sequence[bytes], receive: Receive, send: Send, is_batch: bool = False) -> None:
        """Run the panels and write what is told of them, as it comes where the client takes a stream."""
        self._serving.runs.check_running()
        for answer in done:
            self._outbox.put_nowait(answer)
        write = self._stream if self._accepts.stream else self._collect
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(watch_client(receive))
                group.create_task(self._run_all())
                await write(send, is_batch)
                watch.cancel()
        except* ClientGone:
            self._serving.log.info("client_gone", request_id=self._visitor.request_id)

    async def _run_all(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for call in self._calls:
                    group.create_task(self._run(call))
        finally:
            self._outbox.put_nowait(None)

    async def _run(self, call: PanelCall) -> None:
        notify = self._outbox.put_nowait if self._accepts.stream else _drop
        answer = await call.finish(notify)
        if answer is not None:
            self._outbox.put_nowait(answer)

    async def _stream(self, send: Send, _is_batch: bool) -> None:
        headers = [*SSE_HEADERS, *self._limits()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        ticker = Ticker(self._serving.patience.keep_alive_s, lambda: self._wrote_at, self._keep_alive)
        try:
            while (told := await self._outbox.get()) is not None:
                frame = _frame(told) if told else KEEP_ALIVE
                await send({"type": "http.response.body", "body": frame, "more_body": True})
                self._wrote_at = asyncio.get_running_loop().time()
        finally:
            ticker.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _collect(self, send: Send, is_batch: bool) -> None:
        answers = []
        while (told := await self._outbox.get()) is not None:
            answers.append(told)
        if not answers:
            await send_reply(send, 202, [], b"")  # it was cancelled: nobody waits for an answer
            return
        whole = b"[" + b",".join(answers) + b"]" if is_batch else answers[0]
        await send_reply(send, 200, [_JSON, *self._limits()], whole)

    def _keep_alive(self) -> None:
        self._outbox.put_nowait(b"")

    def _limits(self) -> Headers:
        """Return how full the key's windows are with the last call that was let in."""
        return limit_headers(self._calls[-1].ticket.limits) if self._calls else []

    def _close(self) -> None:
        for call in self._calls:
            call.close()


def _check_origin(scope: Scope, allowed: Sequence[str]) -> None:
    """Raise Forbidden for a page of another origin, which may have bound its own name to this address."""
    origin, host = header(scope, b"origin").lower(), header(scope, b"host").lower()
    is_own = origin in {f"http://{host}", f"https://{host}"}
    if origin and not is_own and origin not in allowed and "*" not in allowed:
        raise Forbidden(f"Origin is {origin[:80]!r}; name it in server.cors_origins if that page may use this server.")


def _read_accept(scope: Scope) -> _Accepts:
    """Return what the client takes. Raises RpcError if that is neither JSON nor a stream."""
    said = header(scope, b"accept") or "*/*"
    kinds = {kind.split(";")[0].strip().lower() for kind in said.split(",")}
    takes_json = not kinds.isdisjoint({"application/json", "application/*", "*/*"})
    takes_stream = not kinds.isdisjoint({"text/event-stream", "text/*", "*/*"})
    if not (takes_json or takes_stream):
        message = f"Accept is {said[:80]!r}; it must name application/json and text/event-stream."
        raise RpcError(406, message)
    return _Accepts(takes_json, takes_stream)


def _routing_headers(scope: Scope) -> dict[str, str]:
    """Return the headers that repeat what stands in the body. Raises RpcError where one stands twice."""
    found: dict[str, str] = {}
    for key, value in scope["headers"]:
        name = str(key, "latin-1")
        if name in _ROUTING and name in found:
            raise RpcError(INVALID_REQUEST, f"The header {name} stands twice; send it once.")
        if name in _ROUTING:
            found[name] = str(value, "latin-1").strip()
    return found


def _check_batch(version: str, messages: Sequence[Message]) -> None:
    check_version(version or BATCHED)
    only = messages[0] if len(messages) == 1 else None
    if (version or BATCHED) != BATCHED:
        raise RpcError(INVALID_REQUEST, _NO_BATCH.format(BATCHED))
    if isinstance(only, Malformed):
        raise only.error


def _status(error: RpcError) -> int:
    """Return the status of a protocol error. Source: Streamable HTTP, "Request Metadata"."""
    if error.code > 0:
        return error.code  # ours: JSON-RPC's are below
    return 404 if error.code == METHOD_NOT_FOUND else 400


async def _send_error(send: Send, rpc_id: RpcId | None, error: RpcError, status: int | None = None) -> None:
    await send_reply(send, status or _status(error), [_JSON], encode_error(rpc_id, error))


async def _send_problem(send: Send, problem: Problem, request_id: str) -> None:
    """Answer with the gateway's status and headers; the code is the status, as JSON-RPC's own mean other things."""
    data: WireObject = {"code": problem.code, "request_id": request_id}
    if problem.retry_after_s is not None:
        data["retry_after_seconds"] = problem.retry_after_s
    error = RpcError(problem.status, problem.message, data)
    headers = problem.headers()
    if problem.status == 408:
        headers.append((b"connection", b"close"))
    await send_reply(send, problem.status, headers, encode_error(None, error))


def _frame(message: bytes) -> bytes:
    return b"event: message\ndata: " + message + b"\n\n"


def _new_session() -> bytes:
    return secrets.token_urlsafe(_SESSION_BYTES).encode()


def _drop(_note: bytes) -> None:
    """A client that takes no stream hears of no progress."""
