"""START HERE: the walk of one request.

    wire        authenticates and decodes, then calls `open` and `run` below, then encodes
    open        plan: unknown models and impossible requests are refused here, before money is spent
    run         fan out to every seat, resolve the answers into a verdict, add up the cost

One stream of events tells what happens on the way. Its readers are the meter, further readers such as a recorder,
and the client, in this order: what was used is counted before the client hears of it, so that a client that goes away
loses nothing. Streamed and plain requests walk the same way; a plain one ignores the deltas.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from parley.books.meter import Meter
from parley.domain.events import ConsolidationFinished, Emit, Event, RunFinished, RunStarted
from parley.domain.run import Answer, PanelRequest, PanelResult, Verdict
from parley.panel.fanout import fan_out
from parley.panel.plan import Plan, Planner
from parley.panel.resolve.judge import Bench
from parley.panel.resolve.resolver import resolve
from parley.panel.seat import SeatTools


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request that may run: its plan, and the ids under which it is logged and traced."""

    plan: Plan
    request_id: str
    trace_id: str


class Gateway:
    """Runs requests; knows nothing of HTTP. `make_readers` gives each run its further readers of events."""

    def __init__(self, planner: Planner, tools: SeatTools, make_readers: Callable[[], Sequence[Emit]] = tuple) -> None:
        self._planner = planner
        self._tools = tools
        self._make_readers = make_readers

    def open(self, request: PanelRequest, request_id: str, trace_id: str | None = None) -> Ticket:
        """Plan `request`; raises RequestRefused before any model is called. `trace_id` is a UUID, made if absent."""
        return Ticket(self._planner.plan(request), request_id, trace_id or str(uuid.uuid4()))

    async def run(self, ticket: Ticket, client: Emit) -> PanelResult:
        """Ask every seat and resolve; failures of models are part of the result. Cancelling it cancels every call."""
        meter = Meter()
        emit = _to_all([meter, *self._make_readers(), client])
        started = self._tools.clock()
        emit(RunStarted(ticket.plan.request, ticket.request_id, ticket.trace_id))

        answers = await fan_out(self._tools, ticket.plan, emit)
        verdict = await resolve(Bench(ticket.plan, self._planner, self._tools, emit), answers)
        emit(ConsolidationFinished(verdict))

        duration_ms = round((self._tools.clock() - started) * 1000)
        result = _result(ticket, answers, verdict, meter, duration_ms)
        emit(RunFinished(result))
        return result


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


def _to_all(readers: Sequence[Emit]) -> Emit:
    """Return an Emit that hands each event to all `readers`, in order."""

    def emit(event: Event) -> None:
        for read in readers:
            read(event)

    return emit
