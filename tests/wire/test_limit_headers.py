"""What clients read of their limits: both families of headers, the refusal, and the endpoint that tells the use."""

import asyncio
import json

import pytest
from starlette.requests import Request

from parley.domain.errors import RateLimited
from parley.domain.limits import LimitState, Window, WindowName
from parley.gate.admission import Admission
from parley.gate.keyring import Caller
from parley.gate.limits import MemoryLimiter
from parley.wire.limit_headers import limit_headers
from parley.wire.problems import problem_of
from parley.wire.rate_limits import RateLimitsEndpoint
from serving import ADMIN_KEY, get, post, serving


def minute(limit: int, used: int, reset_s: float) -> LimitState:
    return LimitState(Window(WindowName.RPM, limit), used, reset_s)


def day(limit: int, used: int, reset_s: float) -> LimitState:
    return LimitState(Window(WindowName.RPD, limit), used, reset_s)


def test_the_ietf_fields_tell_of_every_window() -> None:
    headers = dict(limit_headers((minute(100, 40, 12.2), day(1000, 990, 3600.0))))
    assert headers[b"ratelimit-policy"] == b'"rpm";q=100;w=60, "rpd";q=1000;w=86400'
    assert headers[b"ratelimit"] == b'"rpm";r=60;t=13, "rpd";r=10;t=3600'


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((minute(100, 40, 12.2), day(1000, 990, 3600.0)), (b"1000", b"10", b"3600")),
        ((minute(100, 95, 12.2), day(1000, 990, 3600.0)), (b"100", b"5", b"13")),
        ((minute(10, 10, 12.2), day(20, 20, 3600.0)), (b"20", b"0", b"3600")),
        ((minute(2, 3, 0.0000001),), (b"2", b"0", b"1")),
    ],
    ids=["day is tighter", "minute is tighter", "both full: the longer one", "never below one second"],
)
def test_the_older_fields_tell_of_the_tightest_window(
    states: tuple[LimitState, ...], expected: tuple[bytes, bytes, bytes]
) -> None:
    headers = dict(limit_headers(states))
    names = (b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset")
    assert tuple(headers[name] for name in names) == expected


def test_a_key_without_limits_has_no_such_fields() -> None:
    assert limit_headers(()) == []


def test_a_refusal_says_when_to_come_back_in_header_and_body() -> None:
    problem = problem_of(RateLimited((minute(5, 5, 17.01), day(50, 6, 40_000.0))), 422)
    headers = dict(problem.headers())
    assert (problem.status, headers[b"retry-after"], headers[b"x-ratelimit-remaining"]) == (429, b"18", b"0")
    assert headers[b"ratelimit"] == b'"rpm";r=0;t=18, "rpd";r=44;t=40000'
    error = json.loads(problem.envelope("req_1"))["error"]
    assert (error["code"], error["type"], error["retry_after_seconds"]) == (
        "rate_limit_exceeded",
        "rate_limit_error",
        18,
    )
    assert error["message"] == "This key's limit of 5 RPM is used up; send it again in 18 s."


def test_the_use_of_each_window_can_be_asked_for_without_being_counted() -> None:
    admission = Admission(MemoryLimiter(lambda: 86_400.0 * 2 - 30))
    caller = Caller("key_a", "a", is_admin=False, rpm=8, rpd=100)
    asyncio.run(admission.admit(caller))
    request = Request({"type": "http", "state": {"caller": caller}})
    for _ in range(2):
        response = asyncio.run(RateLimitsEndpoint(admission).answer(request))
    assert json.loads(bytes(response.body)) == {
        "key_id": "key_a",
        "windows": [
            {
                "name": "rpm",
                "window_seconds": 60,
                "limit": 8,
                "used": 1,
                "remaining": 7,
                "share": 0.125,
                "reset_seconds": 60,
            },
            {
                "name": "rpd",
                "window_seconds": 86400,
                "limit": 100,
                "used": 1,
                "remaining": 99,
                "share": 0.01,
                "reset_seconds": 30,
            },
        ],
    }


def test_the_endpoint_answers_the_calling_key_over_http() -> None:
    key = {"Authorization": f"Bearer {ADMIN_KEY}"}
    with serving("") as url:
        made = post(url, "/v1/keys", {"name": "small", "rpm": 7}, key).json
        own = get(url, "/v1/usage/rate-limits", {"Authorization": f"Bearer {made['key']}"}).json
        assert own["key_id"] == made["id"]
        assert [(one["name"], one["limit"], one["used"]) for one in own["windows"]] == [("rpm", 7, 0)]
        assert get(url, "/v1/usage/rate-limits", key).json == {"key_id": "admin", "windows": []}
        assert get(url, "/v1/usage/rate-limits").status == 401
