"""Rows of the contracts that no test of a single room would miss: over HTTP, down to what the provider is sent."""

import http.client
import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from parley.books import answer_cache, idempotency
from parley.books.instances import LEASE_S
from parley.domain.settings import Patience
from parley.panel.breaker import FAILURES_TO_OPEN, PROBE_AFTER_S, WINDOW_S
from serving import ADMIN_KEY, Got, get, post, serving
from upstream_models import Fails, Upstream, says

ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}
ROUNDTABLE = "/v3/roundtable"
COMPARE = "/v1/chat/compare"
CHAT = "/v1/chat/completions"
ASK = [{"role": "user", "content": "Which?"}]
MODELS = {
    "a": [says("Paris")],
    "b": [says("Lyon")],
    "j": [says("Lyon")],
    "broken": [says("so", finish="content_filter", usage=(100, 10))],
    "unpriced": [says("Nice")],
    "refused": [Fails(400)],
    "refused_unpriced": [Fails(400)],
}
UNPRICED = {"unpriced", "refused_unpriced"}


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(MODELS, dict.fromkeys(set(MODELS) - UNPRICED, ("1", "2"))) as made:
        yield made


@pytest.fixture
def url(upstream: Upstream) -> Iterator[str]:
    with serving(remote(upstream)) as address:
        yield address


def remote(upstream: Upstream) -> str:
    """Reach the provider by a name through a proxy: on loopback, what is not priced would cost nothing."""
    base_url = next(line for line in upstream.toml.splitlines() if line.startswith("base_url"))
    proxy = base_url.replace("base_url", "proxy").replace("/v1", "")
    toml = upstream.toml.replace(base_url, f'base_url = "http://models.example/v1"\n{proxy}')
    return toml.replace('auth = "open"', "")


def panel(url: str, *models: Any, **fields: Any) -> Got:
    return post(url, ROUNDTABLE, {"input": "Which?", "models": models, "max_retries": 0, **fields}, ADMIN)


