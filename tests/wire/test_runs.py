"""The runs under way: how many there may be."""

import asyncio

import pytest

from parley.domain.errors import NotServing
from parley.wire.problems import problem_of
from parley.wire.runs import Runs


def test_one_run_more_than_the_most_is_refused_until_another_has_ended() -> None:
    async def scene() -> None:
        runs = Runs(most=2)
        end = asyncio.Event()
        first = asyncio.create_task(asyncio.sleep(0))
        second = asyncio.create_task(end.wait())
        runs.add(first)
        runs.check_open()
        runs.add(second)
        with pytest.raises(NotServing, match="works on 2 requests") as refused:
            runs.check_open()
        problem = problem_of(refused.value, 400)
        assert (problem.status, problem.code) == (503, "overloaded")
        assert (b"retry-after", b"1") in problem.headers()
        await first
        await asyncio.sleep(0)
        runs.check_open()
        end.set()
        await second

    asyncio.run(scene())
