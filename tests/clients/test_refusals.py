"""Every error that a client can provoke from one live server: limits, caps, models, failing upstreams, lost answers."""

from typing import Any

import pytest

from clients.bodies import BODIES, CHAT, COMPARE, ROUNDTABLE
from clients.drivers import Client, Driver
from clients.languages import Language
from clients.live import MOST_BODY_BYTES, Live, eventually
from clients.proxy import losing_proxy
from serving import ADMIN_KEY

_NO_ID = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"
_SLOW = {**CHAT, "model": "sandbox/slow"}
_DOWN = {"models": ["denied", "refused-request"]}
_DOWN_CODES = ["authentication", "invalid_request"]


@pytest.fixture
def ask(driver: Driver, live: Live) -> Client:
    return driver.at(live.url, live.new_key())


def check(found: dict[str, Any], status: int, code: str) -> None:
    assert (found["kind"], found["status"], found["code"]) == ("api", status, code)
    assert found["request_id"].startswith("req_")
    assert found["message"].strip()


@pytest.mark.parametrize(
    ("op", "request_body", "status", "code", "param"),
    [
        ("roundtable.create", {**ROUNDTABLE, "timeout_ms": 500_000}, 400, "validation_error", "timeout_ms"),
        ("roundtable.stream", {**ROUNDTABLE, "timeout_ms": 500_000}, 400, "validation_error", "timeout_ms"),
        ("roundtable.vote", {**ROUNDTABLE, "choices": ["one"]}, 400, "validation_error", "choices"),
        ("compare.create", {**COMPARE, "temperature": 9}, 422, "validation_error", "temperature"),
        ("compare.stream", {**COMPARE, "temperature": 9}, 422, "validation_error", "temperature"),
        ("chat.create", {**CHAT, "temperature": 9}, 422, "validation_error", "temperature"),
        ("usage.events", {"limit": 201}, 422, "validation_error", "limit"),
        ("traces.list", {"limit": 101}, 400, "validation_error", "limit"),
        ("roundtable.create", {**ROUNDTABLE, "models": ["nobody/knows"]}, 404, "model_not_found", None),
        ("compare.create", {**COMPARE, "models": ["nobody/knows"]}, 404, "model_not_found", None),
        ("chat.stream", {**CHAT, "model": "nobody/knows"}, 404, "model_not_found", None),
        ("models.get", {"id": "nobody/knows"}, 404, "model_not_found", None),
        ("templates.get", {"id": _NO_ID}, 404, "not_found", None),
        ("templates.delete", {"id": _NO_ID}, 404, "not_found", None),
        ("traces.get", {"id": _NO_ID}, 404, "not_found", None),
        ("usage.attempts", {"id": "evt_none"}, 404, "not_found", None),
        ("roundtable.create", {**ROUNDTABLE, "input": "x" * MOST_BODY_BYTES}, 413, "request_too_large", None),
        ("usage.totals", {"key_id": "key_of_another"}, 403, "forbidden", "key_id"),
        ("templates.create", {"name": "for all", "is_global": True}, 403, "forbidden", None),
    ],
    ids=lambda value: str(value) if isinstance(value, str | int) else "",
)
def test_a_refusal_tells_status_code_and_field(
    language: Language, ask: Client, op: str, request_body: Any, status: int, code: str, param: str | None
) -> None:
    found = ask(op, request_body).error
    check(found, status, code)
    if param is not None:
        assert param in found["param"]
        assert param in found["message"]


def test_a_key_that_is_unknown_or_disabled_is_unauthorized(language: Language, driver: Driver, live: Live) -> None:
    disabled = live.new_key()
    live.admin("PATCH", f"/v1/keys/{live.key_id(disabled)}", {"disabled": True})
    for key in (disabled, "parley_nobody", None):
        for op in ("chat.create", "chat.stream"):
            check(driver.at(live.url, key)(op, CHAT).error, 401, "unauthorized")


