"""Settings of the file do what docs say of them: each tried on a running server, against a scripted provider."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from serving import ADMIN_KEY, Got, post, serving
from upstream_models import Script, Upstream, says

ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}
ASK = [{"role": "user", "content": "Which?"}]


@contextmanager
def configured(models: dict[str, list[Script]], section: str, line: str) -> Iterator[str]:
    """Serve `models` with one line of configuration in `section`; keys are needed."""
    with Upstream(models, dict.fromkeys(models, ("1", "2"))) as upstream:
        toml = upstream.toml.replace('auth = "open"', "")
        header = f"[{section}]"
        toml = toml.replace(header, f"{header}\n{line}") if header in toml else f"{toml}\n{header}\n{line}\n"
        with serving(toml) as url:
            yield url


def panel(url: str, *models: str, headers: dict[str, str] = ADMIN, **fields: Any) -> Got:
    body = {"input": "Which?", "models": models, "resolution": "fast", "max_retries": 0, **fields}
    return post(url, "/v3/roundtable", body, headers)


def codes(got: Got) -> list[str | None]:
    return [row.get("error_code") for row in got.json["model_results"]]


@pytest.mark.parametrize("is_streamed", [False, True])
def test_answer_over_max_answer_bytes_is_a_failed_seat(is_streamed: bool) -> None:
    models: dict[str, list[Script]] = {"long": [says("x" * 1025)], "fits": [says("y" * 1024)]}
    with configured(models, "server", "max_answer_bytes = 1024") as url:
        got = panel(url, "long", "fits", stream=is_streamed)
        rows = got.events[-2]["model_results"] if is_streamed else got.json["model_results"]
    assert [row.get("error_code") for row in rows] == ["answer_too_large", None]
    assert rows[1]["data"] == "y" * 1024


@pytest.mark.parametrize("line", ["timeout_ms = 100", "first_token_timeout_ms = 100"])
def test_silent_model_is_a_timeout_after_the_time_that_is_configured(line: str) -> None:
    never = threading.Event()
    models: dict[str, list[Script]] = {"silent": [says("x", waits=never)], "a": [says("Paris")]}
    with configured(models, "defaults", line) as url:
        done = panel(url, "silent", "a", stream=True).events[-2]
        never.set()
    assert [row.get("error_code") for row in done["model_results"]] == ["timeout", None]


def test_configured_timeout_shortens_that_of_a_comparison() -> None:
    never = threading.Event()
    models: dict[str, list[Script]] = {"silent": [says("x", waits=never)], "a": [says("Paris")]}
    with configured(models, "defaults", "timeout_ms = 100") as url:
        got = post(url, "/v1/chat/compare", {"models": ["silent", "a"], "messages": ASK}, ADMIN).json
        never.set()
    assert [row["error_code"] for row in got["results"]] == ["timeout", None]


@pytest.mark.parametrize(("assumed", "status"), [(1_000, 402), (100, 200)])
def test_hold_assumes_the_output_that_is_configured(assumed: int, status: int) -> None:
    with configured({"a": [says("Paris")]}, "defaults", f"hold_output_tokens = {assumed}") as url:
        key = post(url, "/v1/keys", {"name": "capped", "spend_cap_usd": "0.001"}, ADMIN).json["key"]
        assert panel(url, "a", headers={"Authorization": f"Bearer {key}"}).status == status


@pytest.mark.parametrize(
    ("line", "path", "body", "status"),
    [
        ("max_seats = 2", "/v3/roundtable", {"input": "Q", "models": ["a"] * 3}, 400),
        ("max_seats = 3", "/v3/roundtable", {"input": "Q", "models": ["a"] * 3}, 200),
        ("max_models = 1", "/v1/chat/compare", {"messages": ASK, "models": ["a", "b"]}, 422),
        ("max_models = 2", "/v1/chat/compare", {"messages": ASK, "models": ["a", "b"]}, 200),
        ("max_body_bytes = 1024", "/v3/roundtable", {"input": "Q" * 1024, "models": ["a"]}, 413),
    ],
)
def test_configured_bounds_of_a_request_hold(line: str, path: str, body: dict[str, Any], status: int) -> None:
    with configured({"a": [says("Paris")], "b": [says("Lyon")]}, "server", line) as url:
        assert post(url, path, body, ADMIN).status == status


@pytest.mark.parametrize(
    ("line", "path", "body", "field"),
    [
        ('summary_model = "j"', "/v3/roundtable", {"input": "Q", "models": ["a", "b"]}, "summary_model"),
        ('comparison_model = "j"', "/v1/chat/compare", {"messages": ASK, "models": ["a", "b"]}, "comparison_model"),
    ],
)
def test_configured_judge_judges_unless_the_request_names_one(
    line: str, path: str, body: dict[str, Any], field: str
) -> None:
    with configured({name: [says(name)] for name in "abj"}, "defaults", line) as url:
        answers = [post(url, path, asked, ADMIN).json for asked in (body, {**body, field: "b"})]
    assert [answer.get("meta", answer)[field] for answer in answers] == ["j", "b"]
