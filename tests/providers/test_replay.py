"""Replay: recorded answers come back byte for byte, and nothing else does."""

import gzip
import json
from pathlib import Path

import pytest

from local_calls import Naps, assistant, hear, make_call, system, user
from parley.domain.errors import FailureCode
from parley.domain.models import Dialect
from parley.domain.run import FinishReason
from parley.domain.settings import ProviderSettings
from parley.domain.usage import Usage, estimate_tokens
from parley.providers.provider import CallLimits
from parley.providers.replay import ReplayFile, ReplayFileError, ReplayProvider

ODD = "né\u2028\r\n 🙂 \x00 \u200d"


def write_rows(path: Path, *rows: object) -> Path:
    raw = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def provider_of(path: Path, tokens_per_s: float | None = None, sleep: Naps | None = None) -> ReplayProvider:
    settings = ProviderSettings("recorded", Dialect.REPLAY, path=str(path), tokens_per_s=tokens_per_s)
    return ReplayProvider(settings, sleep or Naps())


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
@pytest.mark.parametrize("is_streamed", [True, False])
def test_answer_is_equal_to_the_recording_byte_for_byte(tmp_path: Path, name: str, is_streamed: bool) -> None:
    long = "Ünï 🙂 " * 500 + ODD
    path = write_rows(tmp_path / name, {"prompt": "Hi ", "answers": {"m/one": long, "m-two": "short"}, "id": 7})
    heard = hear(provider_of(path), make_call("m/one", "Hi ", is_streamed=is_streamed))
    assert heard.text == long
    assert heard.finish is FinishReason.STOP
    assert (len(heard.texts) > 1) is is_streamed
    assert all(heard.texts)


def test_half_of_a_surrogate_pair_becomes_what_an_answer_can_be_sent_with(tmp_path: Path) -> None:
    row = {"prompt": "half \udc00", "answers": {"m": "\ud83d and \ud83d\ude42 \ude42"}}
    path = write_rows(tmp_path / "rows.jsonl", row)
    heard = hear(provider_of(path), make_call("m", "half \ufffd"))
    assert heard.text == "\ufffd and 🙂 \ufffd"


