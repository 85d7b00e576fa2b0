"""What the type checker knows: unions narrow by tag and by class until nothing is left, and answers keep their types.

Most of it is proved by `mypy` reading this file; running it shows that the types are true.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Literal

import pytest
from pydantic import BaseModel
from typing_extensions import assert_never, assert_type

from golden import cases, new_reading, transcript
from parley_client import AsyncParley, Parley, Parsed, StreamError
from parley_client.chat import ChatCompletion
from parley_client.compare import CompareEvent, Comparison
from parley_client.roundtable import DoneEvent, ModelDeltaEvent, Roundtable, RoundtableEvent, StartEvent


class Verdict(BaseModel):
    verdict: Literal["yes", "no"]


def said_in_roundtable(event: RoundtableEvent) -> str:
    match event.type:
        case "start":
            return " ".join(assert_type(event, StartEvent).models)
        case "model_delta":
            return assert_type(event, ModelDeltaEvent).delta
        case "model_done":
            return str(event.data)
        case "model_error":
            return event.error
        case "summary_delta":
            return event.delta
        case "done":
            return assert_type(event, DoneEvent).meta.resolution
        case _:
            assert_never(event.type)


def said_in_comparison(event: CompareEvent) -> str:
    if event.event == "comparison_start":
        return event.comparison_id
    if event.event == "model_chunk" or event.event == "comparison_chunk":
        return event.delta
    if event.event == "model_stream_done" or event.event == "model_result":
        return event.content or str(event.error)
    if event.event == "done":
        return event.comparison_id
    assert_never(event)


@pytest.mark.parametrize("case", [case for case in cases("response.sse") if not str(case).startswith("chat/")])
def test_every_golden_event_is_of_a_kind_that_the_type_checker_knows(case: str) -> None:
    say: Any = said_in_roundtable if case.startswith("roundtable/") else said_in_comparison
    reading = new_reading(case)
    reading.receive(transcript(case))
    said = []
    with suppress(StreamError):
        while (event := reading.take()) is not None:
            said.append(say(event))
    assert said
    assert all(said)


def typed_answers(client: Parley) -> None:
    """Read by the type checker alone."""
    seats = ["a", {"name": "b", "temperature": 0.5}]
    assert_type(client.roundtable.create(input="x", models=["a", {"name": "b", "top_p": 0.5}]), Roundtable)
    client.roundtable.create(input="x", models=seats)  # type: ignore[arg-type]  # a list of anything is no list of seats
    client.roundtable.create(input="x")  # type: ignore[call-arg]  # models are missing
    client.roundtable.create(input="x", models=["a"], modles=["b"])  # type: ignore[call-arg]  # a slip
    assert_type(client.roundtable.parse(output_type=Verdict, input="x", models=["a"]), Parsed[Verdict])
    with client.compare.stream(models=["a"], messages=[{"role": "user", "content": "x"}]) as stream:
        for event in stream:
            assert_type(event, CompareEvent)
        assert_type(stream.final(), Comparison)


async def typed_awaited_answers(client: AsyncParley) -> None:
    """Read by the type checker alone."""
    assert_type(await client.chat.completions.create(model="a"), ChatCompletion)
    assert_type(await client.roundtable.parse(output_type=Verdict, input="x", models=["a"]), Parsed[Verdict])
    async with client.roundtable.stream(input="x", models=["a"]) as stream:
        async for event in stream:
            assert_type(event, RoundtableEvent)
        assert_type(await stream.final(), Roundtable)