def events(url: str, **filters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = post(url, "/v1/usage/events", filters, ADMIN).json["events"]
    return found


def streamed(url: str, path: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the events of a stream as they arrive."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    try:
        raw = json.dumps({**body, "stream": True})
        connection.request("POST", path, raw, {"Content-Type": "application/json", **ADMIN})
        for line in connection.getresponse():
            if line.startswith(b"data: {"):
                yield json.loads(line.removeprefix(b"data: "))
    finally:
        connection.close()


class TestCost:
    @pytest.mark.parametrize("model", ["unpriced", "refused_unpriced"])
    def test_cost_is_absent_and_never_0_where_the_price_is_not_known(self, url: str, model: str) -> None:
        known, unknown = panel(url, "a", model, resolution="fast").json["model_results"]
        assert (known["cost"], "cost" in unknown) == (0.00002, False)
        done = panel(url, "a", model, resolution="fast", stream=True).events[-2]
        assert "cost" not in done["model_results"][1]
        assert [row["cost"] for row in events(url, model=model)] == [None, None]

    def test_refused_call_of_a_priced_model_cost_nothing(self, url: str) -> None:
        assert panel(url, "a", "refused", resolution="fast").json["model_results"][1]["cost"] == 0

    @pytest.mark.parametrize(("model", "is_complete"), [("unpriced", False), ("refused_unpriced", True)])
    def test_total_is_complete_unless_something_used_has_no_price(
        self, url: str, model: str, is_complete: bool
    ) -> None:
        meta = panel(url, "a", model, resolution="fast").json["meta"]
        assert (meta["total_cost"], meta["cost_complete"]) == (0.00002, is_complete)
        totals = post(url, "/v1/usage", {}, ADMIN).json
        assert (totals["total_cost_usd"], totals["cost_complete"]) == ("0.00002", is_complete)

    def test_usage_and_cost_of_every_judge_tried_are_in_the_answer(self, url: str) -> None:
        answer = panel(url, "a", "b", summary_model="broken").json
        assert answer["meta"]["summary_fallback_used"]
        assert answer["meta"]["summary_usage"] == {"input_tokens": 110, "output_tokens": 15}
        rows = events(url, panel_id=answer["id"])
        assert len(rows) == 3
        assert sum(Decimal(row["cost"]) for row in rows) == Decimal(str(answer["meta"]["total_cost"]))

    def test_usage_of_every_comparison_model_tried_is_in_the_answer(self, url: str) -> None:
        body = {"models": ["a", "b"], "messages": ASK, "comparison_model": "broken"}
        answer = post(url, COMPARE, body, ADMIN).json
        usage = {"prompt_tokens": 110, "completion_tokens": 15, "total_tokens": 125}
        assert (answer["comparison_fallback_used"], answer["comparison_usage"]) == (True, usage)
        done = post(url, COMPARE, {**body, "stream": True}, ADMIN).events[-2]
        assert (done["comparison_fallback_used"], done["error_code"]) == (False, "content_filtered")

    def test_events_add_up_to_the_last_digit_where_a_price_has_more_digits_than_the_books(self) -> None:
        models = {"a": [says("Paris")], "b": [Fails(503), says("Lyon")]}
        prices = dict.fromkeys(models, ("0.083333333333", "0.000000000001"))
        with Upstream(models, prices) as upstream, serving(upstream.toml) as url:
            answer = panel(url, "a", "b", "a", max_retries=1).json
            rows = events(url, panel_id=answer["id"])
        assert len(rows) == 4
        assert sum(Decimal(row["cost"]) for row in rows) == Decimal(str(answer["meta"]["total_cost"]))
        assert sum(Decimal(str(row["cost"])) for row in answer["model_results"]) == 3 * Decimal("8.33333e-7")


class TestEvents:
    def test_event_has_exactly_the_fields_of_the_contract_and_the_upstreams_own_cost(self, url: str) -> None:
        answer = panel(url, "a", resolution="fast")
        (row,) = events(url)
        assert row.pop("id").startswith("evt_")
        assert row.pop("time").endswith("Z")
        assert row.pop("latency_ms") >= 0
        assert row == {
            "key_id": "admin",
            "key_name": "admin",
            "request_id": answer.headers["x-request-id"],
            "panel_id": answer.json["id"],
            "role": "seat",
            "seat_index": 0,
            "attempts": 1,
            "model": "a",
            "provider": "up",
            "usage": {
                "input_tokens": 10,
                "output_tokens": 5,
                "cache_read_tokens": 0,
                "cache_creation_tokens": 0,
                "reasoning_tokens": 0,
            },
            "cost": "0.00002",
            "upstream_cost": None,
            "estimated": False,
            "cached": False,
            "outcome": "ok",
            "error_code": None,
        }

    def test_attempt_has_exactly_the_fields_that_are_described(self, url: str) -> None:
        panel(url, "a", resolution="fast")
        (event,) = events(url)
        answer = get(url, f"/v1/usage/events/{event['id']}/attempts", ADMIN).json
        assert answer["event_id"] == event["id"]
        (row,) = answer["attempts"]
        assert row.pop("time").endswith("Z")
        assert 0 <= row.pop("first_token_ms") <= row.pop("latency_ms")
        assert row == {
            "attempt": 1,
            "provider": "up",
            "model": "a",
            "usage": event["usage"],
            "cost": "0.00002",
            "estimated": False,
            "outcome": "ok",
            "error_code": None,
        }

    def test_filters_narrow_events_and_totals_alike(self, url: str) -> None:
        first = panel(url, "a", "refused", resolution="fast")
        panel(url, "b", resolution="fast")
        newest = events(url)[0]
        cases: list[tuple[dict[str, str], list[str]]] = [
            ({"model": "a"}, ["a"]),
            ({"status": "failed"}, ["refused"]),
            ({"since": newest["time"]}, ["b"]),
            ({"until": newest["time"]}, ["a", "refused"]),
            ({"key_id": "admin"}, ["a", "b", "refused"]),
            ({"key_id": "key_of_nobody"}, []),
        ]
        for filters, models in cases:
            assert sorted(row["model"] for row in events(url, **filters)) == models, filters
            by_model = post(url, "/v1/usage", filters, ADMIN).json["by_model"]
            assert sorted(row["model"] for row in by_model) == models, filters
        of_request = events(url, request_id=first.headers["x-request-id"])
        assert sorted(row["model"] for row in of_request) == ["a", "refused"]

    def test_what_was_estimated_and_how_long_it_took_stands_in_the_event(self) -> None:
        waits = threading.Event()
        models = {"silent": [says("Paris", usage=None, waits=waits)]}
        with Upstream(models) as upstream, serving(upstream.toml) as url:
            asking = threading.Thread(target=lambda: panel(url, "silent", resolution="fast"))
            asking.start()
            with upstream.asked:
                upstream.asked.wait_for(lambda: upstream.calls, 10)
            waits.wait(0.02)
            waits.set()
            asking.join()
            (row,) = events(url)
            (attempt,) = get(url, f"/v1/usage/events/{row['id']}/attempts").json["attempts"]
        assert (row["estimated"], row["usage"]["output_tokens"], attempt["estimated"]) == (True, 2, True)
        assert row["latency_ms"] > 0
        assert attempt["latency_ms"] > 0

    def test_running_request_is_reserved_from_the_balance(self) -> None:
        waits = threading.Event()
        models = {"slow": [says("Paris", waits=waits)]}
        with (
            Upstream(models, {"slow": ("1", "2")}) as upstream,
            serving(upstream.toml.replace('auth = "open"', "")) as url,
        ):
            made = post(url, "/v1/keys", {"name": "capped", "spend_cap_usd": "1"}, ADMIN).json["key"]
            key = {"Authorization": f"Bearer {made}"}
            body = {"input": "Which?", "models": [{"name": "slow", "max_tokens": 1000}], "resolution": "fast"}
            asking = threading.Thread(target=lambda: post(url, ROUNDTABLE, body, key))
            asking.start()
            with upstream.asked:
                upstream.asked.wait_for(lambda: upstream.calls, 10)
            held = get(url, "/v1/balance", key).json
            waits.set()
            asking.join()
            after = get(url, "/v1/balance", key).json
        assert held["balance_usd"] == "1"
        assert Decimal(held["reserved_usd"]) >= Decimal("0.002")
        assert Decimal(held["available_usd"]) == 1 - Decimal(held["reserved_usd"])
        assert after["reserved_usd"] == "0"
        assert after["balance_usd"] == after["available_usd"] == "0.99998"

    def test_panel_id_is_that_of_a_panel_and_null_for_a_chat_completion(self, url: str) -> None:
        compared = post(url, COMPARE, {"models": ["a"], "messages": ASK}, ADMIN).json["comparison_id"]
        assert [row["panel_id"] for row in events(url)] == [compared]
        post(url, CHAT, {"model": "a", "messages": ASK}, ADMIN)
        assert [(row["role"], row["panel_id"]) for row in events(url)] == [("chat", None), ("seat", compared)]


class TestWhatProvidersAreSent:
    def test_overrides_and_instructions_reach_the_provider_and_hold_for_their_seat_alone(
        self, url: str, upstream: Upstream
    ) -> None:
        first = {"name": "a", "temperature": 0.5, "max_tokens": 7, "top_p": 0.25, "reasoning": "low"}
        assert panel(url, first, "a", "b", instructions="Be brief.", summary_model="j").status == 200
        sampling = ("temperature", "max_tokens", "top_p", "reasoning_effort")
        sent = [tuple(call.get(name) for name in sampling) for call in upstream.calls]
        assert sorted(sent[:3], key=str) == [(0.5, 7, 0.25, "low"), *[(None,) * 4] * 2]
        assert sent[3] == (None,) * 4
        assert all(call["messages"][0]["content"].startswith("Be brief.") for call in upstream.calls)

    def test_what_was_changed_for_a_model_is_told_on_its_own_seat(self, url: str) -> None:
        rows = panel(url, {"name": "a", "reasoning": "max"}, "b", resolution="fast").json["model_results"]
        assert rows[0]["warnings"] == ["reasoning_effort max was sent as high: a does not take the former"]
        assert "warnings" not in rows[1]

    def test_tie_breaker_sees_instructions_question_and_tied_choices_alone(self, url: str, upstream: Upstream) -> None:
        got = panel(
            url,
            "a",
            "b",
            resolution="multiple_choice",
            choices=["Nice", "Paris", "Lyon"],
            instructions="Be brief.",
            summary_model="j",
        ).json
        assert (got["data"], got["meta"]["vote"]["tie_break"]) == ("Lyon", "judge")
        (call,) = upstream.of("j")
        told = json.dumps(call["messages"])
        assert call["messages"][0]["content"].startswith("Be brief.")
        assert all(text in told for text in ("Which?", "Paris", "Lyon"))
        assert "Nice" not in told


class TestOrder:
    def test_seats_of_a_roundtable_keep_their_places_whoever_answers_first(self) -> None:
        first_is_late = threading.Event()
        models = {"slow": [says("late", waits=first_is_late)], "quick": [says("early")]}
        body = {"input": "Which?", "models": ["slow", "quick"], "resolution": "fast"}
        arrived = []
        with Upstream(models) as upstream, serving(upstream.toml) as url:
            for event in streamed(url, ROUNDTABLE, body):
                if event["type"] == "model_done":
                    arrived.append((event["model_index"], event["model"], event["data"]))
                    first_is_late.set()
        assert arrived == [(1, "quick", "early"), (0, "slow", "late")]
        assert [(row["index"], row["data"]) for row in event["model_results"]] == [(0, "late"), (1, "early")]
        assert event["meta"]["models_used"] == ["slow", "quick"]

    def test_plain_results_of_a_comparison_stand_in_the_order_of_models(self) -> None:
        may_answer = threading.Event()
        models = {"slow": [says("late", waits=may_answer)], "quick": [says("early")]}
        with Upstream(models) as upstream, serving(upstream.toml) as url:
            release = threading.Timer(0.05, may_answer.set)
            release.start()
            got = post(url, COMPARE, {"models": ["slow", "quick"], "messages": ASK, "skip_comparison": True}).json
            release.join()
        slow, quick = got["results"]
        assert (slow["content"], quick["content"]) == ("late", "early")
        assert slow["latency_ms"] > quick["latency_ms"]


def test_silence_of_a_roundtables_judge_is_filled_with_keep_alives() -> None:
    thinks = threading.Event()
    models = {"a": [says("Paris")], "b": [says("Lyon")], "j": [says("Both", waits=thinks)]}
    with Upstream(models) as upstream, serving(upstream.toml, patience=Patience(keep_alive_s=0.03)) as url:
        release = threading.Timer(0.2, thinks.set)
        release.start()
        body = {"input": "Which?", "models": ["a", "b"], "summary_model": "j", "stream": True}
        text = post(url, ROUNDTABLE, body).body.decode()
        release.join()
    waiting = text[text.rindex('"type":"model_done"') : text.index('"type":"summary_delta"')]
    assert "\n\n: keep-alive\n\n" in waiting


class TestModelsOfAKey:
    @pytest.fixture
    def url(self, upstream: Upstream) -> Iterator[str]:
        with serving(remote(upstream) + '[panels.both]\nmodels = ["a", "b"]\nsummary_model = "j"\n') as address:
            yield address

    @pytest.mark.parametrize(
        ("allowed", "asked", "status"),
        [
            (["panel/both"], "panel/both", 200),
            (["panel/*"], "panel/both", 200),
            (["a", "b", "j"], "panel/both", 200),
            (["a", "b"], "panel/both", 403),
            (["panel/bot"], "panel/both", 403),
            (["panel/both"], "a", 403),
        ],
    )
    def test_panel_is_allowed_by_its_name_or_by_all_that_it_is_made_of(
        self, url: str, allowed: list[str], asked: str, status: int
    ) -> None:
        key = post(url, "/v1/keys", {"name": "narrow", "models": allowed}, ADMIN).json["key"]
        got = post(url, CHAT, {"model": asked, "messages": ASK}, {"Authorization": f"Bearer {key}"})
        assert got.status == status

    @pytest.mark.parametrize("fields", [{"summary_model": "unpriced"}, {"models": ["a", "unpriced"]}])
    def test_key_with_a_cap_may_not_use_a_model_without_a_price_nor_let_it_judge(
        self, url: str, upstream: Upstream, fields: dict[str, Any]
    ) -> None:
        key = post(url, "/v1/keys", {"name": "capped", "spend_cap_month_usd": "9"}, ADMIN).json["key"]
        body = {"input": "Which?", "models": ["a", "b"], **fields}
        got = post(url, ROUNDTABLE, body, {"Authorization": f"Bearer {key}"})
        assert (got.status, "price of up/unpriced is not known" in got.error["message"]) == (403, True)
        assert upstream.calls == []

    def test_judge_must_be_allowed_too(self, url: str, upstream: Upstream) -> None:
        key = post(url, "/v1/keys", {"name": "narrow", "models": ["a", "b"]}, ADMIN).json["key"]
        body = {"input": "Which?", "models": ["a", "b"], "summary_model": "j"}
        assert post(url, ROUNDTABLE, body, {"Authorization": f"Bearer {key}"}).status == 403
        assert upstream.calls == []


def test_stream_that_fails_before_it_began_says_how_full_the_limits_are(url: str) -> None:
    key = post(url, "/v1/keys", {"name": "limited", "rpm": 5}, ADMIN).json["key"]
    body = {"model": "refused", "messages": ASK, "stream": True}
    got = post(url, CHAT, body, {"Authorization": f"Bearer {key}"})
    assert (got.status, got.headers["x-ratelimit-remaining"]) == (422, "4")


def test_fixed_times_are_those_of_the_contracts() -> None:
    assert (Patience().body_s, Patience().keep_alive_s) == (30, 15)
    assert LEASE_S == 15
    assert (idempotency.KEPT_S, answer_cache.KEPT_S) == (24 * 3600, 24 * 3600)
    assert (FAILURES_TO_OPEN, WINDOW_S, PROBE_AFTER_S) == (5, 30, 10)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/models?free=x", 422), ("/v3/compat/models?free=x", 422), ("/v3/traces?limit=x", 400)],
)
def test_bad_query_has_the_status_of_its_family(url: str, path: str, status: int) -> None:
    got = get(url, path, ADMIN)
    assert (got.status, got.error["code"]) == (status, "validation_error")


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"model": 1}'])
def test_bad_body_under_compat_is_unprocessable(url: str, body: bytes) -> None:
    got = post(url, "/v3/compat/chat/completions", body, ADMIN)
    assert (got.status, got.error["code"]) == (422, "validation_error")
