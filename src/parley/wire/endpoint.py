"""The one panel endpoint: authenticate, read, decode, open, run, encode; every public API goes through it.

The response owns the tasks of its run: the run itself, the watch for a client that goes away, and the writer. When the
client goes, the run is cancelled at once and with it every call upstream. Nothing here knows a contract's fields.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.types import Receive, Scope, Send

from parley.books.idempotency import Idempotency
from parley.books.templates import Templates
from parley.domain.errors import InvalidRequest, NotServing, RequestRefused
from parley.domain.events import AttemptEnded, ConsolidationFinished, Emit, Event, JudgeSeated
from parley.domain.run import PanelResult
from parley.domain.settings import Patience, ServerSettings
from parley.gate.keyring import Caller, Keyring
from parley.gateway import Gateway, Origin, Ticket
from parley.wire.body import ClientGone, header, read_body
from parley.wire.channel import Channel
from parley.wire.exchange import KEEP_ALIVE, SSE_HEADERS, Contract, Exchange, Reply, RequestInfo
from parley.wire.limit_headers import limit_headers
from parley.wire.log import Log
from parley.wire.once import REPLAYED, Once, key_fault
from parley.wire.problems import INTERNAL, Problem, located, problem_of
from parley.wire.runs import Runs, shutting_down
from parley.wire.templated import find_template
from parley.wire.trace_context import parent_span_id_of, trace_id_of

_TOO_SLOW = 408
_FOR_THE_BOOKS = frozenset({AttemptEnded, JudgeSeated, ConsolidationFinished})
"""The end of an attempt and shuffles: no contract tells of them."""

_APIS = {"/v3/roundtable": "roundtable", "/v1/chat/compare": "compare"}
_JSON = ((b"content-type", b"application/json"),)
_CACHE_HIT = (b"x-cache", b"HIT")


def _count_nothing(_api: str, _code: str) -> None:
    """Of a house without metrics."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What an endpoint needs of the house. `count_refusal` takes the API and the code of a request that was not run."""

    gateway: Gateway
    keyring: Keyring
    settings: ServerSettings
    runs: Runs
    log: Log
    templates: Templates
    marks: Idempotency
    patience: Patience = Patience()
    count_refusal: Callable[[str, str], None] = _count_nothing


class PanelEndpoint:
    """Answers one public API at one path, as an ASGI application."""

    def __init__(self, contract: Contract, serving: Serving) -> None:
        self._contract = contract
        self._serving = serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        once = Once(self._serving.marks)
        try:
            await self._answer(scope, receive, send, once)
        except (RequestRefused, NotServing) as error:
            await once.free()
            self._serving.count_refusal(_APIS.get(scope["path"], "chat"), error.code)
            problem = located(problem_of(error, self._contract.validation_status))
            await send_problem(send, problem, scope["state"]["request_id"])
        except ClientGone:
            return
        finally:
            await once.free()

    async def _answer(self, scope: Scope, receive: Receive, send: Send, once: Once) -> None:
        serving = self._serving
        caller = serving.keyring.check(header(scope, b"authorization"))
        serving.runs.check_open()
        body = await read_body(scope, receive, serving.settings.max_body_bytes, serving.patience.body_s)
        key = header(scope, b"idempotency-key")
        replay = await once.begin(caller.key_id, key, scope["path"], body)
        if replay is not None:
            await send_reply(send, 200, [*_JSON, REPLAYED], replay)
            return
        exchange, ticket = await self._open(scope, caller, body)
        try:
            serving.runs.check_running()
            if exchange.request.is_streamed:
                await _Stream(serving, exchange, ticket).answer(receive, send)
            else:
                await self._answer_plain(exchange, ticket, once, receive, send)
        finally:
            # A client that leaves before its run has taken its first step leaves an open account behind.
            serving.gateway.close(ticket)

    async def _open(self, scope: Scope, caller: Caller, body: bytes) -> tuple[Exchange, Ticket]:
        serving = self._serving
        named = self._contract.template_named(body)
        info = RequestInfo(
            request_id=scope["state"]["request_id"],
            created_s=int(time.time()),
            sdk=header(scope, b"x-meshapi-sdk"),
            max_seats=serving.settings.max_seats,
            max_models=serving.settings.max_models,
            key_id=caller.key_id,
            template=None if named is None else await find_template(serving.templates, caller, named),
        )
        exchange = self._contract.decode(body, info)
        if exchange.request.is_streamed and header(scope, b"idempotency-key"):
            raise _not_on_streams()
        context = header(scope, b"traceparent")
        origin = Origin(caller, info.request_id, trace_id_of(context), parent_span_id_of(context))
        return exchange, await serving.gateway.open(origin, exchange.request)

    async def _answer_plain(self, exchange: Exchange, ticket: Ticket, once: Once, receive: Receive, send: Send) -> None:
        run = Run(self._serving, ticket, _ignore)
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(watch_client(receive))
                task = group.create_task(run())
                task.add_done_callback(lambda _task: watch.cancel())
                self._serving.runs.add(task)
        except* ClientGone:
            self._serving.log.info("client_gone", request_id=ticket.request_id)
        if run.is_unwanted:
            return
        reply = exchange.reply(run.result) if run.result is not None else Reply(problem=run.problem)
        if reply.problem is not None:
            await once.free()
            await send_problem(send, replace(reply.problem, limits=ticket.limits), ticket.request_id)
            return
        await once.keep(reply.body)
        is_cached = run.result is not None and run.result.is_cached
        await send_reply(
            send, 200, [*_JSON, *([_CACHE_HIT] if is_cached else []), *limit_headers(ticket.limits)], reply.body
        )


