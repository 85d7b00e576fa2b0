"""The ledger over HTTP: totals, events, attempts, balance; a key sees its own."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from serving import ADMIN_KEY, get, post, serving

ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}
PANEL = {"input": "Is water wet?", "models": ["sandbox/terse", "sandbox/thorough", "sandbox/down"], "max_retries": 1}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving("[server]\n") as place:
        yield place


def make_key(url: str, name: str, **fields: Any) -> dict[str, str]:
    made = post(url, "/v1/keys", {"name": name, **fields}, ADMIN)
    assert made.status == 201, made.body
    return {"Authorization": f"Bearer {made.json['key']}"}


def test_panel_leaves_an_event_for_each_seat_and_the_consolidation_and_they_sum_to_its_cost(url: str) -> None:
    key = make_key(url, "panel")
    answer = post(url, "/v3/roundtable", PANEL, key).json
    got = post(url, "/v1/usage/events", {"panel_id": answer["id"]}, key).json
    assert got["total"] == 4
    rows = got["events"]
    assert sorted((row["role"], row["seat_index"], row["outcome"]) for row in rows) == [
        ("consolidation", 0, "ok"),
        ("seat", 0, "ok"),
        ("seat", 1, "ok"),
        ("seat", 2, "failed"),
    ]

    assert sum(Decimal(row["cost"]) for row in rows) == Decimal(str(answer["meta"]["total_cost"]))
    failed = next(row for row in rows if row["outcome"] == "failed")
    assert (failed["attempts"], failed["error_code"]) == (2, "upstream_error")
    beneath = get(url, f"/v1/usage/events/{failed['id']}/attempts", key).json["attempts"]
    assert [row["attempt"] for row in beneath] == [1, 2]


def test_totals_count_by_outcome_tokens_and_model(url: str) -> None:
    key = make_key(url, "totals")
    cost = post(url, "/v3/roundtable", PANEL, key).json["meta"]["total_cost"]
    got = post(url, "/v1/usage", {}, key).json
    assert got["requests"]["total"] == 1
    assert (got["events"]["ok"], got["events"]["failed"]) == (3, 1)
    assert float(got["total_cost_usd"]) == pytest.approx(cost)
    assert {row["model"] for row in got["by_model"]} == set(PANEL["models"])
    assert got["tokens"]["input_tokens"] > 0
    only = post(url, "/v1/usage", {"status": "failed"}, key).json
    assert only["events"]["total"] == 1
    none = post(url, "/v1/usage", {"until": "2020-01-01T00:00:00Z"}, key).json
    assert (none["events"]["total"], none["total_cost_usd"]) == (0, "0")


def test_key_sees_its_own_and_an_admin_everything(url: str) -> None:
    mine, other = make_key(url, "mine"), make_key(url, "other")
    event = post(url, "/v3/roundtable", {**PANEL, "resolution": "fast"}, mine).json
    listed = post(url, "/v1/usage/events", {"panel_id": event["id"]}, mine).json["events"]
    assert post(url, "/v1/usage/events", {"panel_id": event["id"]}, other).json["total"] == 0
    assert get(url, f"/v1/usage/events/{listed[0]['id']}/attempts", other).status == 404
    assert post(url, "/v1/usage", {"key_id": listed[0]["key_id"]}, other).status == 403
    assert post(url, "/v1/usage/events", {"key_id": listed[0]["key_id"]}, ADMIN).json["total"] == 3


def test_balance_is_null_without_a_cap_and_falls_with_use(url: str) -> None:
    free = get(url, "/v1/balance", make_key(url, "free")).json
    assert (free["balance_usd"], free["available_usd"]) == (None, None)
    key = make_key(url, "capped", spend_cap_usd="0.01", spend_cap_month_usd="0.02")
    post(url, "/v3/roundtable", {**PANEL, "resolution": "fast"}, key)
    got = get(url, "/v1/balance", key).json
    assert 0 < float(got["balance_usd"]) < 0.01
    assert (got["reserved_usd"], got["available_usd"]) == ("0", got["balance_usd"])


def test_reached_cap_is_402_and_nothing_is_asked(url: str) -> None:
    key = make_key(url, "poor", spend_cap_usd="0.000001")
    got = post(url, "/v3/roundtable", PANEL, key)
    assert (got.status, got.error["code"]) == (402, "spend_limit_exceeded")
    assert post(url, "/v1/usage/events", {}, key).json["total"] == 0


def test_key_may_not_use_a_model_that_is_not_its_own(url: str) -> None:
    key = make_key(url, "narrow", models=["sandbox/terse"])
    got = post(url, "/v3/roundtable", PANEL, key)
    assert (got.status, got.error["code"]) == (403, "forbidden")
    assert post(url, "/v3/roundtable", {**PANEL, "models": ["sandbox/terse"]}, key).status == 200


@pytest.mark.parametrize(
    ("body", "param"),
    [({"limit": 201}, "limit"), ({"limit": 0}, "limit"), ({"offset": -1}, "offset"), ({"since": "x"}, "since")],
)
def test_bad_filters_are_refused(url: str, body: dict[str, Any], param: str) -> None:
    got = post(url, "/v1/usage/events", body, ADMIN)
    assert (got.status, got.error["param"]) == (422, param)


def test_events_are_paged_newest_first(url: str) -> None:
    key = make_key(url, "pages")
    for _ in range(3):
        post(url, "/v3/roundtable", {**PANEL, "models": ["sandbox/terse"]}, key)
    first = post(url, "/v1/usage/events", {"limit": 2}, key).json
    rest = post(url, "/v1/usage/events", {"limit": 2, "offset": 2}, key).json
    assert (first["total"], len(first["events"]), len(rest["events"])) == (3, 2, 1)
    times = [row["time"] for row in first["events"] + rest["events"]]
    assert times == sorted(times, reverse=True)


def test_breakdown_tells_the_same_events_by_day_key_and_model(url: str) -> None:
    ada, bob = make_key(url, "breakdown-ada"), make_key(url, "breakdown-bob")
    since = datetime.now(UTC).isoformat()
    for key in (ada, ada, bob):
        post(url, "/v3/roundtable", PANEL, key)
    body = {"since": since, "breakdown": True}
    everybody, mine = post(url, "/v1/usage", body, ADMIN).json, post(url, "/v1/usage", body, ada).json

    for got in (everybody, mine):
        for parts in ("by_day", "by_key", "by_model"):
            assert sum(Decimal(row["cost_usd"]) for row in got[parts]) == Decimal(got["total_cost_usd"])
            assert sum(row["events"] for row in got[parts]) == got["events"]["total"]
            assert sum(row["input_tokens"] for row in got[parts]) == got["tokens"]["input_tokens"]
    assert [row["key_name"] for row in everybody["by_key"]] == ["breakdown-ada", "breakdown-bob"]
    assert [row["key_name"] for row in mine["by_key"]] == ["breakdown-ada"]
    assert {row["model"] for row in mine["by_day"]} == set(PANEL["models"])
    assert {row["day"] for row in mine["by_day"]} <= {since[:10], datetime.now(UTC).date().isoformat()}
    by_model = {row["model"]: row for row in mine["by_model"]}
    assert by_model["sandbox/down"]["outcomes"]["failed"] == 2
    assert by_model["sandbox/down"]["latency_p50_ms"] is None
    terse = by_model["sandbox/terse"]
    assert (terse["outcomes"]["ok"], terse["unpriced"], terse["cached"]) == (terse["events"], 0, 0)
    assert 0 <= terse["latency_p50_ms"] <= terse["latency_p95_ms"]


def test_totals_without_a_breakdown_are_as_the_contract_has_them(url: str) -> None:
    got = post(url, "/v1/usage", {}, ADMIN).json

    assert set(got) == {"requests", "events", "tokens", "total_cost_usd", "cost_complete", "by_model"}
    assert all("outcomes" not in row for row in got["by_model"])


@pytest.mark.parametrize(
    ("span", "status"),
    [
        ({"since": "2026-01-01T00:00:00Z", "until": "2027-01-02T00:00:00Z"}, 200),
        ({"since": "2026-01-01T00:00:00Z", "until": "2027-01-02T00:00:01Z"}, 422),
        ({"since": "2020-01-01T00:00:00Z"}, 422),
        ({"until": "2026-01-01T00:00:00Z"}, 422),
        ({"since": "2099-01-01T00:00:00Z"}, 200),
    ],
)
def test_breakdown_is_of_a_bounded_span(url: str, span: dict[str, str], status: int) -> None:
    got = post(url, "/v1/usage", {**span, "breakdown": True}, ADMIN)

    assert got.status == status
    if status == 422:
        assert got.error["param"] == "since"
        assert "with breakdown" in got.error["message"]
