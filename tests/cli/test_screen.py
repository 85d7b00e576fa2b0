"""What a run looks like: side by side in seat order, stacked where it is narrow, plain on a pipe; answers stay data."""

import io
import re

import pytest
from rich.console import Console

from parley.cli.board import Board, Judgement, Seat, Totals
from parley.cli.columns import live_columns, whole_columns
from parley.cli.replies import TokenUsage, read_compare_event, read_comparison, read_roundtable, read_roundtable_event
from parley.cli.screen import Screen
from parley.domain.json import JsonObject

NAMES = ("one/first", "two/second", "three/third")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def console(width: int = 120, height: int = 40, is_terminal: bool = True) -> Console:
    return Console(
        file=io.StringIO(),
        width=width,
        height=height,
        force_terminal=is_terminal,
        color_system="standard" if is_terminal else None,
        highlight=False,
        markup=False,
        emoji=False,
    )


def shown(on: Console) -> str:
    assert isinstance(on.file, io.StringIO)
    return COLOUR.sub("", on.file.getvalue())


def board(*texts: str) -> Board:
    seats = [Seat(name) for name in NAMES[: len(texts)]]
    for seat, text in zip(seats, texts, strict=True):
        seat.answer(text, 1200, TokenUsage(input_tokens=3, output_tokens=7), 0.000012)
    return Board(seats)


def feed(target: Board, *events: JsonObject) -> Board:
    for event in events:
        known = read_roundtable_event(event)
        if known is not None:
            target.hear_roundtable(known)
    return target


def test_columns_keep_the_order_of_the_seats() -> None:
    on = console()
    on.print(whole_columns(board("alpha", "beta", "gamma").seats, on))
    lines = shown(on).splitlines()
    assert re.search(r"one/first .*two/second .*three/third", lines[1])
    assert re.search(r"alpha .*beta .*gamma", lines[4])
    assert lines[2].count("✓ 1.2 s · 7 tokens · $0.000012") == 3


@pytest.mark.parametrize(("width", "tables"), [(120, 1), (80, 1), (60, 2), (40, 3)])
def test_columns_stack_where_they_would_be_too_narrow(width: int, tables: int) -> None:
    on = console(width)
    on.print(whole_columns(board("alpha", "beta", "gamma").seats, on))
    assert shown(on).count("╭") == tables
    assert max(map(len, shown(on).splitlines())) <= width


@pytest.mark.parametrize(("width", "height", "seats"), [(120, 40, 3), (80, 24, 3), (40, 24, 3), (30, 8, 3), (80, 5, 1)])
def test_live_columns_never_outgrow_the_terminal(width: int, height: int, seats: int) -> None:
    on = console(width, height)
    on.print(live_columns(board(*["word " * 5000] * seats).seats, on))
    assert len(shown(on).splitlines()) < height


def test_live_column_shows_the_end_of_a_long_answer() -> None:
    on = console(height=12)
    on.print(live_columns(board("start " + "word " * 500 + "the end").seats, on))
    assert "the end" in shown(on)
    assert "start" not in shown(on)


def test_answers_are_data_neither_markup_nor_terminal_control() -> None:
    evil = "\x1b[2J\x1b]0;owned\x07[red]not red[/red] \x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\"
    for is_terminal in (True, False):
        on = console(is_terminal=is_terminal)
        Screen(on, board(evil, "fine")).show()
        assert isinstance(on.file, io.StringIO)
        assert "\x1b" not in COLOUR.sub("", on.file.getvalue())
        assert "[red]not red[/red]" in " ".join(shown(on).split())
        assert "owned" not in shown(on)


def test_pipe_gets_answers_unwrapped_uncoloured_and_as_written() -> None:
    on = console(40, is_terminal=False)
    long = "# No heading\n\n" + "word " * 60 + "end"
    seen = board(long, "short")
    seen.totals = Totals(1300, 0.5)
    Screen(on, seen).show()
    assert isinstance(on.file, io.StringIO)
    assert on.file.getvalue() == (
        f"── one/first · ✓ 1.2 s · 7 tokens · $0.000012\n{long}\n\n"
        "── two/second · ✓ 1.2 s · 7 tokens · $0.000012\nshort\n\n"
        "2 of 2 models answered · 1.3 s · $0.50\n"
    )


def test_markdown_of_a_judge_is_laid_out_on_a_terminal() -> None:
    on = console()
    seen = board("a", "b")
    seen.judgement = Judgement("Comparison", "judge/x", "## Accuracy\n\n- **both** are right")
    Screen(on, seen).show()
    assert "Comparison by judge/x" in shown(on)
    assert "• both are right" in shown(on)
    assert "##" not in shown(on)


def test_events_fill_the_board_and_the_last_one_has_the_last_word() -> None:
    seen = Board([Seat("a"), Seat("b")], Judgement("Consolidation"))
    feed(
        seen,
        {"type": "start", "id": "rt_1", "models": ["a", "b"]},
        {"type": "model_delta", "model_index": 1, "model": "b", "delta": "He"},
        {"type": "model_delta", "model_index": 1, "model": "b", "delta": "llo"},
        {"type": "model_error", "model_index": 0, "model": "a", "error": "Too slow.", "error_code": "timeout"},
        {"type": "of_another_version", "model_index": 7},
    )
    assert seen.seats[1].text == "Hello"
    assert (seen.seats[0].error_code, seen.seats[0].problem) == ("timeout", "Too slow.")
    assert not seen.is_answered
    done: JsonObject = {
        "id": "rt_1",
        "data": "Hello",
        "meta": {"total_cost": 0.1, "total_duration_ms": 90, "partial": True, "cost_complete": False},
        "model_results": [
            {"index": 0, "model": "a", "data": None, "error": "Too slow.", "error_code": "timeout", "duration_ms": 80},
            {"index": 1, "model": "b", "data": "Hello!", "duration_ms": 10, "cost": 0.1},
        ],
    }
    feed(seen, {"type": "done", **done})
    assert seen.is_answered
    assert seen.seats[1].text == "Hello!"
    assert seen.judgement is None
    assert seen.totals == Totals(90, 0.1, False, ("one answer, so there was nothing to merge",))


