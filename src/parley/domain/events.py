"""What happens in a run, as it happens: one stream of events, read by the meter, the trace and the client."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from enum import StrEnum

from parley.domain.errors import SeatFailure
from parley.domain.messages import ToolCall
from parley.domain.models import Deployment
from parley.domain.quick import dataclass
from parley.domain.run import Answer, PanelRequest, PanelResult, Verdict
from parley.domain.usage import Usage


class CallRole(StrEnum):
    """What a model call is for. Source: contracts/gateway.md, usage events."""

    SEAT = "seat"
    CONSOLIDATION = "consolidation"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class RunStarted:
    request: PanelRequest
    request_id: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class AttemptStarted:
    """A call is about to go upstream. `attempt` counts from 1 within the call of `role` and `seat_index`.

    `model` is the name that callers use.
    """

    role: CallRole
    seat_index: int
    attempt: int
    deployment: Deployment
    model: str = ""


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """A call has ended, well, badly or cut short: `usage` is what it used, estimated where the provider gave none.

    `cost_usd` is None where the price is not known.
    """

    role: CallRole
    seat_index: int
    attempt: int
    deployment: Deployment
    usage: Usage
    duration_ms: int
    first_token_ms: int | None
    failure: SeatFailure | None
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class SeatDelta:
    """Text of a seat, as it arrives."""

    seat_index: int
    text: str


@dataclass(frozen=True, slots=True)
class SeatReasoning:
    """Reasoning text of a seat, where a provider shows it (chat)."""

    seat_index: int
    text: str


@dataclass(frozen=True, slots=True)
class SeatRefusal:
    """A refusal's text, as it arrives (chat)."""

    seat_index: int
    text: str


@dataclass(frozen=True, slots=True)
class SeatToolCall:
    """A piece of a tool call (chat): `call_index` tells which; `call_id` and `name` stand on its first piece."""

    seat_index: int
    call_index: int
    call: ToolCall


@dataclass(frozen=True, slots=True)
class SeatFinished:
    """A seat has answered or failed; its deltas all came before."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class JudgeSeated:
    """A consolidation call begins: the judge's name, and the shuffle it sees (`order` holds seat indices)."""

    model: str
    shuffle_seed: int
    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ConsolidationDelta:
    """Text of the consolidation, labels already mapped back to names; `model` is the judge's name."""

    model: str
    text: str


@dataclass(frozen=True, slots=True)
class ConsolidationFinished:
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class RunFinished:
    result: PanelResult


Event = (
    RunStarted
    | AttemptStarted
    | AttemptEnded
    | SeatDelta
    | SeatReasoning
    | SeatRefusal
    | SeatToolCall
    | SeatFinished
    | JudgeSeated
    | ConsolidationDelta
    | ConsolidationFinished
    | RunFinished
)

Emit = Callable[[Event], None]
"""Hands one event to the readers; never blocks, never raises."""


@dataclass(frozen=True, slots=True)
class CallIntent:
    """A call that is about to be made; `attempt` counts from 1 within its seat or judge.

    `input_tokens` and `output_tokens` are the most that it is taken to use, `estimated_input_tokens` what is likely.
    """

    role: CallRole
    seat_index: int
    attempt: int
    model: str
    deployment: Deployment
    input_tokens: int
    output_tokens: int
    estimated_input_tokens: int


Allow = Callable[[CallIntent], Awaitable[SeatFailure | None]]
"""Whether a call may be made: returns once it is on record, or why it may not."""


async def allow_all(_intent: CallIntent) -> SeatFailure | None:
    """Allow every call: for a gateway that keeps no books."""
    return None


@dataclass(frozen=True, slots=True)
class Oversight:
    """What a run owes to those who watch it: every event told, every call allowed before it is made."""

    emit: Emit
    allow: Allow = allow_all
