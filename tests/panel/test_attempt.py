"""One attempt: what it keeps of a long answer, and what of an answer in many pieces."""

import tracemalloc

from engine import Bench, panel
from parley.domain.events import CallRole
from parley.domain.models import Deployment
from parley.domain.run import Nothing
from parley.panel.attempt import Attempt
from parley.panel.plan import Route, SeatPlan
from parley.providers.provider import LogprobsChunk, ReasoningChunk, TextChunk, ToolCallChunk
from parley.providers.scripted import says

ROUTE = Route("a", Deployment("p", "a"))
SEAT = SeatPlan(CallRole.CHAT, 0, (ROUTE,), (), 60, 0, accepts_refusals=True)


def attempt() -> Attempt:
    return Attempt(SEAT, ROUTE, lambda: 0.0, lambda _event: None)


def test_long_answer_takes_hardly_more_memory_than_it_is_long() -> None:
    taken = attempt()
    tracemalloc.start()
    for number in range(50_000):
        taken.take(TextChunk(f"{number:04}"))
        taken.take(ReasoningChunk(f"{number:04}"))
        taken.take(ToolCallChunk(0, "id", "add", f"{number:04}"))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(taken.text) == len(taken.reasoning) == len(taken.tool_calls[0].arguments)
    assert held < 3 * 50_000 * 12


def test_pieces_of_text_tool_calls_and_log_probabilities_are_put_together() -> None:
    taken = attempt()
    for text in ("Par", "is"):
        taken.take(TextChunk(text))
        taken.take(ToolCallChunk(1, "id1" if text == "Par" else None, "sub", text))
        taken.take(LogprobsChunk({"content": [{"token": text}], "refusal": None}))
    taken.take(ToolCallChunk(0, "id0", "add", "{}"))
    assert taken.text == "Paris"
    assert [(call.call_id, call.name, call.arguments) for call in taken.tool_calls] == [
        ("id0", "add", "{}"),
        ("id1", "sub", "Paris"),
    ]
    assert taken.logprobs == {"content": [{"token": "Par"}, {"token": "is"}], "refusal": None}


def test_answer_of_a_seat_is_the_text_of_all_its_pieces() -> None:
    pieces = [f"{number} " for number in range(1_000)]
    answer = Bench({"a": [says(*pieces)]}).ask(panel("a", resolution=Nothing())).answers[0]
    assert answer.text == "".join(pieces)
