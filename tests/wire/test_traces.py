"""GET /v3/traces and its sisters, and GET /metrics, through the whole server."""

import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import pytest

from serving import ADMIN_KEY, Got, connect, get, post, send, serving

KEYED = '[server]\nauth = "keys"\n'
ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}
PARENT = "00f067aa0ba902b7"
QUESTION = "PROMPT-SECRET: tea or coffee?"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(KEYED) as found:
        yield found


def new_key(url: str, name: str) -> dict[str, str]:
    """Make an ordinary key and return the header that carries it."""
    made = post(url, "/v1/keys", {"name": f"{name} {uuid.uuid4()}"}, ADMIN)
    assert made.status == 201
    return {"Authorization": f"Bearer {made.json['key']}"}


def ask(url: str, key: dict[str, str], trace_id: str = "", **fields: object) -> str:
    """Ask a panel and return the id of its trace."""
    context = {"traceparent": f"00-{uuid.UUID(trace_id).hex}-{PARENT}-01"} if trace_id else {}
    body = {
        "input": QUESTION,
        "models": ["sandbox/terse", "sandbox/contrarian"],
        "resolution": "summary",
        **fields,
    }
    answer = post(url, "/v3/roundtable", body, {**key, **context})
    assert answer.status == 200, answer.body
    return answer.json["meta"]["trace_uuid"]


def traces(url: str, key: dict[str, str], query: str = "") -> list[dict]:
    answer = get(url, f"/v3/traces{query}", key)
    assert answer.status == 200, answer.body
    return answer.json["traces"]


def test_trace_of_a_panel_shows_its_tree_without_any_text(url: str) -> None:
    key = new_key(url, "tree")
    trace_id = ask(url, key)
    answer = get(url, f"/v3/traces/{trace_id}", key)
    trace = answer.json
    assert (trace["id"], trace["name"], trace["status"]) == (trace_id, "roundtable summary", "ok")
    root, *others = trace["spans"]
    assert (root["parent_id"], root["kind"], trace["span_count"]) == (None, "server", len(trace["spans"]))
    calls = [span for span in others if span["parent_id"] == root["id"]]
    assert [span["name"] for span in calls] == ["chat sandbox/terse", "chat sandbox/contrarian", "chat sandbox/terse"]
    assert {span["attributes"]["gen_ai.operation.name"] for span in calls} == {"chat"}
    assert sorted(calls[2]["attributes"]["parley.order"]) == [0, 1]
    assert all(span["attributes"]["gen_ai.usage.output_tokens"] > 0 for span in calls)
    attempts = [span for span in others if span["name"].startswith("attempt ")]
    assert {span["parent_id"] for span in attempts} == {span["id"] for span in calls}
    assert b"PROMPT-SECRET" not in answer.body


def test_times_are_rfc_3339_in_utc(url: str) -> None:
    key = new_key(url, "times")
    before = time.time()
    ask(url, key)
    (row,) = traces(url, key)
    assert set(row) == {"id", "name", "span_count", "status", "start_time", "end_time", "duration_ms"}
    start, end = (datetime.fromisoformat(row[name]) for name in ("start_time", "end_time"))
    assert row["start_time"].endswith("Z")
    assert before - 1 <= start.timestamp() <= end.timestamp() <= time.time() + 1
    assert row["duration_ms"] == pytest.approx((end - start).total_seconds() * 1000, abs=0.01)


def test_incoming_context_is_continued_and_shared_by_several_requests(url: str) -> None:
    key, trace_id = new_key(url, "context"), str(uuid.uuid4())
    assert ask(url, key, trace_id) == trace_id
    ask(url, key, trace_id)
    trace = get(url, f"/v3/traces/{trace_id}", key).json
    roots = [span for span in trace["spans"] if span["kind"] == "server"]
    assert [root["parent_id"] for root in roots] == [PARENT, PARENT]
    assert len({root["request_id"] for root in roots}) == 2
    assert [row["id"] for row in traces(url, key)] == [trace_id]


