"""One tool call that asks a panel: the same gateway, keys, limits, ledger and traces as the panel's own address."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from parley.domain.errors import NotServing, RequestRefused
from parley.gate.keyring import Caller
from parley.gateway import Origin, Ticket
from parley.wire.encoding import WireObject
from parley.wire.endpoint import Run, Serving
from parley.wire.exchange import Exchange, Reply, RequestInfo
from parley.wire.mcp.progress import Notify, Progress
from parley.wire.mcp.results import panel_result, problem_result, refusal_result
from parley.wire.mcp.rpc import Params, RpcId
from parley.wire.mcp.running import CallName, RunningCalls, Underway
from parley.wire.mcp.tools import PanelTool, Toolbox
from parley.wire.trace_context import parent_span_id_of, trace_id_of


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who sent a message: `session` is the header Mcp-Session-Id, empty if absent."""

    caller: Caller
    request_id: str
    created_s: int
    session: str = ""
    traceparent: str = ""
    is_modern: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What a call asks for."""

    rpc_id: RpcId
    tool: PanelTool
    arguments: Params
    progress_token: RpcId | None


@dataclass(frozen=True, slots=True)
class PanelCall:
    """A call that may run; whoever opened it closes it. `encode` makes the answer of a result."""

    order: Order
    underway: Underway
    exchange: Exchange
    ticket: Ticket
    serving: Serving
    running: RunningCalls
    encode: Callable[[RpcId, WireObject], bytes]

    async def finish(self, notify: Notify) -> bytes | None:
        """Run it and return its answer; None if it was cancelled: then nobody waits for one."""
        request = self.exchange.request
        run = Run(self.serving, self.ticket, Progress(self.order.progress_token, self.order.tool, request, notify))
        async with asyncio.TaskGroup() as group:
            task = group.create_task(run())
            self.serving.runs.add(task)
            self.underway.bind(task)
        if run.is_unwanted:
            self.serving.log.info("call_cancelled", request_id=self.ticket.request_id)
            return None
        reply = self.exchange.reply(run.result) if run.result is not None else Reply(problem=run.problem)
        if reply.problem is not None or run.result is None:
            return self.encode(self.order.rpc_id, problem_result(reply.problem or run.problem))
        return self.encode(self.order.rpc_id, panel_result(self.order.tool, run.result, reply.body))

    def close(self) -> None:
        """Settle what a run that never began, or was cut short, has left open."""
        self.running.end(self.underway)
        self.serving.gateway.close(self.ticket)


class Counter:
    """Where calls are opened."""

    def __init__(self, serving: Serving, tools: Toolbox) -> None:
        self._serving = serving
        self._tools = tools
        self.running = RunningCalls()

    async def open(
        self, order: Order, visitor: Visitor, encode: Callable[[RpcId, WireObject], bytes]
    ) -> PanelCall | bytes:
        """Return the call that may run, or the answer of one that is refused before any model is asked."""
        serving = self._serving
        # Before anything is awaited: a client that thinks better of it may say so at once.
        underway = self.running.begin(CallName.of(visitor.caller.key_id, visitor.session, order.rpc_id))
        try:
            serving.runs.check_open()
            exchange = order.tool.contract.decode(self._tools.body(order.tool, order.arguments), self._info(visitor))
            context = visitor.traceparent
            origin = Origin(visitor.caller, visitor.request_id, trace_id_of(context), parent_span_id_of(context))
            ticket = await serving.gateway.open(origin, exchange.request)
        except BaseException as error:
            self.running.end(underway)
            if not isinstance(error, RequestRefused | NotServing):
                raise
            serving.count_refusal(order.tool.api, error.code)
            return encode(order.rpc_id, refusal_result(error))
        return PanelCall(order, underway, exchange, ticket, serving, self.running, encode)

    def _info(self, visitor: Visitor) -> RequestInfo:
        settings = self._serving.settings
        return RequestInfo(
            request_id=visitor.request_id,
            created_s=visitor.created_s,
            max_seats=settings.max_seats,
            max_models=settings.max_models,
            key_id=visitor.caller.key_id,
        )
