"""Limits over HTTP: one request counts once, refused ones do not, every answer says how much is left."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from serving import ADMIN_KEY, get, post, serving

ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}
PANEL = {"input": "Is water wet?", "models": ["sandbox/terse", "sandbox/thorough"], "resolution": "fast"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving("[server]\n") as place:
        yield place


def make_key(url: str, name: str, **fields: Any) -> dict[str, str]:
    made = post(url, "/v1/keys", {"name": name, **fields}, ADMIN)
    return {"Authorization": f"Bearer {made.json['key']}"}


def test_panel_is_one_request_and_the_one_after_the_last_is_429(url: str) -> None:
    key = make_key(url, "two", rpm=2)
    first, second, third = [post(url, "/v3/roundtable", PANEL, key) for _ in range(3)]
    assert [got.status for got in (first, second, third)] == [200, 200, 429]
    assert [got.headers["x-ratelimit-remaining"] for got in (first, second, third)] == ["1", "0", "0"]
    assert third.error["code"] == "rate_limit_exceeded"
    assert 1 <= int(third.headers["retry-after"]) == third.error["retry_after_seconds"] <= 60
    assert first.headers["ratelimit-policy"] == '"rpm";q=2;w=60'


def test_streams_are_counted_and_say_so(url: str) -> None:
    key = make_key(url, "streams", rpm=5)
    got = post(url, "/v3/roundtable", {**PANEL, "stream": True}, key)
    assert (got.status, got.headers["x-ratelimit-limit"], got.headers["x-ratelimit-remaining"]) == (200, "5", "4")


def test_refused_requests_and_listings_do_not_count(url: str) -> None:
    key = make_key(url, "refused", rpm=1, rpd=10, spend_cap_usd="0.01")
    assert post(url, "/v3/roundtable", {**PANEL, "timeout_ms": 0}, key).status == 400
    assert post(url, "/v3/roundtable", {**PANEL, "models": ["nobody/x"]}, key).status == 404
    big = {**PANEL, "models": [{"name": "sandbox/terse", "max_tokens": 1_000_000_000}]}
    assert post(url, "/v3/roundtable", big, key).status == 402
    assert get(url, "/v1/models", key).status == 200
    got = post(url, "/v3/roundtable", PANEL, key)
    assert (got.status, got.headers["x-ratelimit-remaining"]) == (200, "0")


def test_failed_panel_counts_and_carries_the_headers(url: str) -> None:
    key = make_key(url, "failed", rpm=5)
    got = post(url, "/v3/roundtable", {**PANEL, "models": ["sandbox/down"], "max_retries": 0}, key)
    assert (got.status, got.headers["x-ratelimit-remaining"]) == (502, "4")


def test_concurrent_requests_never_pass_the_limit(url: str) -> None:
    key = make_key(url, "crowd", rpm=20)
    with ThreadPoolExecutor(16) as pool:
        statuses = [got.status for got in pool.map(lambda _: post(url, "/v3/roundtable", PANEL, key), range(60))]
    assert (statuses.count(200), statuses.count(429)) == (20, 40)


def test_key_without_limits_has_no_headers(url: str) -> None:
    got = post(url, "/v3/roundtable", PANEL, make_key(url, "free"))
    assert not [name for name in got.headers if "ratelimit" in name]
