"""A provider that counts nonsense: its count is not believed, and its neighbours notice nothing."""

import asyncio

import pytest

from engine import Bench, panel
from parley.domain.run import FinishReason, Nothing
from parley.domain.usage import Usage
from parley.providers.provider import FinishChunk, TextChunk, UsageChunk
from parley.providers.scripted import says


@pytest.mark.parametrize("usage", [Usage(10**30, 5), Usage(5, 2**63), Usage(5, 5, reasoning_tokens=10**12)])
def test_absurd_count_is_replaced_by_an_estimate_and_harms_no_other_seat(usage: Usage) -> None:
    bench = Bench(
        {"a": [[TextChunk("Paris"), UsageChunk(usage), FinishChunk(FinishReason.STOP)]], "b": [says("Paris")]}
    )
    first, second = asyncio.run(bench.run(panel("a", "b", resolution=Nothing()))).answers
    assert first.text == second.text == "Paris"
    assert first.usage is not None
    assert first.usage.is_estimate
    assert first.usage.total_tokens < 100
