"""START HERE: the walk of one request.

    wire        authenticates and decodes, then calls `open` and `run` below, then encodes
    open        plan: unknown models and impossible requests are refused here, before money is spent
                may the key use these models; account: every call on record, its ceiling held against the key's cap
    run         fan out to every seat, resolve the answers into a verdict, add up the cost
    settle      what was used is durable before the client has its last byte, also when the run is cut short

One stream of events tells what happens on the way. Its readers are the meter, the account, trace and metrics, further
readers such as a recorder, and the client, in this order: what was used is counted before the client hears of it, so
that a client that goes away loses nothing. Streamed and plain requests walk the same way; a plain one ignores deltas.
"""

import asyncio
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from parley.books.account import Account, Payer
from parley.books.ledger import Ledger
from parley.books.meter import Meter
from parley.domain.errors import Forbidden
from parley.domain.events import (
    CallIntent,
    ConsolidationFinished,
    Emit,
    Event,
    Oversight,
    RunFinished,
    RunStarted,
    allow_all,
)
from parley.domain.limits import LimitState
from parley.domain.run import Answer, PanelRequest, PanelResult, Verdict
from parley.gate.admission import Admission
from parley.gate.keyring import Caller, check_models
from parley.panel.ceiling import intents_of
from parley.panel.fanout import fan_out
from parley.panel.plan import Plan, Planner
from parley.panel.resolve.judge import Bench
from parley.panel.resolve.resolver import resolve
from parley.panel.seat import SeatTools


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request that may run: its plan, its account, and the ids under which it is logged and traced."""

    plan: Plan
    request_id: str
    trace_id: str
    account: Account | None = None
    key_id: str = ""
    parent_span_id: str | None = None
    limits: tuple[LimitState, ...] = ()


class Watcher(Protocol):
    """A reader of one run's events that must hear of its end, also where no event tells it."""

    def __call__(self, event: Event) -> None: ...

    def finish(self, outcome: str) -> None:
        """Hear that the run is over: cancelled or failed, unless RunFinished came before."""
        ...


def watch_nothing(_ticket: Ticket) -> Sequence[Watcher]:
    """Give a run no watchers."""
    return ()


class Gateway:
    """Runs requests; knows nothing of HTTP. `make_readers` and `make_watchers` give each run its further readers."""

    def __init__(
        self,
        planner: Planner,
        tools: SeatTools,
        make_readers: Callable[[], Sequence[Emit]] = tuple,
        ledger: Ledger | None = None,
        make_watchers: Callable[[Ticket], Sequence[Watcher]] = watch_nothing,
        admission: Admission | None = None,
    ) -> None:
        """Without `ledger` and `admission` nothing is kept and nobody refused: for tests of the engine alone."""
        self._planner = planner
        self._tools = tools
        self._make_readers = make_readers
        self._make_watchers = make_watchers
        self._ledger = ledger
        self._admission = admission

    async def open(
        self,
        caller: Caller,
        request: PanelRequest,
        request_id: str,
        trace_id: str | None = None,
        parent_span_id: str | None = None,
    ) -> Ticket:
        """Plan `request` and open its account. `trace_id` is a UUID, made if absent; the parent is the caller's span.

        Raises RequestRefused or NotServing before any model is called and before money is spent.
        """
        plan = self._planner.plan(request)
        payer = Payer(caller.key_id, caller.name, caller.spend_cap_usd, caller.spend_cap_month_usd)
        first = self._planner.find(request.seats[0].model)
        intents = intents_of(plan, first, self._tools.hold_output_tokens)
        _check_models(caller, payer, plan)
        account = None if self._ledger is None else Account(self._ledger, payer, request_id, request.panel_id)
        limits = await self._admit(caller, account, intents)
        trace_id = trace_id or str(uuid.uuid4())
        return Ticket(plan, request_id, trace_id, account, caller.key_id, parent_span_id, limits)

    async def _admit(
        self, caller: Caller, account: Account | None, intents: Sequence[CallIntent]
    ) -> tuple[LimitState, ...]:
        """Count the request against the key's limits and open its account; a refused one gives its place back."""
        permit = None if self._admission is None else await self._admission.admit(caller)
        try:
            if account is not None:
                await account.open(intents)
        except BaseException:
            if permit is not None:
                await permit.give_back()
            raise
        return () if permit is None else permit.states

    def close(self, ticket: Ticket) -> None:
        """Settle what a run that never began, or was cut short, has left open; after a whole run it does nothing."""
        if ticket.account is not None:
            ticket.account.close()

    async def run(self, ticket: Ticket, client: Emit) -> PanelResult:
        """Ask every seat and resolve; failures of models are part of the result. Cancelling it cancels every call."""
        watchers = self._make_watchers(ticket)
        with _watched(watchers):
            return await self._run(ticket, [*watchers, *self._make_readers(), client])

    async def _run(self, ticket: Ticket, readers: Sequence[Emit]) -> PanelResult:
        meter = Meter()
        account = ticket.account
        books: list[Emit] = [meter] if account is None else [meter, account]
        emit = _to_all([*books, *readers])
        started = self._tools.clock()
        try:
            emit(RunStarted(ticket.plan.request, ticket.request_id, ticket.trace_id))
            oversight = Oversight(emit, account.allow if account else allow_all)
            answers = await fan_out(self._tools, ticket.plan, oversight)
            verdict = await resolve(Bench(ticket.plan, self._planner, self._tools, oversight), answers)
            emit(ConsolidationFinished(verdict))
        finally:
            if account is not None:
                account.close()
        if account is not None:
            await account.settled()
        duration_ms = round((self._tools.clock() - started) * 1000)
        result = _result(ticket, answers, verdict, meter, duration_ms)
        emit(RunFinished(result))
        return result


def _check_models(caller: Caller, payer: Payer, plan: Plan) -> None:
    """Refuse models that the key may not use, and models without a price to a key with a cap."""
    named = {route.model: route for seat in plan.seats for route in seat.routes}
    models = [*named, *([plan.judge.name] if plan.judge else [])]
    check_models(caller, models)
    if not payer.has_cap:
        return
    places = [route.deployment for seat in plan.seats for route in seat.routes]
    places += plan.judge.deployments if plan.judge else ()
    for place in places:
        if place.price is None:
            name = f"{place.provider}/{place.upstream_model}"
            raise Forbidden(f"The price of {name} is not known, so a key with a spend cap may not use it.")


def _result(
    ticket: Ticket, answers: tuple[Answer, ...], verdict: Verdict, meter: Meter, duration_ms: int
) -> PanelResult:
    return PanelResult(
        request=ticket.plan.request,
        request_id=ticket.request_id,
        trace_id=ticket.trace_id,
        answers=answers,
        verdict=verdict,
        cost_usd=meter.cost_usd,
        is_cost_complete=meter.is_complete,
        duration_ms=duration_ms,
    )


@contextmanager
def _watched(watchers: Sequence[Watcher]) -> Iterator[None]:
    """Tell `watchers` of the end of the block, however it ends."""
    outcome = "failed"
    try:
        yield
    except asyncio.CancelledError:
        outcome = "cancelled"
        raise
    finally:
        for watcher in watchers:
            watcher.finish(outcome)


def _to_all(readers: Sequence[Emit]) -> Emit:
    """Return an Emit that hands each event to all `readers`, in order."""

    def emit(event: Event) -> None:
        for read in readers:
            read(event)

    return emit
