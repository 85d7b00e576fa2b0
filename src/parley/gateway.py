"""START HERE: the walk of one request.

    wire        authenticates and decodes, then calls `open` and `run` below, then encodes
    open        plan: unknown models and impossible requests are refused here, before money is spent
                permission, limits, account: every call on record, what it may cost held against the key's cap
    run         fan out to every seat, resolve the answers into a verdict, add up the cost
    settle      what was used is durable before the client has its last byte, also when the run is cut short

One stream of events tells what happens on the way. Its readers are the meter, the account, trace and metrics, further
readers such as a recorder, and the client, in this order: what was used is counted before the client hears of it, so
that a client that goes away loses nothing. Streamed and plain requests walk the same way; a plain one ignores deltas.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from parley.books.account import Account, Payer
from parley.books.ledger import Ledger
from parley.books.meter import Meter
from parley.books.readers import Watched, Watcher, to_all
from parley.books.unkept import Unkept
from parley.domain.events import ConsolidationFinished, Emit, Oversight, RunFinished, RunStarted
from parley.domain.ids import new_uuid
from parley.domain.limits import LimitState
from parley.domain.run import PanelRequest, PanelResult
from parley.gate.admission import Admission
from parley.gate.keyring import Caller
from parley.gate.permission import check_use
from parley.panel.ceiling import intents_of
from parley.panel.fanout import fan_out
from parley.panel.plan import Plan, Planner
from parley.panel.resolve.judge import Bench
from parley.panel.resolve.resolver import resolve
from parley.panel.seat import SeatTools


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sent a request, and the ids under which it is logged and traced. `trace_id` is a UUID, made if absent."""

    caller: Caller
    request_id: str
    trace_id: str | None = None
    parent_span_id: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request that may run: its plan, its open account, and how full its key's windows are with it."""

    plan: Plan
    origin: Origin
    trace_id: str
    account: Account | Unkept
    limits: tuple[LimitState, ...]

    @property
    def request_id(self) -> str:
        return self.origin.request_id


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads each run's events besides the books and the client; both are called once a run."""

    make: Callable[[], Sequence[Emit]] = tuple
    make_watchers: Callable[[Ticket], Sequence[Watcher]] = lambda _ticket: ()


class Gateway:
    """Runs requests; knows nothing of HTTP. Without a `ledger` no books are kept: for tests of the engine alone."""

    def __init__(
        self,
        planner: Planner,
        tools: SeatTools,
        admission: Admission,
        ledger: Ledger | None = None,
        readers: Readers = Readers(),
    ) -> None:
        self._planner = planner
        self._tools = tools
        self._admission = admission
        self._ledger = ledger
        self._readers = readers

    async def open(self, origin: Origin, request: PanelRequest) -> Ticket:
        """Let a request in. Raises RequestRefused or NotServing before any model is called or money spent."""
        plan = self._planner.plan(request)
        check_use(origin.caller, plan.places(), request.panel_name)
        permit = await self._admission.admit(origin.caller)
        account = self._account(origin, request)
        try:
            first_seat = self._planner.find(request.seats[0].model)
            await account.open(intents_of(plan, first_seat, self._tools.hold_output_tokens))
        except BaseException:
            await permit.give_back()  # a request that is refused after all does not count
            raise
        return Ticket(plan, origin, origin.trace_id or new_uuid(), account, permit.states)

    async def run(self, ticket: Ticket, client: Emit) -> PanelResult:
        """Ask every seat and resolve; failures of models are part of the result. Cancelling it cancels every call."""
        watchers = self._readers.make_watchers(ticket)
        with Watched(watchers):
            meter = Meter()
            emit = to_all([meter, ticket.account, *watchers, *self._readers.make()], client)
            started = self._tools.clock()
            try:
                emit(RunStarted(ticket.plan.request, ticket.request_id, ticket.trace_id))
                oversight = Oversight(emit, ticket.account.allow)
                answers = await fan_out(self._tools, ticket.plan, oversight)
                verdict = await resolve(Bench(ticket.plan, self._planner, self._tools, oversight), answers)
                emit(ConsolidationFinished(verdict))
            finally:
                ticket.account.close()
            await ticket.account.settled()

            result = PanelResult(
                request=ticket.plan.request,
                request_id=ticket.request_id,
                trace_id=ticket.trace_id,
                answers=answers,
                verdict=verdict,
                cost_usd=meter.cost_usd,
                is_cost_complete=meter.is_complete,
                duration_ms=round((self._tools.clock() - started) * 1000),
            )
            emit(RunFinished(result))
        return result

    def close(self, ticket: Ticket) -> None:
        """Settle what a run that never began, or was cut short, has left open; after a whole run it does nothing."""
        ticket.account.close()

    def _account(self, origin: Origin, request: PanelRequest) -> Account | Unkept:
        if self._ledger is None:
            return Unkept()
        caller = origin.caller
        payer = Payer(caller.key_id, caller.name, caller.spend_cap_usd, caller.spend_cap_month_usd)
        return Account(self._ledger, payer, origin.request_id, request.panel_id)
