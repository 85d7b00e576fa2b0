"""The golden transcripts of the contracts, the same for every language: what is sent, and what the answer becomes."""

import re
from typing import Any

import pytest

from clients.drivers import Answer, Driver
from clients.framings import FRAMINGS, Ending, as_recorded, byte_by_byte, stream_reply
from clients.languages import Language
from clients.recorded import (
    Case,
    case_named,
    error_cases,
    final_of,
    plain_cases,
    stream_cases,
    texts_of,
    with_named_seats,
    without_nulls,
    without_untyped,
)
from clients.wire import Wire
from wire_server import Pause, Reply, Request, body_reply

_JSON = [("Content-Type", "application/json"), ("X-Request-Id", "req_" + 26 * "0")]
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_AT_ONCE = 50
_WHOLE_STREAMS = [case for case in stream_cases() if case.fatal is None]


def recorded_reply(case: Case) -> Reply:
    if case.is_stream:
        return stream_reply(*as_recorded(case.stream))
    return body_reply((case.folder / "response.json").read_bytes(), case.status, _JSON)


def play(driver: Driver, wire: Wire, case: Case, reply: Reply, **options: Any) -> Answer:
    return driver.at(wire.url, wire.script(reply))(case.op, case.request, **options)


@pytest.mark.parametrize("case", plain_cases() + error_cases() + stream_cases(), ids=str)
def test_request_is_sent_as_recorded(language: Language, driver: Driver, wire: Wire, case: Case) -> None:
    key = wire.script(recorded_reply(case))
    driver.at(wire.url, key)(case.op, case.request, max_retries=0)
    [sent] = wire.asked_with(key)
    assert (sent.method, sent.path) == ("POST", case.path)
    assert with_named_seats(without_untyped(sent.json)) == with_named_seats(case.body)
    _check_headers(sent, language, case)


def _check_headers(sent: Request, language: Language, case: Case) -> None:
    name = language.name.partition("-")[0]
    assert re.fullmatch(rf"parley-{name}/\d+\.\d+\.\d+", sent.headers["user-agent"])
    assert sent.headers["content-type"].partition(";")[0] == "application/json"
    assert "x-meshapi-sdk" not in sent.headers
    assert "content-encoding" not in sent.headers
    if case.is_stream:
        assert "idempotency-key" not in sent.headers
    else:
        assert _UUID.fullmatch(sent.headers["idempotency-key"])


def test_vote_is_sent_as_a_roundtable_of_that_resolution(language: Language, driver: Driver, wire: Wire) -> None:
    case = case_named("roundtable/multiple_choice")
    request = {name: value for name, value in case.request.items() if name != "resolution"}
    key = wire.script(recorded_reply(case))
    answer = driver.at(wire.url, key)("roundtable.vote", request)
    assert without_nulls(answer.value) == without_nulls(case.response)
    [sent] = wire.asked_with(key)
    assert with_named_seats(sent.json) == with_named_seats(case.body)
    _check_headers(sent, language, case)


@pytest.mark.parametrize("case", plain_cases(), ids=str)
def test_plain_answer_keeps_every_field(language: Language, driver: Driver, wire: Wire, case: Case) -> None:
    answer = play(driver, wire, case, recorded_reply(case))
    assert without_nulls(answer.value) == without_nulls(case.response)


@pytest.mark.parametrize("case", error_cases(), ids=str)
def test_error_answer_keeps_every_field(language: Language, driver: Driver, wire: Wire, case: Case) -> None:
    found = play(driver, wire, case, recorded_reply(case), max_retries=0).error
    told = case.response["error"]
    assert (found["kind"], found["status"]) == ("api", case.status)
    assert told["message"] in found["message"]
    for field in ("code", "param", "details", "provider_error"):
        assert found.get(field) == told.get(field), field
    assert found.get("retry_after") == told.get("retry_after_seconds")
    assert found["request_id"] == case.response["request_id"]


@pytest.mark.parametrize(
    ("framing", "ending"),
    [*((framing, Ending.CHUNKS) for framing in FRAMINGS), ("as_recorded", Ending.CLOSE), ("crlf", Ending.CLOSE)],
)
def test_streams_are_read_in_every_framing(
    language: Language, driver: Driver, wire: Wire, framing: str, ending: Ending
) -> None:
    """Every recorded stream, one after the other."""
    listed = [case for case in stream_cases() if (framing, case.family) != ("unknown_kinds", "chat")]
    replies = [stream_reply(*FRAMINGS[framing](case.stream), ending=ending) for case in listed]
    ask = driver.at(wire.url, wire.script(*replies))
    for case in listed:
        _check_stream(case, ask(case.op, case.request))


def _check_stream(case: Case, answer: Answer) -> None:
    assert without_nulls(answer.events) == without_nulls(case.events), case
    if case.fatal is None:
        assert normal_final(answer.value["final"]) == final_of(case), case
    else:
        _check_fatal(case, answer.error)


def normal_final(final: dict[str, Any]) -> dict[str, Any]:
    """Return a result with what is left open settled: an empty text is none, `done` may hand on why it broke off."""
    found: dict[str, Any] = without_nulls(final)
    found.pop("error_code", None)
    if found.get("object") == "chat.completion":
        for choice in found["choices"]:
            if choice["message"].get("content") == "":
                del choice["message"]["content"]
    return found


def _check_fatal(case: Case, found: dict[str, Any]) -> None:
    assert case.fatal is not None
    told = case.fatal["error"]
    fields = told if isinstance(told, dict) else {**case.fatal, "message": told, "code": case.fatal["error_code"]}
    assert found["kind"] == "stream"
    assert found["code"] == fields["code"]
    assert fields["message"] in found["message"]
    assert found.get("details") == fields.get("details")


def test_a_stream_cut_in_two_at_any_byte_is_one_stream(language: Language, driver: Driver, wire: Wire) -> None:
    """It has a character of two bytes; at each byte the second half comes a moment after the first."""
    case = case_named("compare/partial_failure_stream")
    places = range(1, len(case.stream))
    halves = [stream_reply(case.stream[:at], Pause(0.02), case.stream[at:]) for at in places]
    ask = driver.at(wire.url, wire.script(*halves))
    for batch in (places[at : at + _AT_ONCE] for at in range(0, len(places), _AT_ONCE)):
        begun = [ask.begin(case.op, case.request) for _ in batch]
        for answer in begun:
            found = without_nulls(driver.wait(answer).value["events"])
            assert found == without_nulls(case.events), f"cut at a byte of {batch}"


@pytest.mark.parametrize("case", _WHOLE_STREAMS, ids=str)
def test_text_deltas_are_the_texts_and_final_is_whole_after_them(
    language: Language, driver: Driver, wire: Wire, case: Case
) -> None:
    answer = play(driver, wire, case, stream_reply(*byte_by_byte(case.stream)), texts=True)
    assert [without_nulls(text) for text in answer.texts if text["text"]] == texts_of(case)
    assert normal_final(answer.value["final"]) == final_of(case)