def test_key_sees_lists_and_deletes_its_own_roots_alone(url: str) -> None:
    one, two, trace_id = new_key(url, "one"), new_key(url, "two"), str(uuid.uuid4())
    ask(url, one, trace_id)
    ask(url, two, trace_id)
    count = traces(url, one)[0]["span_count"]
    assert get(url, f"/v3/traces/{trace_id}", ADMIN).json["span_count"] == 2 * count
    assert {span["request_id"] for span in get(url, f"/v3/traces/{trace_id}", one).json["spans"]}.isdisjoint(
        span["request_id"] for span in get(url, f"/v3/traces/{trace_id}", two).json["spans"]
    )
    assert send(url, "DELETE", f"/v3/traces/{trace_id}", None, one).status == 204
    assert get(url, f"/v3/traces/{trace_id}", one).error["code"] == "not_found"
    assert send(url, "DELETE", f"/v3/traces/{trace_id}", None, one).status == 404
    assert len(get(url, f"/v3/traces/{trace_id}", two).json["spans"]) == count
    stranger = new_key(url, "stranger")
    assert traces(url, stranger) == []
    assert send(url, "DELETE", f"/v3/traces/{trace_id}", None, stranger).status == 404
    assert send(url, "DELETE", f"/v3/traces/{trace_id}", None, ADMIN).status == 204
    assert traces(url, two) == []


def test_list_is_paged_newest_first_and_filtered_by_name(url: str) -> None:
    key = new_key(url, "pages")
    ids = [
        ask(url, key),
        ask(url, key, resolution="multiple_choice", choices=["tea", "coffee"]),
        ask(url, key, resolution="fast"),
    ]
    assert [row["id"] for row in traces(url, key)] == ids[::-1]
    page = get(url, "/v3/traces?limit=2&offset=0", key).json
    assert ([row["id"] for row in page["traces"]], page["has_more"]) == (ids[:0:-1], True)
    page = get(url, "/v3/traces?limit=2&offset=2", key).json
    assert ([row["id"] for row in page["traces"]], page["has_more"]) == (ids[:1], False)
    assert [row["id"] for row in traces(url, key, "?name=vote")] == [ids[1]]


def test_list_is_filtered_by_end_model_time_and_request(url: str) -> None:
    key = new_key(url, "filters")
    good = ask(url, key, models=["sandbox/terse"], resolution="fast")
    failed = post(url, "/v3/roundtable", {"input": "x", "models": ["sandbox/down"], "max_retries": 0}, key)
    bad, good_row = traces(url, key)
    assert [row["id"] for row in traces(url, key, "?status=error")] == [bad["id"]]
    assert [row["id"] for row in traces(url, key, "?status=ok")] == [good]
    assert traces(url, key, "?status=cancelled") == []
    assert [row["id"] for row in traces(url, key, "?model=sandbox/terse")] == [good]
    assert [row["id"] for row in traces(url, key, "?model=sandbox/down&status=error")] == [bad["id"]]
    assert traces(url, key, "?model=sandbox/ter") == []
    moment = bad["start_time"]
    assert [row["id"] for row in traces(url, key, f"?since={moment}")] == [bad["id"]]
    assert [row["id"] for row in traces(url, key, f"?until={moment}")] == [good]
    assert [row["id"] for row in traces(url, key, f"?since={good_row['start_time']}&limit=1&offset=1")] == [good]
    request_id = failed.headers["x-request-id"]
    assert [row["id"] for row in traces(url, key, f"?request_id={request_id}")] == [bad["id"]]
    assert traces(url, new_key(url, "other"), f"?request_id={request_id}") == []


def test_entries_have_their_calls_where_these_are_included(url: str) -> None:
    key = new_key(url, "calls")
    models = ["sandbox/terse", "sandbox/terse", "sandbox/down"]
    body = {"input": QUESTION, "models": models, "max_retries": 0, "summary_model": "sandbox/judge"}
    answer = post(url, "/v3/roundtable", body, key)
    (row,) = traces(url, key, "?include=calls")
    calls = row.pop("calls")
    assert traces(url, key) == [row]
    assert [(each["role"], each["model"], each["calls"], each["failed_calls"]) for each in calls] == [
        ("seat", "sandbox/terse", 2, 0),
        ("seat", "sandbox/down", 1, 1),
        ("consolidation", "sandbox/judge", 1, 0),
    ]
    seats = answer.json["model_results"][:2]
    assert calls[0]["output_tokens"] == sum(seat["usage"]["output_tokens"] for seat in seats) > 0
    assert float(sum(Decimal(each["cost_usd"]) for each in calls)) == answer.json["meta"]["total_cost"]
    assert [each["cost_complete"] for each in calls] == [True, True, True]
    assert {each["key_name"] for each in calls} == {get(url, "/v1/me", key).json["name"]}


def test_calls_of_a_shared_trace_are_those_of_the_own_requests(url: str) -> None:
    one, two, trace_id = new_key(url, "one"), new_key(url, "two"), str(uuid.uuid4())
    ask(url, one, trace_id, resolution="fast")
    ask(url, two, trace_id, resolution="fast")
    (row,) = traces(url, one, "?include=calls")
    assert len(row["calls"]) == 2
    every = next(row for row in traces(url, ADMIN, "?include=calls") if row["id"] == trace_id)
    assert len(every["calls"]) == 4