class Run:
    """One run as a task: it ends in a result or in a problem, and raises nothing but its cancellation."""

    def __init__(self, serving: Serving, ticket: Ticket, client: Emit) -> None:
        self._serving = serving
        self._ticket = ticket
        self._client = client
        self._failure: Problem | None = None
        self.result: PanelResult | None = None

    async def __call__(self) -> None:
        try:
            self.result = await self._serving.gateway.run(self._ticket, self._client)
        except NotServing as outage:  # neither store nor journal could take what the run has used
            self._failure = problem_of(outage, 400)
        except Exception:  # the outermost edge of the run's task: the client gets a documented error
            self._failure = INTERNAL
            self._serving.log.exception("run_failed", request_id=self._ticket.request_id)

    @property
    def is_unwanted(self) -> bool:
        """Whether it was cancelled because the client has left, even before its first step."""
        return self.result is None and self._failure is None and not self._serving.runs.is_stopped

    @property
    def problem(self) -> Problem:
        """Why there is no result."""
        return self._failure or problem_of(shutting_down(), 400)


class _Stream:
    """One streamed response."""

    def __init__(self, serving: Serving, exchange: Exchange, ticket: Ticket) -> None:
        self._serving = serving
        self._exchange = exchange
        self._ticket = ticket
        self._channel = Channel(_is_for_clients)
        self._has_begun = False
        self._wrote_at = 0.0

    async def answer(self, receive: Receive, send: Send) -> None:
        """Write events until the run ends, the client goes, or the server must stop."""
        run = Run(self._serving, self._ticket, self._channel.put)
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(watch_client(receive))
                task = group.create_task(run())
                task.add_done_callback(lambda _task: self._channel.close())
                self._serving.runs.add(task)
                await self._write(send, run)
                watch.cancel()
        except* ClientGone:
            self._serving.log.info("client_gone", request_id=self._ticket.request_id)

    async def _write(self, send: Send, run: Run) -> None:
        if not self._exchange.starts_late:
            await self._begin(send)
        problem: Problem | None = None
        ticker = self._start_ticker()
        try:
            while (events := await self._channel.take()) is not None:
                told = [self._exchange.event(event) for event in events]
                frames = b"".join([one for one in told if isinstance(one, bytes)])
                problem = next((one for one in told if isinstance(one, Problem)), None)
                if frames or not events:
                    await self._send(send, frames or KEEP_ALIVE)
        finally:
            ticker.cancel()
        await self._end(send, run.problem if run.result is None else problem)

    async def _begin(self, send: Send) -> None:
        headers = [*SSE_HEADERS, *limit_headers(self._ticket.limits)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        self._has_begun = True

    async def _end(self, send: Send, problem: Problem | None) -> None:
        """End the stream, with what went wrong as its last word or, if it has not begun, in its place."""
        if problem is not None and not self._has_begun:
            await send_problem(send, replace(problem, limits=self._ticket.limits), self._ticket.request_id)
            return
        if problem is not None:
            await self._send(send, self._exchange.error(problem))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send, frames: bytes) -> None:
        """Write `frames`; `protocol.py` gives up a client that does not take them."""
        if not self._has_begun:
            await self._begin(send)
        await send({"type": "http.response.body", "body": frames, "more_body": True})
        self._wrote_at = asyncio.get_running_loop().time()

    def _start_ticker(self) -> "Ticker":
        return Ticker(self._serving.patience.keep_alive_s, lambda: self._wrote_at, self._channel.nudge)


class Ticker:
    """Calls `tick` after each `every_s` of silence; one timer for a whole stream, moved only when it fires."""

    def __init__(self, every_s: float, last: Callable[[], float], tick: Callable[[], None]) -> None:
        self._every_s = every_s
        self._last = last
        self._tick = tick
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(every_s, self._fire)

    def cancel(self) -> None:
        self._timer.cancel()

    def _fire(self) -> None:
        due = self._last() + self._every_s
        if due <= self._loop.time():
            self._tick()
            due = self._loop.time() + self._every_s
        self._timer = self._loop.call_at(due, self._fire)


async def watch_client(receive: Receive) -> None:
    """Raise ClientGone when the client closes its connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
    raise ClientGone


async def send_problem(send: Send, problem: Problem, request_id: str) -> None:
    """Answer with the error envelope; a connection whose client dawdles ends with it."""
    headers = problem.headers()
    if problem.status == _TOO_SLOW:
        headers.append((b"connection", b"close"))
    await send_reply(send, problem.status, headers, problem.envelope(request_id))


async def send_reply(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _is_for_clients(event: Event) -> bool:
    return type(event) not in _FOR_THE_BOOKS


def _not_on_streams() -> InvalidRequest:
    return key_fault("Idempotency-Key can't be combined with stream: a stream is not stored; leave one of them out.")


def _ignore(_event: Event) -> None:
    """A plain request reads no events."""
