"""The way to one client: in order, merged where it waits, bounded by the answers' own size."""

import asyncio
import tracemalloc
from collections.abc import Coroutine
from typing import Any, TypeVar

from hypothesis import given
from hypothesis import strategies as st

from parley.domain.events import ConsolidationDelta, Event, SeatDelta, SeatFinished, SeatToolCall
from parley.domain.messages import ToolCall
from parley.domain.run import Answer
from parley.wire.channel import Channel

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(main)


def channel() -> Channel:
    return Channel(lambda _event: True)


def test_waiting_text_is_merged_per_seat_and_order_within_a_seat_is_kept() -> None:
    async def main() -> list[Event] | None:
        way = channel()
        for seat, text in [(0, "a"), (1, "x"), (0, "b"), (1, "y"), (0, "c")]:
            way.put(SeatDelta(seat, text))
        return await way.take()

    assert run(main()) == [SeatDelta(0, "abc"), SeatDelta(1, "xy")]


def test_a_seats_end_stays_behind_its_text() -> None:
    done = SeatFinished(Answer(0, "m"))

    async def main() -> list[Event] | None:
        way = channel()
        for event in (SeatDelta(0, "a"), done, SeatDelta(1, "x"), ConsolidationDelta("j", "s")):
            way.put(event)
        return await way.take()

    assert run(main()) == [SeatDelta(0, "a"), done, SeatDelta(1, "x"), ConsolidationDelta("j", "s")]


def test_pieces_of_one_tool_call_are_merged_and_keep_its_name() -> None:
    async def main() -> list[Event] | None:
        way = channel()
        way.put(SeatToolCall(0, 0, ToolCall("id", "add", '{"a"')))
        way.put(SeatToolCall(0, 1, ToolCall("id2", "sub", "")))
        way.put(SeatToolCall(0, 0, ToolCall("", "", ":1}")))
        return await way.take()

    calls = [ToolCall("id", "add", '{"a":1}'), ToolCall("id2", "sub", "")]
    assert run(main()) == [SeatToolCall(0, index, call) for index, call in enumerate(calls)]


def test_reader_that_never_comes_holds_one_event_per_seat() -> None:
    async def main() -> int:
        way = channel()
        for number in range(30_000):
            way.put(SeatDelta(number % 3, "x"))
        return len(way._queue)

    assert run(main()) == 3


def test_waiting_text_takes_hardly_more_memory_than_it_is_long() -> None:
    async def main() -> int:
        way = channel()
        way.put(SeatDelta(0, "begin"))
        tracemalloc.start()
        for number in range(50_000):
            way.put(SeatDelta(0, f"{number:04}"))
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return held

    assert run(main()) < 50_000 * 12


def test_closed_channel_gives_what_waits_and_then_the_end() -> None:
    async def main() -> list[list[Event] | None]:
        way = channel()
        way.put(SeatDelta(0, "a"))
        way.close()
        return [await way.take(), await way.take()]

    assert run(main()) == [[SeatDelta(0, "a")], None]


def test_nudge_lets_the_reader_go_on_with_nothing() -> None:
    async def main() -> list[Event] | None:
        way = channel()
        asyncio.get_running_loop().call_soon(way.nudge)
        return await way.take()

    assert run(main()) == []


def test_unwanted_events_do_not_wake_the_reader() -> None:
    async def main() -> list[Event] | None:
        way = Channel(lambda event: isinstance(event, ConsolidationDelta))
        way.put(SeatDelta(0, "a"))
        way.put(ConsolidationDelta("j", "s"))
        return await way.take()

    assert run(main()) == [ConsolidationDelta("j", "s")]


@given(st.lists(st.tuples(st.integers(0, 2), st.text(max_size=3), st.booleans())))
def test_every_seats_text_arrives_whole_however_it_is_read(puts: list[tuple[int, str, bool]]) -> None:
    async def main() -> dict[int, str]:
        way, read = channel(), {0: "", 1: "", 2: ""}
        for seat, text, reads in puts:
            way.put(SeatDelta(seat, text))
            if reads:
                for event in await way.take() or []:
                    assert isinstance(event, SeatDelta)
                    read[event.seat_index] += event.text
        way.close()
        for event in await way.take() or []:
            assert isinstance(event, SeatDelta)
            read[event.seat_index] += event.text
        return read

    assert run(main()) == {seat: "".join(t for s, t, _ in puts if s == seat) for seat in (0, 1, 2)}
