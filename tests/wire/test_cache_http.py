"""`cache: true` over HTTP: the same calls are answered from before, at no cost, and nobody reads another's answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving import ADMIN_KEY, Got, post, serving
from stores import sqlite_url
from upstream_models import Call, Fails, Upstream, says

ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}
MODELS = {
    "a": [says("Pa", "ris"), says("changed")],
    "b": [says("Ly", "on"), says("changed")],
    "j": [says("Answer A and ", "Answer B agree"), says("changed")],
    "down": [Fails(400)],
    "tools": [says(calls=(Call("c1", "look", '{"at": 1}'),), finish="tool_calls"), says("changed")],
    "thinks": [says("so", reasoning="hm"), says("changed")],
    "refuses": [says(refusal="No."), says("changed")],
    "empty": [says(), says("changed")],
    "json": [says("no json"), says('{"n": 1}'), says("changed")],
    "prose": [says("no json"), says("still none"), says("not yet"), says("never")],
}
CHAT = "/v1/chat/completions"
COMPARE = "/v1/chat/compare"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(MODELS, dict.fromkeys(MODELS, ("1", "2"))) as made:
        yield made


@pytest.fixture
def toml(upstream: Upstream) -> str:
    panels = '[panels.both]\nmodels = ["a", "b"]\nsummary_model = "j"\n'
    return upstream.toml.replace('auth = "open"', 'auth = "keys"') + panels


@pytest.fixture
def url(toml: str) -> Iterator[str]:
    with serving(toml) as address:
        yield address


def chat(url: str, model: str, who: dict[str, str] = ADMIN, **fields: Any) -> Got:
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], "cache": True, **fields}
    return post(url, CHAT, body, who)


def compare(url: str, *models: str, **fields: Any) -> Got:
    messages = [{"role": "user", "content": "Hi"}]
    return post(url, COMPARE, {"models": list(models), "messages": messages, "cache": True, **fields}, ADMIN)


def text_of(got: Got) -> str:
    text: str = got.json["choices"][0]["message"]["content"]
    return text


def events(url: str, **filters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = post(url, "/v1/usage/events", filters, ADMIN).json["events"]
    return found


def test_second_call_is_a_hit_and_costs_nothing(url: str, upstream: Upstream) -> None:
    first, second = chat(url, "a"), chat(url, "a")
    assert (text_of(first), text_of(second)) == ("Paris", "Paris")
    assert ("x-cache" in first.headers, second.headers["x-cache"]) == (False, "HIT")
    assert (first.json["cost"], second.json["cost"]) == ("0.00002", "0")
    assert second.json["usage"]["total_tokens"] == 0
    assert second.json["choices"][0]["finish_reason"] == "stop"
    assert len(upstream.calls) == 1


def test_hit_leaves_an_event_marked_cached(url: str) -> None:
    chat(url, "a")
    chat(url, "a")
    newer, older = events(url)
    assert (older["cached"], newer["cached"]) == (False, True)
    assert (newer["outcome"], newer["attempts"], newer["model"], newer["provider"]) == ("ok", 0, "a", "up")
    assert float(newer["cost"]) == 0
    assert newer["usage"]["input_tokens"] == newer["usage"]["output_tokens"] == 0


def test_without_cache_every_call_is_made(url: str, upstream: Upstream) -> None:
    chat(url, "a")
    assert text_of(chat(url, "a", cache=False)) == "changed"
    assert text_of(chat(url, "a", cache=None)) == "changed"
    assert len(upstream.calls) == 3


@pytest.mark.parametrize(
    "other",
    [
        {"messages": [{"role": "user", "content": "Hi!"}]},
        {"messages": [{"role": "system", "content": "Hi"}]},
        {"temperature": 0.5},
        {"top_p": 0.5},
        {"max_tokens": 5},
        {"seed": 1},
        {"stop": ["x"]},
        {"tools": [{"type": "function", "function": {"name": "look"}}]},
        {"logit_bias": {"1": 2}},
        {"model": "b"},
    ],
)
def test_other_call_is_a_miss(url: str, upstream: Upstream, other: dict[str, Any]) -> None:
    chat(url, "a")
    assert "x-cache" not in chat(url, **{"model": "a", **other}).headers
    assert len(upstream.calls) == 2


def test_other_key_is_a_miss(url: str, upstream: Upstream) -> None:
    chat(url, "a")
    other = post(url, "/v1/keys", {"name": "other"}, ADMIN).json["key"]
    assert text_of(chat(url, "a", {"Authorization": f"Bearer {other}"})) == "changed"


def test_hit_streams_its_text_as_one_piece(url: str, upstream: Upstream) -> None:
    chat(url, "thinks")
    got = chat(url, "thinks", stream=True, stream_options={"include_usage": True})
    deltas = [event["choices"][0]["delta"] for event in got.events[:-1] if event["choices"]]
    assert [delta["reasoning_content"] for delta in deltas if "reasoning_content" in delta] == ["hm"]
    assert [delta["content"] for delta in deltas if delta.get("content")] == ["so"]
    assert got.events[-2]["usage"]["total_tokens"] == 0
    assert len(upstream.calls) == 1


def test_streamed_answer_is_kept_for_plain_requests(url: str, upstream: Upstream) -> None:
    chat(url, "a", stream=True)
    assert (text_of(chat(url, "a")), len(upstream.calls)) == ("Paris", 1)


def test_tool_calls_come_back(url: str, upstream: Upstream) -> None:
    tools = [{"type": "function", "function": {"name": "look"}}]
    first, second = (chat(url, "tools", tools=tools) for _ in range(2))
    assert second.headers["x-cache"] == "HIT"
    assert second.json["choices"] == first.json["choices"]
    streamed = chat(url, "tools", tools=tools, stream=True)
    pieces = [event["choices"][0]["delta"].get("tool_calls") for event in streamed.events[:-1]]
    (calls,) = [one for one in pieces if one]
    assert calls[0]["function"] == {"name": "look", "arguments": '{"at": 1}'}
    assert len(upstream.calls) == 1


@pytest.mark.parametrize("model", ["refuses", "empty"])
def test_answer_that_says_nothing_is_not_kept(url: str, model: str) -> None:
    chat(url, model)
    assert text_of(chat(url, model)) == "changed"


def test_failure_is_not_kept(url: str, upstream: Upstream) -> None:
    assert chat(url, "down").status == chat(url, "down").status == 422
    assert len(upstream.calls) == 2


def test_only_an_answer_of_the_right_form_is_kept(url: str, upstream: Upstream) -> None:
    form = {"type": "json_schema", "json_schema": {"schema": {"type": "object", "required": ["n"]}}}
    first, second = (chat(url, "json", response_format=form) for _ in range(2))
    assert text_of(first) == text_of(second) == '{"n": 1}'
    assert second.headers["x-cache"] == "HIT"
    for _ in range(2):
        assert "x-cache" not in chat(url, "prose", response_format=form).headers


def test_comparison_is_a_hit_as_a_whole(url: str, upstream: Upstream) -> None:
    first = compare(url, "a", "b", comparison_model="j").json
    got = compare(url, "a", "b", comparison_model="j")
    second = got.json
    assert got.headers["x-cache"] == "HIT"
    assert second["comparison"] == first["comparison"]
    assert {"a", "b"} <= set(second["comparison"].split())
    assert [row["content"] for row in second["results"]] == ["Paris", "Lyon"]
    assert (second["total_cost"], [row["cost"] for row in second["results"]]) == (0, [0, 0])
    assert second["comparison_usage"]["total_tokens"] == 0
    assert len(upstream.calls) == 3
    found = events(url, panel_id=second["comparison_id"])
    assert sorted((event["role"], event["cached"], event["outcome"]) for event in found) == [
        ("consolidation", True, "ok"),
        ("seat", True, "ok"),
        ("seat", True, "ok"),
    ]


def test_streamed_comparison_names_the_models_as_the_first_did(url: str, upstream: Upstream) -> None:
    first = compare(url, "a", "b", comparison_model="j").json
    told = compare(url, "a", "b", comparison_model="j", stream=True).events[:-1]
    chunks = [one["delta"] for one in told if one["event"] == "comparison_chunk"]
    assert "".join(chunks) == first["comparison"]
    assert len(upstream.calls) == 3


@pytest.mark.parametrize(
    "other",
    [
        {"comparison_instructions": "Be brief."},
        {"comparison_model": "tools"},
        {"messages": [{"role": "user", "content": "Hi!"}]},
    ],
)
def test_other_question_instructions_or_judge_is_no_hit(url: str, upstream: Upstream, other: dict[str, Any]) -> None:
    compare(url, "a", "b", comparison_model="j")
    got = compare(url, "a", "b", **{"comparison_model": "j", **other})
    assert "x-cache" not in got.headers
    assert len(upstream.calls) >= 4


def test_part_of_a_request_may_be_a_hit(url: str, upstream: Upstream) -> None:
    chat(url, "a")
    got = compare(url, "a", "b", skip_comparison=True)
    assert "x-cache" not in got.headers
    assert [row["content"] for row in got.json["results"]] == ["Paris", "Lyon"]
    assert [row["cost"] for row in got.json["results"]] == [0, 0.00002]
    assert [call["model"] for call in upstream.calls] == ["a", "b"]


def test_panel_of_the_configuration_is_cached_as_well(url: str, upstream: Upstream) -> None:
    first, second = (chat(url, "panel/both") for _ in range(2))
    assert text_of(first) == text_of(second)
    assert second.headers["x-cache"] == "HIT"
    assert len(upstream.calls) == 3


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of servers that share a database; those on PostgreSQL keep their journal where they run."""
    monkeypatch.chdir(tmp_path)
    is_sqlite = request.param == "sqlite"
    return {"PARLEY_STORE_URL": sqlite_url(tmp_path) if is_sqlite else request.getfixturevalue("postgresql_url")}


def test_hit_at_another_server(toml: str, upstream: Upstream, store: dict[str, str]) -> None:
    with serving(toml, store) as one, serving(toml, store) as other:
        chat(one, "a")
        assert chat(other, "a").headers["x-cache"] == "HIT"
    assert len(upstream.calls) == 1


def test_hit_through_redis(toml: str, upstream: Upstream, redis_url: str) -> None:
    shared = f'{toml}\n[limiter]\nurl = "{redis_url}"\n'
    with serving(shared) as one, serving(shared) as other:
        compare(one, "a", "b", comparison_model="j")
        assert compare(other, "a", "b", comparison_model="j").headers["x-cache"] == "HIT"
    assert len(upstream.calls) == 3
