"""Count answers as votes: the plurality wins; a tie goes to a tie-breaker, and failing that to the earliest seat."""

from dataclasses import replace

from parley.domain.errors import FailureCode, SeatFailure
from parley.domain.run import Answer, ChoiceCount, Verdict, Vote, VoteCount
from parley.panel.check import ChoiceCheck
from parley.panel.resolve.judge import Bench, Brief

_TASK = """\
A panel was asked the question below and its vote is tied between the choices listed here. Decide between them."""


async def count_votes(bench: Bench, resolution: Vote, answers: tuple[Answer, ...]) -> Verdict:
    """Return the winning choice exactly as written, with the tally; no vote at all gives an empty verdict."""
    tally = _tally(resolution.choices, answers)
    most = max(count.votes for count in tally)
    if most == 0:
        return Verdict()
    leaders = tuple(count for count in tally if count.votes == most)
    if len(leaders) == 1:
        return Verdict(text=leaders[0].choice, vote=_counted(tally, leaders[0], None))
    return await _break_tie(bench, tally, leaders)


def _tally(choices: tuple[str, ...], answers: tuple[Answer, ...]) -> tuple[ChoiceCount, ...]:
    seats: list[list[int]] = [[] for _ in choices]
    for answer in answers:
        if answer.failure is None and answer.choice_index is not None:
            seats[answer.choice_index].append(answer.seat_index)
    return tuple(ChoiceCount(choice, len(for_it), tuple(for_it)) for choice, for_it in zip(choices, seats, strict=True))


def _counted(tally: tuple[ChoiceCount, ...], winner: ChoiceCount, tie_break: str | None) -> VoteCount:
    valid = sum(count.votes for count in tally)
    return VoteCount(tally, tie_break is not None, tie_break, winner.votes / valid)


async def _break_tie(bench: Bench, tally: tuple[ChoiceCount, ...], leaders: tuple[ChoiceCount, ...]) -> Verdict:
    """Ask the tie-breaker once; it sees the question and the tied choices, and neither votes nor voters."""
    request = bench.plan.request
    check = ChoiceCheck([count.choice for count in leaders])
    judge = bench.plan.judge or bench.model(request.seats[0].model)
    verdict = await bench.consult(Brief(_TASK, (), request.instructions, check), [judge], 0)
    chosen = verdict.judge.choice_index if verdict.judge and verdict.failure is None else None
    if chosen is not None:
        winner, tie_break = leaders[chosen], "judge"
    else:
        winner, tie_break = min(leaders, key=lambda count: count.seats[0]), "seat_order"
        verdict = replace(verdict, failure=verdict.failure or _undecided())
    return replace(verdict, text=winner.choice, vote=_counted(tally, winner, tie_break))


def _undecided() -> SeatFailure:
    return SeatFailure(FailureCode.INVALID_CHOICE, "The tie-breaker named none of the tied choices.")
