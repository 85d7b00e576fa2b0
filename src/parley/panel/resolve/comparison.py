"""Write an evaluation of the answers, side by side, under four headings."""

from parley.domain.run import Answer, Comparison, Verdict, answered
from parley.panel.resolve.judge import Bench, Brief, other_judges

_TASK = """\
Several models were given the same conversation. You compare their answers for a reader who has all of them at hand. \
Write Markdown with exactly these four headings, in this order:
## Accuracy
Which statements are right, wrong or unsupported, and where the answers contradict each other.
## Completeness
What each answer covers and what it leaves out.
## Clarity
How easy each is to follow and to use.
## Recommendation
Which answer to use, in one or two sentences with the reason, or what to take from which.
Name every answer by its label. Judge what is written, not its length or tone."""

_JUDGE_RETRIES = 1


async def compare(bench: Bench, resolution: Comparison, answers: tuple[Answer, ...]) -> Verdict:
    """Return the evaluation; with fewer than two answers there is nothing to compare and no call is made."""
    given = answered(answers)
    if len(given) < 2:
        return Verdict()
    task = f"{_TASK}\n\n{resolution.instructions}" if resolution.instructions else _TASK
    judge = bench.plan.judge or bench.model(given[0].model)
    return await bench.consult(Brief(task, given), other_judges(judge, given, bench.model), _JUDGE_RETRIES)