def test_usage_is_estimated_and_says_so(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", {"prompt": "Hello there", "answers": {"m": "General answer"}})
    heard = hear(provider_of(path), make_call("m", system("Be kind."), "Hello there"))
    expected = estimate_tokens("Be kind.") + estimate_tokens("Hello there")
    assert heard.usage == Usage(expected, estimate_tokens("General answer"), is_estimate=True)


def test_newest_user_message_that_is_recorded_is_answered(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "rows.jsonl",
        {"prompt": "first", "answers": {"m": "one"}},
        {"prompt": "second", "answers": {"m": "two"}},
    )
    talk = ["first", assistant("one"), "second", assistant("bad"), user("That was no JSON; try again.")]
    assert hear(provider_of(path), make_call("m", *talk)).text == "two"
    assert hear(provider_of(path), make_call("m", "second", assistant("x"), "first")).text == "one"


@pytest.mark.parametrize("asked", ["hello", "Hello ", " Hello", "Hello\n", ""])
def test_prompt_that_differs_in_one_character_is_not_found(tmp_path: Path, asked: str) -> None:
    path = write_rows(tmp_path / "rows.jsonl", {"prompt": "Hello", "answers": {"m": "hi"}})
    heard = hear(provider_of(path), make_call("m", asked))
    assert heard.failure is not None
    assert heard.failure.failure.code is FailureCode.MODEL_NOT_FOUND
    assert not heard.failure.is_transient
    assert not heard.failure.trips_breaker
    assert "parley record" in heard.failure.failure.message


def test_system_and_assistant_messages_are_no_prompts(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", {"prompt": "Hello", "answers": {"m": "hi"}})
    heard = hear(provider_of(path), make_call("m", system("Hello"), assistant("Hello"), "other"))
    assert heard.failure is not None


def test_model_without_an_answer_names_those_that_have_one(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", {"prompt": "secret words", "answers": {"b": "2", "a": "1"}})
    heard = hear(provider_of(path), make_call("c", "secret words"))
    assert heard.failure is not None
    assert heard.failure.failure.code is FailureCode.MODEL_NOT_FOUND
    assert "recorded are: a, b" in heard.failure.failure.message
    assert "secret" not in heard.failure.failure.message


def test_empty_recording_yields_no_text_but_ends_well(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", {"prompt": "p", "answers": {"m": ""}})
    for is_streamed in (True, False):
        heard = hear(provider_of(path), make_call("m", "p", is_streamed=is_streamed))
        assert heard.texts == []
        assert heard.finish is FinishReason.STOP
        assert heard.usage is not None
        assert heard.usage.output_tokens == 0


def test_later_rows_add_and_replace_answers_of_the_same_prompt(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "rows.jsonl",
        {"prompt": "p", "answers": {"a": "old", "b": "stays"}},
        {"prompt": "p", "answers": {"a": "new", "c": "added"}},
    )
    file = ReplayFile(path)
    assert len(file) == 1
    assert file.find("p") == {"a": "new", "b": "stays", "c": "added"}
    assert file.models == ("a", "b", "c")


def test_answers_come_at_once_unless_a_speed_is_set(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", {"prompt": "p", "answers": {"m": "x" * 400}})
    for speed, expected_s in ((None, 0), (0.0, 0), (50.0, 2.0)):
        naps = Naps()
        heard = hear(provider_of(path, speed, naps), make_call("m", "p", is_streamed=True))
        assert heard.text == "x" * 400
        assert naps.total_s == pytest.approx(expected_s)


@pytest.mark.parametrize(
    ("limit", "text", "fails"), [(8, "12345678", False), (8, "123456789", True), (4, "éé", False), (3, "éé", True)]
)
def test_answer_over_the_limit_is_cut_there_and_fails(tmp_path: Path, limit: int, text: str, fails: bool) -> None:
    path = write_rows(tmp_path / "rows.jsonl", {"prompt": "p", "answers": {"m": text}})
    call = make_call("m", "p", is_streamed=True, limits=CallLimits(max_answer_bytes=limit))
    heard = hear(provider_of(path), call)
    assert text.startswith(heard.text)
    assert len(heard.text.encode()) <= limit
    assert (heard.failure is not None) is fails
    if heard.failure is not None:
        assert heard.failure.failure.code is FailureCode.ANSWER_TOO_LARGE
        assert not heard.failure.is_transient
    else:
        assert heard.text == text


@pytest.mark.parametrize(
    ("line", "part"),
    [
        (b"nonsense", "line 2"),
        (b"[1]", "line 2"),
        (b'{"prompt": "p"}', "answers"),
        (b'{"prompt": 3, "answers": {}}', "prompt"),
        (b'{"prompt": "p", "answers": {"m": null}}', "answers"),
        (b'{"prompt": "p", "answers": {"m": "cut', "line 2"),
        (b'{"prompt": "\xff", "answers": {}}', "line 2"),
        (b"[" * 100_000, "line 2"),
    ],
)
def test_bad_row_stops_the_start_and_names_file_and_line(tmp_path: Path, line: bytes, part: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"prompt": "p", "answers": {"m": "x"}}\n' + line + b"\n")
    with pytest.raises(ReplayFileError) as caught:
        provider_of(path)
    assert "rows.jsonl, line 2" in str(caught.value)
    assert part in str(caught.value)


def test_file_that_is_missing_or_cut_short_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ReplayFileError, match=r"none\.jsonl"):
        provider_of(tmp_path / "none.jsonl")
    whole = write_rows(tmp_path / "rows.jsonl.gz", {"prompt": "p", "answers": {"m": "x" * 1000}})
    whole.write_bytes(whole.read_bytes()[:-12])
    with pytest.raises(ReplayFileError, match="breaks off"):
        provider_of(whole)
    with pytest.raises(ReplayFileError, match="path"):
        ReplayProvider(ProviderSettings("recorded", Dialect.REPLAY))


def test_blank_lines_and_a_missing_final_newline_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'\n{"prompt": "p", "answers": {"m": "x"}}\r\n\r\n{"prompt": "q", "answers": {}}')
    assert len(ReplayFile(path)) == 2
