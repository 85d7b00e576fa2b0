"""The header Idempotency-Key over HTTP: one request is done, and its answer comes back."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from serving import ADMIN_KEY, Got, post, send, serving
from stores import sqlite_url
from upstream_models import Fails, Upstream, says

ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}
PATHS = ["/v3/roundtable", "/v1/chat/compare", "/v1/chat/completions"]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    models = {
        "a": [says("Paris")],
        "b": [says("Lyon")],
        "down": [Fails(400), says("Up again")],
        "slow": [says("At last", waits=threading.Event())],
    }
    with Upstream(models) as made:
        yield made


@pytest.fixture
def toml(upstream: Upstream) -> str:
    return upstream.toml.replace('auth = "open"', 'auth = "keys"')


@pytest.fixture
def url(toml: str) -> Iterator[str]:
    with serving(toml) as address:
        yield address


def body_of(path: str, *models: str, **fields: Any) -> dict[str, Any]:
    names = models or ("a", "b")
    asked: dict[str, Any] = {"messages": [{"role": "user", "content": "Hi"}], "models": list(names)}
    if path == "/v3/roundtable":
        asked = {"input": "Hi", "models": list(names)}
    return {**asked, **fields}


def ask(url: str, key: str, path: str = "/v1/chat/completions", *models: str, **fields: Any) -> Got:
    return post(url, path, body_of(path, *models, **fields), {**ADMIN, "Idempotency-Key": key})


@pytest.mark.parametrize("path", PATHS)
def test_same_request_gets_the_stored_answer_and_asks_nobody(url: str, upstream: Upstream, path: str) -> None:
    first = ask(url, "once", path)
    asked = len(upstream.calls)
    again = ask(url, "once", path)
    assert (first.status, again.status, again.body) == (200, 200, first.body)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["content-type"] == "application/json"
    assert "idempotent-replayed" not in first.headers
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert len(upstream.calls) == asked


def test_replay_leaves_no_event(url: str) -> None:
    for _ in range(3):
        assert ask(url, "once").status == 200
    assert post(url, "/v1/usage/events", {}, ADMIN).json["total"] == 1


def test_replay_does_not_count_against_the_limits(url: str) -> None:
    made = post(url, "/v1/keys", {"name": "two a day", "rpd": 2}, ADMIN).json["key"]
    who = {"Authorization": f"Bearer {made}", "Idempotency-Key": "once"}
    body = body_of("/v1/chat/completions")
    assert [post(url, "/v1/chat/completions", body, who).status for _ in range(5)] == [200] * 5
    del who["Idempotency-Key"]
    assert [post(url, "/v1/chat/completions", body, who).status for _ in range(2)] == [200, 429]


def test_request_over_the_limit_frees_the_key(url: str) -> None:
    made = post(url, "/v1/keys", {"name": "one a day", "rpd": 1}, ADMIN).json["key"]
    who = {"Authorization": f"Bearer {made}"}
    body = body_of("/v1/chat/completions")
    keys = ("first", "second", "second")
    ends = [post(url, "/v1/chat/completions", body, {**who, "Idempotency-Key": key}) for key in keys]
    assert [(end.status, end.json.get("error", {}).get("code")) for end in ends] == [
        (200, None),
        (429, "rate_limit_exceeded"),
        (429, "rate_limit_exceeded"),
    ]


def test_other_body_or_path_is_a_mismatch(url: str, upstream: Upstream) -> None:
    ask(url, "once")
    asked = len(upstream.calls)
    for got in (ask(url, "once", temperature=1), ask(url, "once", "/v1/chat/compare")):
        assert (got.status, got.error["code"]) == (422, "idempotency_mismatch")
    assert len(upstream.calls) == asked


def test_key_belongs_to_the_api_key(url: str, upstream: Upstream) -> None:
    ask(url, "once")
    other = post(url, "/v1/keys", {"name": "other"}, ADMIN).json["key"]
    got = post(
        url,
        "/v1/chat/completions",
        body_of("/v1/chat/completions", "b"),
        {"Authorization": f"Bearer {other}", "Idempotency-Key": "once"},
    )
    assert (got.status, got.json["model"]) == (200, "b")


def test_request_that_still_runs_is_told_so(url: str, upstream: Upstream) -> None:
    (script,) = upstream.models["slow"]
    assert script.waits is not None  # type: ignore[union-attr]  # it is an answer
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, url, "once", "/v1/chat/completions", "slow")
        with upstream.asked:
            assert upstream.asked.wait_for(lambda: upstream.calls, 10)
        second = ask(url, "once", "/v1/chat/completions", "slow")
        script.waits.set()  # type: ignore[union-attr]  # it is an answer
        assert (second.status, second.error["code"]) == (409, "idempotency_in_progress")
        assert second.headers["retry-after"] == "1"
        assert first.result().status == 200
    assert ask(url, "once", "/v1/chat/completions", "slow").headers["idempotent-replayed"] == "true"
    assert len(upstream.calls) == 1


@pytest.mark.parametrize("path", PATHS)
def test_failed_request_frees_the_key(url: str, path: str) -> None:
    first, second, third = (ask(url, "once", path, "down") for _ in range(3))
    assert [first.status >= 400, second.status, third.status] == [True, 200, 200]
    assert third.headers["idempotent-replayed"] == "true"


def test_refused_request_frees_the_key(url: str) -> None:
    assert ask(url, "once", temperature=5).status == 422
    assert ask(url, "once", "/v1/chat/completions", "nobody").status == 404
    assert ask(url, "once").status == 200


def test_client_that_leaves_frees_the_key(url: str, upstream: Upstream) -> None:
    with pytest.raises(TimeoutError):
        send(
            url,
            "POST",
            "/v1/chat/completions",
            body_of("/v1/chat/completions", "slow"),
            {**ADMIN, "Idempotency-Key": "once"},
            timeout_s=0.3,
        )
    (script,) = upstream.models["slow"]
    script.waits.set()  # type: ignore[union-attr]  # it is an answer
    ends = [ask(url, "once", "/v1/chat/completions", "slow") for _ in range(50)]
    assert ends[-1].status == 200
    assert len(upstream.calls) == 2


@pytest.mark.parametrize(("key", "status"), [("k" * 255, 200), ("k" * 256, 422), ("tab\there", 422), ("ü", 422)])
def test_key_is_bounded(url: str, key: str, status: int) -> None:
    got = ask(url, key)
    assert got.status == status
    assert status == 200 or (got.error["code"], got.error["param"]) == ("validation_error", "Idempotency-Key")


def test_stream_with_a_key_is_refused_and_leaves_the_key_free(url: str) -> None:
    got = ask(url, "once", stream=True)
    assert (got.status, got.error["code"]) == (422, "validation_error")
    assert ask(url, "once").status == 200


def test_answer_comes_back_when_its_template_is_gone(url: str) -> None:
    made = post(url, "/v1/templates", {"name": "t", "system": "Be kind."}, ADMIN).json
    first = ask(url, "once", template="t")
    send(url, "DELETE", f"/v1/templates/{made['id']}", headers=ADMIN)
    assert ask(url, "once", template="t").body == first.body


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of servers that share a database; those on PostgreSQL keep their journal where they run."""
    monkeypatch.chdir(tmp_path)
    is_sqlite = request.param == "sqlite"
    return {"PARLEY_STORE_URL": sqlite_url(tmp_path) if is_sqlite else request.getfixturevalue("postgresql_url")}


def test_of_many_at_once_at_two_servers_one_is_done(toml: str, upstream: Upstream, store: dict[str, str]) -> None:
    with serving(toml, store) as one, serving(toml, store) as other, ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(lambda index: ask((one, other)[index % 2], "once"), range(24)))
        assert {end.status for end in ends} <= {200, 409}
        assert len({end.body for end in ends if end.status == 200}) == 1
        assert ask(other, "once").body == ask(one, "once").body
    assert len(upstream.calls) == 1


def test_answer_survives_the_server(toml: str, upstream: Upstream, store: dict[str, str]) -> None:
    with serving(toml, store) as url:
        first = ask(url, "once")
    with serving(toml, store) as url:
        assert ask(url, "once").body == first.body
    assert len(upstream.calls) == 1
