"""Merge the answers into one. One surviving answer is handed through as it is, without a call."""

from parley.domain.errors import FailureCode, SeatFailure
from parley.domain.models import Model
from parley.domain.run import Answer, Verdict, answered
from parley.panel.resolve.judge import Bench, Brief, other_judges

_TASK = """\
Several people were asked the same question, each on their own. You read all of their answers and write the one answer \
that the asker should get.
- Keep what is right and useful in any of them; where they agree, say it once.
- Where they disagree, decide by the reasons given, not by how many say it or how sure they sound; if it can't be \
decided, say so and say what it depends on.
- Add no facts of your own. Write for the asker, in the language of the question, with no remark on this task."""


async def summarise(bench: Bench, answers: tuple[Answer, ...]) -> Verdict:
    """Return the merged answer, or why there is none; never raises an upstream failure."""
    usable = _usable(answers)
    if not usable:
        return Verdict()
    if len(usable) == 1:
        return _passed_through(usable[0])
    request = bench.plan.request
    judge = bench.plan.judge or bench.model(request.seats[0].model)
    brief = Brief(_TASK, usable, request.instructions, bench.plan.check)
    return await bench.consult(brief, _judges(bench, judge, answers), request.max_retries)


def _usable(answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
    """Return the answers to merge: those that are valid if there are any, else all that were given."""
    given = answered(answers)
    return tuple(answer for answer in given if not answer.is_schema_invalid) or given


def _judges(bench: Bench, judge: Model, answers: tuple[Answer, ...]) -> list[Model]:
    return other_judges(judge, answered(answers), bench.model)


def _passed_through(answer: Answer) -> Verdict:
    if answer.is_schema_invalid:
        assert answer.schema is not None
        message = f"The only answer is not valid against the schema: {answer.schema.error}"
        return Verdict(failure=SeatFailure(FailureCode.SCHEMA_INVALID, message))
    return Verdict(text=answer.text, value=answer.schema.value if answer.schema else None)