def test_admin_key_narrows_the_list_to_a_key_and_others_cannot(url: str) -> None:
    one, two = new_key(url, "one"), new_key(url, "two")
    trace_id = ask(url, one)
    ask(url, two)
    key_id = get(url, "/v1/me", one).json["key_id"]
    assert [row["id"] for row in traces(url, ADMIN, f"?key_id={key_id}")] == [trace_id]
    assert [row["id"] for row in traces(url, one, f"?key_id={key_id}")] == [trace_id]
    answer = get(url, f"/v3/traces?key_id={key_id}", two)
    assert (answer.status, answer.error["param"]) == (403, "key_id")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *[("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("offset=-1", "offset")],
        *[("name=%00", "name"), ("model=%00", "model"), (f"request_id={'x' * 257}", "request_id")],
        *[("status=bad", "status"), ("since=soon", "since"), ("until=2026-13-01", "until")],
        *[("include=spans", "include"), ("key_id=%00", "key_id")],
    ],
)
def test_bad_query_is_refused(url: str, query: str, field: str) -> None:
    answer = get(url, f"/v3/traces?{query}", ADMIN)
    assert (answer.status, answer.error["code"], answer.error["param"]) == (400, "validation_error", field)


def test_bounds_of_the_page_are_taken(url: str) -> None:
    assert get(url, "/v3/traces?limit=100&offset=1000000", ADMIN).json["traces"] == []
    assert len(traces(url, ADMIN, "?limit=1")) <= 1


@pytest.mark.parametrize("trace_id", ["x", "4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "x" * 3000, "%00"])
def test_unknown_trace_is_not_found(url: str, trace_id: str) -> None:
    answer = get(url, f"/v3/traces/{trace_id}", ADMIN)
    assert (answer.status, answer.error["code"]) == (404, "not_found")


def test_traces_need_a_key(url: str) -> None:
    assert [get(url, path).status for path in ("/v3/traces", f"/v3/traces/{uuid.uuid4()}")] == [401, 401]


def test_vanished_client_leaves_a_cancelled_trace() -> None:
    with serving('[server]\nauth = "open"\n[providers.sandbox]\ndialect = "sandbox"\n') as url:
        body = b'{"input":"x","models":["sandbox/slow"],"resolution":"fast"}'
        with connect(url) as client:
            head = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            head = f"POST /v3/roundtable HTTP/1.1\r\nhost: 127.0.0.1\r\n{head}"
            client.sendall(head.encode() + body)
            time.sleep(0.1)
        rows = wait_for_traces(url)
        assert rows[0]["status"] == "cancelled"
        trace = get(url, f"/v3/traces/{rows[0]['id']}").json
        assert [span["status"] for span in trace["spans"]] == ["cancelled"] * len(trace["spans"])


def wait_for_traces(url: str) -> list[dict]:
    ends_at = time.monotonic() + 10
    while time.monotonic() < ends_at:
        if rows := traces(url, {}):
            return rows
        time.sleep(0.01)
    raise TimeoutError("no trace appeared")


def test_retained_content_is_shown(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(KEYED + "[retention]\ncontent = true\n") as url:
        trace = get(url, f"/v3/traces/{ask(url, ADMIN)}", ADMIN)
    assert trace.body.count(b"PROMPT-SECRET") >= 2
    assert "gen_ai.output.messages" in trace.json["spans"][1]["attributes"]


def metrics(url: str, key: dict[str, str]) -> Got:
    return get(url, "/metrics", key)


def test_metrics_are_for_admin_keys(url: str) -> None:
    assert metrics(url, {}).status == 401
    assert metrics(url, new_key(url, "plain")).status == 403
    answer = metrics(url, ADMIN)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")


def test_metrics_are_open_where_the_operator_says_so() -> None:
    with serving(KEYED + "metrics_open = true\n") as url:
        ask(url, ADMIN)
        assert post(url, "/v1/chat/compare", {}, ADMIN).status == 422
        page = metrics(url, {}).body.decode()
    assert 'parley_requests_total{api="roundtable",outcome="ok"} 1.0' in page
    assert 'parley_calls_total{model="sandbox/terse",outcome="ok",role="consolidation"} 1.0' in page
    assert 'parley_refusals_total{api="compare",code="validation_error"} 1.0' in page
    assert "parley_store_healthy 1.0" in page
    assert "parley_limiter_healthy 1.0" in page
    assert "parley_journal_bytes 0.0" in page
    assert "SECRET" not in page
