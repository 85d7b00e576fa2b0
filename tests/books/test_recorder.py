"""The recorder: one row per finished run, in the form that replay reads."""

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest

from parley.books.recorder import RecorderFile
from parley.domain.errors import FailureCode, SeatFailure
from parley.domain.events import Event, RunFinished, RunStarted, SeatDelta, SeatFinished
from parley.domain.messages import Role, text_message
from parley.domain.run import Answer, PanelRequest, PanelResult, SeatRequest, Verdict

REQUEST = PanelRequest(
    "rt_1",
    (SeatRequest("a/one"), SeatRequest("b")),
    (
        text_message(Role.SYSTEM, "Be short."),
        text_message(Role.USER, "old"),
        text_message(Role.ASSISTANT, "ok"),
        text_message(Role.USER, "new é\ud83d"),
    ),
)


def finished(*answers: Answer) -> RunFinished:
    return RunFinished(PanelResult(REQUEST, "req_1", "t", answers, Verdict(), Decimal(0), True, 1))


def events_of(*answers: Answer) -> list[Event]:
    started: list[Event] = [RunStarted(REQUEST, "req_1", "t"), SeatDelta(0, "x")]
    return [*started, *[SeatFinished(answer) for answer in answers], finished(*answers)]


def rows_of(path: Path) -> list[object]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in raw.splitlines() if line]


def play(file: RecorderFile, events: list[Event]) -> None:
    reader = file.reader()
    for event in events:
        reader(event)


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
def test_finished_runs_are_appended_as_replay_rows(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for _ in range(2):
        file = RecorderFile(path)
        play(file, events_of(Answer(1, "b", text="two\nlines"), Answer(0, "a/one", text="one")))
        file.close()
    row = {"prompt": "new é\ud83d", "answers": {"b": "two\nlines", "a/one": "one"}}
    assert rows_of(path) == [row, row]


def test_failed_and_empty_seats_are_left_out_and_a_run_without_answers_leaves_no_row(tmp_path: Path) -> None:
    file = RecorderFile(tmp_path / "out.jsonl")
    failed = Answer(0, "a/one", text="partial", failure=SeatFailure(FailureCode.TIMEOUT, "late"))
    play(file, events_of(failed, Answer(1, "b", text="fine")))
    play(file, events_of(failed, Answer(1, "b", text="")))
    file.close()
    assert rows_of(tmp_path / "out.jsonl") == [{"prompt": "new é\ud83d", "answers": {"b": "fine"}}]
    assert file.rows == 1


def test_what_a_judge_wrote_is_nobodys_answer(tmp_path: Path) -> None:
    file = RecorderFile(tmp_path / "out.jsonl")
    play(file, events_of(Answer(0, "b", text="seat"), Answer(0, "judge", is_judge=True, text="both are right")))
    file.close()
    assert rows_of(tmp_path / "out.jsonl") == [{"prompt": "new é\ud83d", "answers": {"b": "seat"}}]


def test_run_that_was_cut_short_leaves_no_row(tmp_path: Path) -> None:
    file = RecorderFile(tmp_path / "out.jsonl")
    play(file, events_of(Answer(0, "a/one", text="one"))[:-1])
    file.close()
    assert rows_of(tmp_path / "out.jsonl") == []


def test_first_seat_of_a_model_that_sits_twice_is_the_one_recorded(tmp_path: Path) -> None:
    file = RecorderFile(tmp_path / "out.jsonl")
    play(file, events_of(Answer(0, "b", text="first"), Answer(1, "b", text="second")))
    file.close()
    assert rows_of(tmp_path / "out.jsonl") == [{"prompt": "new é\ud83d", "answers": {"b": "first"}}]


def test_runs_side_by_side_keep_their_answers_apart(tmp_path: Path) -> None:
    file = RecorderFile(tmp_path / "out.jsonl")
    one, two = file.reader(), file.reader()
    for left, right in zip(
        events_of(Answer(0, "b", text="left")), events_of(Answer(0, "b", text="right")), strict=True
    ):
        one(left)
        two(right)
    file.close()
    assert [row["answers"] for row in rows_of(tmp_path / "out.jsonl")] == [{"b": "left"}, {"b": "right"}]  # type: ignore[index]


def test_row_after_a_line_cut_by_a_crash_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(b'{"prompt": "half')
    file = RecorderFile(path)
    play(file, events_of(Answer(0, "b", text="whole")))
    file.close()
    assert json.loads(path.read_bytes().splitlines()[-1])["answers"] == {"b": "whole"}


def test_file_that_takes_no_more_loses_the_row_and_not_the_run() -> None:
    file = RecorderFile(Path("/dev/full"))
    play(file, events_of(Answer(0, "b", text="lost")))
    file.close()
    assert (file.rows, file.lost_rows) == (0, 1)