def test_a_key_over_its_cap_is_told_so(language: Language, driver: Driver, live: Live) -> None:
    key = live.new_key(spend_cap_usd="0.000001")
    for op in ("roundtable.create", "roundtable.stream"):
        check(driver.at(live.url, key)(op, ROUNDTABLE).error, 402, "spend_limit_exceeded")


def test_a_model_that_is_not_for_the_key_is_forbidden(language: Language, driver: Driver, live: Live) -> None:
    key = live.new_key(models=["sandbox/terse"])
    check(driver.at(live.url, key)("compare.create", COMPARE).error, 403, "forbidden")
    assert driver.at(live.url, key)("chat.create", CHAT).value


def test_a_full_window_is_told_with_its_wait(language: Language, driver: Driver, live: Live) -> None:
    limited = driver.at(live.url, live.new_key(rpm=1))
    assert limited("chat.create", CHAT).value
    for op in ("chat.create", "chat.stream"):
        found = limited(op, CHAT, max_retries=0).error
        check(found, 429, "rate_limit_exceeded")
        assert 0 < found["retry_after"] <= 60


def test_a_full_window_is_waited_for_only_if_there_is_time(language: Language, driver: Driver, live: Live) -> None:
    limited = driver.at(live.url, live.new_key(rpm=1))
    assert limited("chat.create", CHAT).value
    check(limited("chat.create", CHAT, timeout_s=5).error, 429, "rate_limit_exceeded")


def test_one_idempotency_key_is_one_answer(language: Language, ask: Client, live: Live) -> None:
    first = ask("roundtable.create", ROUNDTABLE, idempotency_key="once").value
    again = ask("roundtable.create", ROUNDTABLE, idempotency_key="once").value
    assert again == first
    assert len(live.events(ask.key or "")) == 3
    found = ask("roundtable.create", {**ROUNDTABLE, "input": "Another."}, idempotency_key="once").error
    check(found, 422, "idempotency_mismatch")


def test_a_call_that_still_runs_is_told_so_or_waited_for(language: Language, ask: Client, live: Live) -> None:
    running = ask.begin("chat.create", _SLOW, idempotency_key="slow")
    eventually(lambda: len(live.events(ask.key or "")), 1)
    check(ask("chat.create", _SLOW, idempotency_key="slow", max_retries=0).error, 409, "idempotency_in_progress")
    waited = ask("chat.create", _SLOW, idempotency_key="slow", max_retries=20)
    assert waited.value == ask.driver.wait(running).value
    assert len(live.events(ask.key or "")) == 1


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        ("refused-request", 422, "invalid_request"),
        ("too-long", 422, "context_length_exceeded"),
        ("filtered", 422, "content_filtered"),
        ("denied", 502, "authentication"),
        ("limited", 429, "rate_limited"),
        ("absent", 503, "unavailable"),
        ("down-{language}", 502, "upstream_error"),
    ],
)
def test_a_failed_model_of_a_chat_is_told_with_the_providers_words(
    language: Language, ask: Client, model: str, status: int, code: str
) -> None:
    for op in ("chat.create", "chat.stream"):
        found = ask(op, {**CHAT, "model": model.format(language=language)}, max_retries=0).error
        check(found, status, code)
        assert found["provider_error"] is not None


def test_a_model_that_takes_too_long_is_the_servers_timeout(language: Language, ask: Client) -> None:
    check(ask("chat.create", {**_SLOW, "timeout": 1}, max_retries=0).error, 504, "timeout")


def test_a_chat_stream_that_breaks_in_the_middle_is_a_stream_error(language: Language, ask: Client) -> None:
    answer = ask("chat.stream", {**CHAT, "model": f"breaks-{language}"})
    assert (answer.kind, answer.error["code"]) == ("stream", "upstream_error")
    text = "".join(event["choices"][0]["delta"].get("content") or "" for event in answer.events)
    assert text == "Half an ans"


def test_no_answer_at_all_is_told_seat_by_seat(language: Language, ask: Client) -> None:
    for op, body in (("roundtable.create", {**ROUNDTABLE, **_DOWN}), ("compare.create", {**COMPARE, **_DOWN})):
        found = ask(op, body, max_retries=0).error
        check(found, 502, "all_models_failed")
        assert [row["error_code"] for row in found["details"]] == _DOWN_CODES


