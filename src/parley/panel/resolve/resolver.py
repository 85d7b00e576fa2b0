"""Which resolver a request asks for."""

from typing import assert_never

from parley.domain.run import Answer, Comparison, Nothing, Summary, Verdict, Vote
from parley.panel.resolve.comparison import compare
from parley.panel.resolve.judge import Bench
from parley.panel.resolve.summary import summarise
from parley.panel.resolve.vote import count_votes


async def resolve(bench: Bench, answers: tuple[Answer, ...]) -> Verdict:
    """Bring `answers` together as the plan's request asks; a failing judge is part of the verdict, never an error."""
    match bench.plan.request.resolution:
        case Nothing():
            return Verdict()
        case Summary():
            return await summarise(bench, answers)
        case Comparison() as comparison:
            return await compare(bench, comparison, answers)
        case Vote() as vote:
            return await count_votes(bench, vote, answers)
        case unknown:
            assert_never(unknown)
