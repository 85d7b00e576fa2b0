"""Looking at the shared limiter: it answers, it does not, and nothing is counted."""

import asyncio

import redis

from parley.domain.checkup import Severity
from parley.domain.settings import LimiterSettings
from parley.gate.limiter_check import check_limiter


def found(settings: LimiterSettings) -> list[tuple[Severity, str]]:
    checkup = asyncio.run(check_limiter(settings))
    assert "pass-word-1" not in repr(checkup)
    return [(finding.severity, finding.code) for finding in checkup.findings]


def test_limiter_that_answers_has_nothing_to_be_found_and_counts_nothing(redis_url: str) -> None:
    assert found(LimiterSettings(redis_url)) == []
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys("*") == []


def test_limiter_in_memory_is_always_there() -> None:
    assert found(LimiterSettings()) == []


def test_limiter_that_is_gone_is_an_error_or_a_warning_as_it_would_refuse_or_let_through() -> None:
    gone = "redis://:pass-word-1@127.0.0.1:1/0"
    assert found(LimiterSettings(gone, "closed")) == [(Severity.ERROR, "limiter_unreachable")]
    assert found(LimiterSettings(gone, "open")) == [(Severity.WARNING, "limiter_unreachable")]


def test_wrong_password_is_found(redis_url: str) -> None:
    with_password = redis_url.replace("redis://", "redis://:pass-word-1@")
    assert found(LimiterSettings(with_password)) == [(Severity.ERROR, "limiter_unreachable")]


def test_address_that_is_none_is_told_without_what_stands_in_it() -> None:
    assert found(LimiterSettings("redis://:x@host:pass-word-1/0")) == [(Severity.ERROR, "limiter_url")]