def test_no_answer_at_all_ends_a_stream(language: Language, ask: Client) -> None:
    roundtable = ask("roundtable.stream", {**ROUNDTABLE, **_DOWN})
    assert (roundtable.kind, roundtable.error["code"]) == ("stream", "all_models_failed")
    assert [row["error_code"] for row in roundtable.error["details"]] == _DOWN_CODES
    assert [event["type"] for event in roundtable.events] == ["start", "model_error", "model_error"]
    compare = ask("compare.stream", {**COMPARE, **_DOWN, "skip_comparison": True})
    assert (compare.kind, compare.error["code"]) == ("stream", "all_models_failed")


def test_one_failed_model_is_data(language: Language, ask: Client) -> None:
    models = ["sandbox/terse", "denied"]
    for op, body in (("roundtable", ROUNDTABLE), ("compare", COMPARE)):
        plain = ask(f"{op}.create", {**body, "models": models}).value
        streamed = ask(f"{op}.stream", {**body, "models": models}).value["final"]
        for whole in (plain, streamed):
            rows = whole["model_results"] if op == "roundtable" else whole["results"]
            assert [row.get("error_code") for row in rows] == [None, "authentication"]
            assert rows[1]["error"]


@pytest.mark.parametrize("family", BODIES)
def test_an_answer_lost_on_the_wire_is_not_paid_for_twice(
    language: Language, driver: Driver, live: Live, family: str
) -> None:
    key = live.new_key()
    with losing_proxy(live.url, answers=1) as proxy:
        assert driver.at(proxy.url, key)(f"{family}.create", BODIES[family]).value
    assert proxy.answers == [(200, False), (200, True)]
    assert len(live.events(key)) == (1 if family == "chat" else 3)


_HANGING = {
    "roundtable": {"input": "Well?", "models": ["hangs", "hangs"]},
    "compare": {**COMPARE, "models": ["hangs"], "skip_comparison": True},
    "chat": {**CHAT, "model": "hangs"},
}


@pytest.mark.parametrize("way", ["cancel a stream", "cancel a plain call", "leave the loop", "timeout"])
def test_a_call_that_is_given_up_is_cancelled_upstream_and_in_the_books(
    language: Language, driver: Driver, live: Live, way: str
) -> None:
    """A call of each family, all at once."""
    keys = {family: live.new_key() for family in _HANGING}
    ways: dict[str, dict[str, Any]] = {
        "cancel a stream": {"cancel_after_s": 0.7},
        "cancel a plain call": {"cancel_after_s": 0.7},
        "leave the loop": {"break_after": 1, "no_final": True},
        "timeout": {"timeout_s": 0.7},
    }
    kind = "stream" if way in ("cancel a stream", "leave the loop") else "create"
    begun = [
        driver.at(live.url, key).begin(f"{family}.{kind}", _HANGING[family], **ways[way])
        for family, key in keys.items()
    ]
    for answer in map(driver.wait, begun):
        if way == "leave the loop":
            assert len(answer.value["events"]) == 1
        else:
            assert answer.kind == ("timeout" if way == "timeout" else "cancelled")
    for family, key in keys.items():
        _check_cancelled(live, key, calls=2 if family == "roundtable" else 1)
    eventually(lambda: live.hanging.open_connections, 0)


def _check_cancelled(live: Live, key: str, calls: int) -> None:
    eventually(lambda: [event["outcome"] for event in live.events(key)], ["cancelled"] * calls)


def test_an_admin_key_sees_the_usage_of_others(language: Language, driver: Driver, live: Live) -> None:
    key = live.new_key()
    assert driver.at(live.url, key)("chat.create", CHAT).value
    seen = driver.at(live.url, ADMIN_KEY)("usage.events", {"key_id": live.key_id(key)}).value
    assert [event["key_id"] for event in seen["events"]] == [live.key_id(key)]
