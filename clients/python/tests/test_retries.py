"""What is tried again, how often, and after how long: decided without waiting."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from parley_client import APIConnectionError, APIError, APITimeoutError, CallOptions, Pace
from parley_client.retries import Attempts
from parley_client.settings import Settings

SETTINGS = Settings("http://h", None)


class Clock:
    """Time that stands until it is moved."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def attempts(clock: Clock, chance: float = 0.5, **options: float) -> Attempts:
    pace = Pace(clock=clock, chance=lambda: chance)
    return Attempts(SETTINGS, CallOptions(**options), pace)  # type: ignore[arg-type]  # numbers of either kind


def passing(retry_after: float | None = None, status: int = 503) -> APIError:
    return APIError("x", status=status, retry_after=retry_after)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_pass_is_tried_twice_more(status: int) -> None:
    tries = attempts(Clock())
    for _ in range(2):
        tries.wait_after(passing(status=status), True)
    with pytest.raises(APIError):
        tries.wait_after(passing(status=status), True)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 409, 413, 422, 500, 501])
def test_what_will_not_pass_is_not_tried_again(status: int) -> None:
    with pytest.raises(APIError):
        attempts(Clock()).wait_after(passing(status=status), True)


def test_a_twin_that_still_runs_is_waited_for() -> None:
    busy = APIError("x", status=409, code="idempotency_in_progress")
    assert attempts(Clock()).wait_after(busy, True) == 0.25


def test_a_broken_connection_is_tried_again_but_not_a_timeout() -> None:
    assert attempts(Clock()).wait_after(APIConnectionError("x"), True) == 0.25
    with pytest.raises(APITimeoutError):
        attempts(Clock()).wait_after(APITimeoutError("x"), True)


@pytest.mark.parametrize(("status", "is_tried"), [(429, True), (503, True), (502, False), (504, False)])
def test_what_does_harm_when_done_twice_is_tried_only_if_it_was_not_done(status: int, is_tried: bool) -> None:
    if is_tried:
        assert attempts(Clock()).wait_after(passing(status=status), False) == 0.25
    else:
        with pytest.raises(APIError):
            attempts(Clock()).wait_after(passing(status=status), False)
    with pytest.raises(APIConnectionError):
        attempts(Clock()).wait_after(APIConnectionError("x"), False)


def test_waits_double_up_to_eight_seconds_under_full_jitter() -> None:
    tries = attempts(Clock(), chance=1.0, max_retries=7)
    assert [tries.wait_after(passing(), True) for _ in range(7)] == [0.5, 1, 2, 4, 8, 8, 8]
    assert attempts(Clock(), chance=0.0).wait_after(passing(), True) == 0


def test_retry_after_is_the_least_wait() -> None:
    assert attempts(Clock()).wait_after(passing(3), True) == 3
    assert attempts(Clock(), chance=0.9).wait_after(passing(0.1), True) == 0.45
    assert attempts(Clock()).wait_after(passing(60), True) == 60


def test_a_retry_after_beyond_a_minute_or_the_calls_time_is_not_waited() -> None:
    with pytest.raises(APIError):
        attempts(Clock()).wait_after(passing(60.5), True)
    with pytest.raises(APIError):
        attempts(Clock(), timeout_s=5).wait_after(passing(5), True)
    assert attempts(Clock(), timeout_s=5).wait_after(passing(4.9), True) == 4.9


def test_the_time_of_a_call_covers_all_its_attempts() -> None:
    clock = Clock()
    tries = attempts(clock, timeout_s=10)
    clock.now_s += 9
    assert tries.remaining_s() == 1
    with pytest.raises(APIError):
        tries.wait_after(passing(1), True)
    clock.now_s += 1
    with pytest.raises(APITimeoutError, match="within 10 s"):
        tries.remaining_s()


def test_the_callers_number_of_retries_wins() -> None:
    with pytest.raises(APIError):
        attempts(Clock(), max_retries=0).wait_after(passing(), True)


def test_a_pace_knows_the_time_of_the_day() -> None:
    assert abs(Pace().now() - datetime.now(timezone.utc)) < timedelta(hours=1)