def test_vote_is_shown_as_bars_with_who_voted_what() -> None:
    seen = Board([Seat(name) for name in NAMES])
    seen.take_roundtable(
        read_roundtable(
            {
                "id": "rt_1",
                "data": "yes [bold]",
                "meta": {
                    "vote": {
                        "tally": [
                            {"choice": "yes [bold]", "votes": 1, "seats": [2]},
                            {"choice": "no", "votes": 1, "seats": [0]},
                            {"choice": "maybe", "votes": 0, "seats": []},
                        ],
                        "tie": True,
                        "tie_break": "seat_order",
                        "share": 0.5,
                    }
                },
                "model_results": [
                    {"index": 0, "model": NAMES[0], "data": "no"},
                    {"index": 1, "model": NAMES[1], "error": "It fits no choice.", "error_code": "invalid_choice"},
                    {"index": 2, "model": NAMES[2], "data": "yes [bold]"},
                ],
            }
        )
    )
    on = console(is_terminal=False)
    Screen(on, seen, is_vote=True).show()
    text = shown(on)
    assert re.search(r"^yes \[bold\] +█+ +1 +three/third", text, re.MULTILINE)
    assert re.search(r"^no +█+ +1 +one/first", text, re.MULTILINE)
    assert re.search(r"^maybe +·+ +0", text, re.MULTILINE)
    assert "two/second" in text
    assert "invalid_choice" in text
    assert "→ yes [bold], with 1 of 2 valid votes. A tie: the choice of the earliest seat won." in text


def test_comparison_events_find_their_seat_by_name() -> None:
    seen = Board([Seat("a"), Seat("b")], Judgement("Comparison"))
    events: list[JsonObject] = [
        {"event": "comparison_start", "comparison_id": "cmp_1", "models": ["a", "b"]},
        {"event": "model_chunk", "model": "b", "delta": "Bee"},
        {"event": "model_stream_done", "model": "b", "content": "Bee", "latency_ms": 5, "usage": {"prompt_tokens": 1}},
        {"event": "model_stream_done", "model": "a", "error": "Refused.", "error_code": "refused", "latency_ms": 4},
        {"event": "comparison_chunk", "comparison_model": "j", "delta": "## Accuracy"},
        {"event": "done", "comparison_model": "j", "total_latency_ms": 9, "total_cost": 0.2, "partial": True},
    ]
    for event in events:
        known = read_compare_event(event)
        if known is not None:
            seen.hear_compare(known)
    assert [(seat.text, seat.error_code) for seat in seen.seats] == [("", "refused"), ("Bee", "")]
    assert seen.judgement is not None
    assert (seen.judgement.model, seen.judgement.text) == ("j", "## Accuracy")
    assert seen.totals is not None
    assert seen.totals.cost_usd == 0.2


def test_failed_comparison_says_so() -> None:
    seen = Board([Seat("a"), Seat("b")], Judgement("Comparison"))
    row: JsonObject = {"content": "text", "latency_ms": 1}
    answer: JsonObject = {
        "models": ["a", "b"],
        "results": [{"model": "a", **row}, {"model": "b", **row}],
        "comparison": None,
        "comparison_fallback_used": True,
    }
    seen.take_comparison(read_comparison(answer))
    on = console(is_terminal=False)
    Screen(on, seen).show()
    assert "no model could write the comparison" in shown(on)


def test_run_that_is_cut_short_shows_what_had_arrived() -> None:
    def steps(target: Board):
        feed(target, {"type": "model_delta", "model_index": 0, "model": "a", "delta": "half an ans"})
        yield
        raise KeyboardInterrupt

    for is_terminal in (True, False):
        on = console(is_terminal=is_terminal)
        seen = Board([Seat("a")])
        with pytest.raises(KeyboardInterrupt):
            Screen(on, seen).follow(steps(seen))
        assert "half an ans" in shown(on)
        assert "cancelled" in shown(on)


def test_request_that_is_refused_shows_no_empty_columns() -> None:
    def steps():
        raise ConnectionError
        yield

    on = console(is_terminal=False)
    with pytest.raises(ConnectionError):
        Screen(on, Board([Seat("a")])).follow(steps())
    assert shown(on) == ""


def test_live_run_leaves_each_part_on_the_screen_once() -> None:
    def steps(target: Board):
        done: JsonObject = {
            "id": "rt_1",
            "data": "Merged.",
            "meta": {"total_duration_ms": 9, "summary_model": "j"},
            "model_results": [{"index": 0, "model": "a", "data": "One."}, {"index": 1, "model": "b", "data": "Two."}],
        }
        for event in (
            {"type": "model_done", "model_index": 0, "model": "a", "data": "One."},
            {"type": "model_done", "model_index": 1, "model": "b", "data": "Two."},
            {"type": "summary_delta", "model": "j", "delta": "Mer"},
            {"type": "done", **done},
        ):
            feed(target, event)
            yield

    on = console()
    seen = Board([Seat("a"), Seat("b")], Judgement("Consolidation"))
    Screen(on, seen).follow(steps(seen))
    lines = shown(on)
    places = [lines.rindex(part) for part in ("One.", "Consolidation by j", "Merged.", "2 of 2 models answered")]
    assert places == sorted(places)
    assert lines.count("Consolidation by j") == lines.count("2 of 2 models answered") == 1
