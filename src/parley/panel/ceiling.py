"""The most that a plan's calls can use, call by call: what is put on record, and held, before the first is made."""

from parley.domain.events import CallIntent, CallRole
from parley.domain.models import Model
from parley.domain.run import Nothing, Sampling
from parley.panel.attempt import most_output_tokens
from parley.panel.plan import Plan, SeatPlan
from parley.panel.prompt_size import most_input_tokens, size_of

_JUDGE_PROMPT_TOKENS = 2_000
"""What a judge's own instructions, labels and fences take at most, in bytes and so in tokens."""


def intents_of(plan: Plan, first_seat: Model, assumed_output_tokens: int) -> tuple[CallIntent, ...]:
    """Return the first call of every seat, and after them the consolidation's if the request asks for one.

    `first_seat` is the model that consolidates where none was named.
    """
    seats = tuple(_seat(seat, assumed_output_tokens) for seat in plan.seats)
    if isinstance(plan.request.resolution, Nothing):
        return seats
    judge = plan.judge or first_seat
    question = most_input_tokens(plan.request.conversation) + len((plan.request.instructions or "").encode())
    answers = sum(intent.output_tokens for intent in seats)
    deployment = judge.deployments[0]
    return (
        *seats,
        CallIntent(
            role=CallRole.CONSOLIDATION,
            seat_index=0,
            attempt=1,
            model=judge.name,
            deployment=deployment,
            input_tokens=question + answers + _JUDGE_PROMPT_TOKENS,
            output_tokens=most_output_tokens(Sampling(), deployment, assumed_output_tokens),
            estimated_input_tokens=(question + answers) // 4,
        ),
    )


def _seat(seat: SeatPlan, assumed: int) -> CallIntent:
    """Return the seat's first call; every further one enlarges the hold by itself."""
    route = seat.routes[0]
    size = seat.size or size_of(seat.messages)
    return CallIntent(
        role=seat.role,
        seat_index=seat.index,
        attempt=1,
        model=route.model,
        deployment=route.deployment,
        input_tokens=size.most_tokens,
        output_tokens=most_output_tokens(seat.sampling, route.deployment, assumed),
        estimated_input_tokens=size.likely_tokens,
    )
