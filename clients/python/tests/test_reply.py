"""Errors say what the server said, whoever the server was."""

from __future__ import annotations

import json
import pickle
from datetime import datetime, timezone
from typing import Any

import httpx
import pytest

from golden import cases, response, status
from parley_client import APIConnectionError, APIError, OutputError, StreamError
from parley_client.decoding import reader
from parley_client.reply import Reply, api_error, read_answer, seconds_until
from parley_client.roundtable import Roundtable

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=timezone.utc)


def replied(body: bytes | object, status_code: int, **headers: str) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status_code, httpx.Headers({name.replace("_", "-"): text for name, text in headers.items()}), raw)


def error_of(body: bytes | object, **headers: str) -> APIError:
    return api_error(replied(body, 502, **headers), NOW)


@pytest.mark.parametrize("case", cases("response.json"))
def test_the_envelope_is_told_whole(case: str) -> None:
    said: dict[str, Any] = response(case)
    if "error" not in said:
        return
    error = api_error(replied(said, status(case)), NOW)
    told = {
        "code": error.code,
        "message": error.message,
        "param": error.param,
        "details": error.details,
        "provider_error": error.provider_error,
        "retry_after_seconds": error.retry_after,
    }
    assert told == {name: said["error"].get(name) for name in told}
    assert (error.status, error.request_id) == (status(case), said["request_id"])


def test_what_is_printed_names_status_code_and_request() -> None:
    error = error_of({"error": {"code": "overloaded", "message": "Full."}}, x_request_id="req_1")
    assert str(error) == "Full. (status 502, code overloaded, request req_1)"
    assert error.message == "Full."


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": "No entry."}, "No entry."),
        ({"error": {"message": "No entry."}}, "No entry."),
        ({"message": "No entry."}, "No entry."),
        ({"detail": "No entry."}, "No entry."),
        ({"error": {"message": ["odd"]}}, "The server answered 502 with nothing more."),
        ({"error": None}, "The server answered 502 with nothing more."),
        ([1], "The server answered 502 with nothing more."),
        (b"", "The server answered 502 with nothing more."),
        (b"\xff\x00", "The server answered 502 with nothing more."),
    ],
)
def test_other_bodies_give_what_they_have(body: object, message: str) -> None:
    error = error_of(body)
    assert (error.message, error.code, error.details) == (message, None, None)


def test_a_proxys_page_is_named_and_not_shown() -> None:
    page = b"<html>" + b"<p>Bad gateway</p>" * 10_000
    error = error_of(page, content_type="text/html; charset=utf-8")
    assert error.message == "The server answered 502 with text/html."


def test_plain_words_are_shown_up_to_a_bound() -> None:
    assert error_of(b"slow down\n", content_type="text/plain").message == "The server answered 502 with slow down."
    assert len(error_of(b"x" * 100_000, content_type="text/plain").message) < 400


def test_a_redirect_says_where_to_go() -> None:
    error = api_error(replied(b"", 307, location="https://h.example/v1/models"), NOW)
    assert "https://h.example/v1/models" in error.message
    assert "set the URL" in error.message


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        ("1.5", 1.5),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("Sun, 22 Nov 2026 12:00:30 -0000", 30),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("\u0661", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert seconds_until(text, NOW) == seconds


def test_the_header_tells_the_wait_before_the_body_does() -> None:
    body = {"error": {"code": "x", "message": "y", "retry_after_seconds": 700}}
    assert error_of(body).retry_after == 700
    assert error_of(body, retry_after="7").retry_after == 7
    assert error_of(body, retry_after="soon").retry_after == 700


@pytest.mark.parametrize("body", [b"<html>", b'{"id": "rt_', b"", b"[]", b"null", b'{"id": 5}', b"[" * 100_000])
def test_an_answer_that_is_none_says_so(body: bytes) -> None:
    with pytest.raises(APIConnectionError) as raised:
        read_answer(reader(Roundtable), replied(body, 200, x_request_id="req_1"))
    assert raised.value.request_id == "req_1"


def test_errors_survive_a_pickle() -> None:
    """As they must, to come back from another process."""
    for error in (
        error_of({"error": {"code": "c", "message": "m", "details": [1]}}, x_request_id="req_1"),
        StreamError("m", code="c"),
        OutputError("m"),
        APIConnectionError("m", request_id="req_1"),
    ):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), vars(again)) == (type(error), vars(error))
