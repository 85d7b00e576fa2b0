"""POST /v1/chat/compare over HTTP: the whole answer, both streams event by event, every way it can go wrong."""

import http.client
import json
import re
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from parley.domain.events import SeatFinished
from parley.domain.run import Answer, PanelResult, Verdict
from parley.domain.settings import Patience
from parley.wire.compare import CompareContract
from parley.wire.exchange import RequestInfo
from serving import Got, post, serving
from upstream_models import Fails, Upstream, says

PATH = "/v1/chat/compare"
ASK = [{"role": "user", "content": "What is the capital of France?"}]
EVALUATION = "## Accuracy\nAnswer A is right.\n## Recommendation\nAnswer B"
DOWN = Fails(503)
BAD = Fails(400, message="No such thing.")
MODELS = {
    "a": [says("Par", "is")],
    "b": [says("Paris, ", "of course ☂ 😀\u2028!", usage=(7, 3))],
    "c": [BAD],
    "d": [DOWN, says("At last")],
    "down": [DOWN],
    "empty": [says("  ", finish="length")],
    "refuses": [says(refusal="I won't.")],
    "filtered": [says("Par", finish="content_filter")],
    "j": [says("## Accuracy\nAns", "wer A is right.\n## Recom", "mendation\nAnswer B", usage=(100, 20))],
    "k": [BAD],
    "mute": [says("")],
    "cut": [says("## Accuracy\nSo", " far", breaks=True)],
    "thinks": [says("Paris", reasoning="Hm.")],
}
PRICES = dict.fromkeys(MODELS, ("1", "2"))
NULL_FREE = re.compile(r":\s*null")


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(MODELS, PRICES) as running:
        yield running


@pytest.fixture(scope="module")
def url(upstream: Upstream) -> Iterator[str]:
    with serving(upstream.toml) as address:
        yield address


def ask(url: str, *models: str, headers: dict[str, str] | None = None, **fields: Any) -> Got:
    return post(url, PATH, {"models": models, "messages": ASK, **fields}, headers)


def frames(got: Got) -> list[str]:
    text = got.body.decode()
    assert text.endswith("\n\n")
    return [frame for frame in text.removesuffix("\n\n").split("\n\n") if not frame.startswith(":")]


def events(got: Got) -> list[dict[str, Any]]:
    """Return the events of a stream, each checked for its form; the last frame is [DONE]."""
    *told, last = frames(got)
    assert last == "data: [DONE]"
    found = []
    for frame in told:
        name, data = frame.split("\n")
        found.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {found[-1]['event']}"
        assert not NULL_FREE.search(data)
    return found


def of(told: list[dict[str, Any]], name: str, model: str | None = None) -> list[dict[str, Any]]:
    return [one for one in told if one["event"] == name and model in (None, one.get("model"))]


def test_answers_and_comparison_come_back_side_by_side(url: str) -> None:
    got = ask(url, "a", "b", comparison_model="j")
    body = got.json
    assert got.status == 200
    assert re.fullmatch(r"cmp_[0-9A-HJKMNP-TV-Z]{26}", body["comparison_id"])
    assert (body["object"], body["models"]) == ("compare.completion", ["a", "b"])
    assert isinstance(body["created"], int)
    assert body["created"] > 1_700_000_000
    assert (body["comparison_model"], body["comparison_fallback_used"]) == ("j", False)
    assert body["comparison_usage"] == {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    assert (body["partial"], body["skip_comparison"]) == (False, False)
    assert isinstance(body["total_latency_ms"], int)
    assert body["total_cost"] == pytest.approx((20 + 13 + 140) / 1e6)
    assert re.fullmatch(r"[0-9a-f-]{36}", body["trace_uuid"])
    assert set(body) == {
        "comparison_id", "object", "created", "models", "results", "comparison", "comparison_model", "comparison_usage",
        "comparison_fallback_used", "total_latency_ms", "partial", "skip_comparison", "total_cost", "trace_uuid",
    }  # fmt: skip


def test_entry_of_an_answer_has_every_field(url: str) -> None:
    got = ask(url, "a", "b", comparison_model="j")
    first, second = got.json["results"]
    body = first.pop("response_body")
    latency_ms = first.pop("latency_ms")
    assert isinstance(latency_ms, int)
    assert first == {
        "model": "a",
        "content": "Paris",
        "error": None,
        "error_code": None,
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        "request_id": got.headers["x-request-id"],
        "finish_reason": "stop",
        "cost": 0.00002,
    }
    assert body.pop("id").startswith("chatcmpl-")
    assert body == {
        "object": "chat.completion",
        "created": got.json["created"],
        "model": "a",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Paris", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }
    assert (second["model"], second["content"]) == ("b", "Paris, of course ☂ 😀\u2028!")


def test_comparison_names_models_for_labels(url: str) -> None:
    comparison = ask(url, "a", "b", comparison_model="j").json["comparison"]
    assert comparison in {
        "## Accuracy\na is right.\n## Recommendation\nb",
        "## Accuracy\nb is right.\n## Recommendation\na",
    }


def test_comparison_sees_the_question_and_the_answers_without_their_names(url: str, upstream: Upstream) -> None:
    ask(url, "a", "thinks", comparison_model="j")
    prompt = json.dumps(upstream.of("j")[-1]["messages"])
    assert "What is the capital of France?" in prompt
    assert prompt.count("Paris") == 2
    assert "thinks" not in prompt


def test_failed_model_leaves_the_others_and_makes_the_result_partial(url: str) -> None:
    body = ask(url, "a", "c", "b", comparison_model="j").json
    failed = body["results"][1]
    assert body["partial"] is True
    assert body["comparison"]
    assert (failed["error_code"], failed["error"]) == ("invalid_request", failed["error"])
    assert "No such thing." in failed["error"]
    for name in ("response_body", "content", "usage", "finish_reason"):
        assert failed[name] is None
    assert failed["request_id"] == body["results"][0]["request_id"]


def test_transient_error_is_retried_once(url: str, upstream: Upstream) -> None:
    body = ask(url, "d", skip_comparison=True).json
    assert body["results"][0]["content"] == "At last"
    assert len(upstream.of("d")) == 2
    before = len(upstream.of("down"))
    assert ask(url, "a", "down", skip_comparison=True).json["results"][1]["error_code"] == "upstream_error"
    assert len(upstream.of("down")) - before == 2


@pytest.mark.parametrize(
    ("model", "code"),
    [("empty", "empty_answer"), ("mute", "empty_answer"), ("refuses", "refused"), ("filtered", "content_filtered")],
)
def test_answer_that_is_none_is_a_failed_model(url: str, model: str, code: str) -> None:
    body = ask(url, "a", model).json
    assert (body["results"][1]["error_code"], body["partial"]) == (code, True)


def test_unknown_price_leaves_the_cost_null() -> None:
    body = json.dumps({"models": ["a", "b"], "messages": ASK, "skip_comparison": True}).encode()
    exchange = CompareContract().decode(body, RequestInfo("req_test", 1))
    answers = (Answer(0, "a", text="A"), Answer(1, "b", text="B", cost_usd=Decimal("0.10")))
    result = PanelResult(exchange.request, "req_test", "t", answers, Verdict(), Decimal("0.10"), False, 5)
    whole = json.loads(exchange.reply(result).body)
    assert [row["cost"] for row in whole["results"]] == [None, 0.1]
    assert whole["total_cost"] == 0.1
    assert b'"cost"' not in exchange.event(SeatFinished(answers[0]))


def test_skipping_makes_no_comparison_call(url: str, upstream: Upstream) -> None:
    before = len(upstream.calls)
    body = ask(url, "a", "b", skip_comparison=True, comparison_model="j").json
    assert len(upstream.calls) - before == 2
    assert (body["comparison"], body["comparison_model"], body["comparison_usage"]) == (None, None, None)
    assert (body["skip_comparison"], body["comparison_fallback_used"], body["partial"]) == (True, False, False)


@pytest.mark.parametrize(("models", "is_partial"), [(["a"], False), (["a", "c"], True)])
def test_fewer_than_two_answers_make_no_comparison_call(
    url: str, upstream: Upstream, models: list[str], is_partial: bool
) -> None:
    before = len(upstream.of("j"))
    body = ask(url, *models, comparison_model="j").json
    assert len(upstream.of("j")) == before
    assert (body["comparison"], body["comparison_fallback_used"], body["partial"]) == (None, False, is_partial)


def test_first_model_that_answered_compares_by_default(url: str, upstream: Upstream) -> None:
    before = len(upstream.of("b"))
    assert ask(url, "c", "b", "a").json["comparison_model"] == "b"
    assert len(upstream.of("b")) - before == 2


def test_configured_comparison_model_compares_by_default(upstream: Upstream) -> None:
    with serving(upstream.toml + '[defaults]\ncomparison_model = "j"\n') as configured:
        assert ask(configured, "a", "b").json["comparison_model"] == "j"
        assert ask(configured, "a", "b", comparison_model="a").json["comparison_model"] == "a"


def test_failing_comparison_model_is_retried_and_followed_by_those_that_answered(url: str, upstream: Upstream) -> None:
    before = len(upstream.calls)
    body = ask(url, "a", "b", comparison_model="down").json
    assert (body["comparison_model"], body["comparison_fallback_used"]) == ("a", True)
    assert body["comparison"] == "Paris"
    assert body["partial"] is False
    assert [call["model"] for call in upstream.calls[before + 2 :]] == ["down", "down", "a"]


def test_failed_comparison_leaves_the_answers() -> None:
    scripts = {"a": [says("A"), BAD], "b": [says("B"), BAD], "j": [BAD]}
    with Upstream(scripts) as upstream, serving(upstream.toml) as url:
        got = ask(url, "a", "b", comparison_model="j")
        assert got.status == 200
        assert (got.json["comparison"], got.json["comparison_fallback_used"]) == (None, True)
        assert [row["content"] for row in got.json["results"]] == ["A", "B"]
        assert [call["model"] for call in upstream.calls[2:]] == ["j", "a", "b"]


def test_no_answer_at_all_names_each_models_error(url: str) -> None:
    got = ask(url, "c", "refuses")
    assert (got.status, got.error["code"]) == (502, "all_models_failed")
    rows = [(row["model"], row["error_code"]) for row in got.error["details"]]
    assert rows == [("c", "invalid_request"), ("refuses", "refused")]
    assert all(row["error"] for row in got.error["details"])
    assert got.json["request_id"] == got.headers["x-request-id"]


def test_total_time_is_that_of_the_slowest_model_not_the_sum() -> None:
    gate, names = threading.Event(), ("a", "b", "c")
    scripts = {name: [says(name.upper(), waits=gate)] for name in names}
    with Upstream(scripts) as upstream, serving(upstream.toml) as url:
        wait = threading.Thread(target=_open_when_all_are_asked, args=(upstream, len(names), gate))
        wait.start()
        body = ask(url, *names, skip_comparison=True).json
        wait.join()
    assert [row["content"] for row in body["results"]] == ["A", "B", "C"]


def _open_when_all_are_asked(upstream: Upstream, count: int, gate: threading.Event) -> None:
    with upstream.asked:
        assert upstream.asked.wait_for(lambda: len(upstream.calls) == count, timeout=10)
    gate.set()


@pytest.mark.parametrize(
    ("fields", "status", "code", "word"),
    [
        ({"models": ["nobody"]}, 404, "model_not_found", "nobody"),
        ({"models": ["a", "up"]}, 404, "model_not_found", "up"),
        ({"comparison_model": "jj"}, 404, "model_not_found", "jj"),
        ({"template": "greeting"}, 404, "not_found", "greeting"),
        ({"models": []}, 422, "validation_error", "0 models"),
        ({"models": [f"up/{n}" for n in range(11)]}, 422, "validation_error", "11 models"),
        ({"nonsense": 1}, 422, "validation_error", "nonsense"),
        ({"messages": []}, 422, "validation_error", "messages"),
    ],
)
def test_refusal_comes_before_any_model_is_called(
    url: str, upstream: Upstream, fields: dict[str, Any], status: int, code: str, word: str
) -> None:
    before = len(upstream.calls)
    for stream in (False, True):
        got = post(url, PATH, {"models": ["a", "b"], "messages": ASK, "stream": stream, **fields})
        assert (got.status, got.error["code"]) == (status, code)
        assert word in got.error["message"]
        if status == 422:
            assert set(got.error["details"][0]) == {"type", "loc", "msg"}
    assert len(upstream.calls) == before


def test_upper_bound_of_models_is_configurable(upstream: Upstream) -> None:
    with serving(upstream.toml.replace("[server]", "[server]\nmax_models = 2")) as narrow:
        assert ask(narrow, "a", "b", skip_comparison=True).status == 200
        assert ask(narrow, "a", "b", "j", skip_comparison=True).status == 422


def test_message_fields_and_parts_reach_the_models(url: str, upstream: Upstream) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}}
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "Look"}, image, sound], "name": "Ada"},
        {
            "role": "assistant",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}],
            "reasoning_details": [{"text": "hm"}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "42"},
    ]
    assert post(url, PATH, {"models": ["a"], "messages": messages, "skip_comparison": True}).status == 200
    sent = upstream.of("a")[-1]["messages"]
    assert sent[0] == messages[0]
    assert (sent[1]["content"], sent[1]["tool_calls"]) == (None, messages[1]["tool_calls"])
    assert sent[1]["reasoning_details"] == [{"text": "hm"}]
    assert sent[2] == messages[2]


def test_stream_with_comparison_tells_results_and_streams_the_comparison_alone(url: str, upstream: Upstream) -> None:
    got = ask(url, "a", "c", "b", comparison_model="j", stream=True)
    told = events(got)
    assert got.headers["content-type"].startswith("text/event-stream")
    assert (got.headers["cache-control"], got.headers["x-accel-buffering"]) == ("no-cache", "no")
    start, *_, done = told
    comparison_id = start["comparison_id"]
    assert start == {
        "event": "comparison_start",
        "comparison_id": comparison_id,
        "models": ["a", "c", "b"],
        "skip_comparison": False,
    }
    assert {one["event"] for one in told[1:4]} == {"model_result"}
    deltas = told[4:-1]
    assert deltas
    assert {(one["event"], one["comparison_model"]) for one in deltas} == {("comparison_chunk", "j")}
    text = "".join([one["delta"] for one in deltas])
    assert text in {"## Accuracy\na is right.\n## Recommendation\nb", "## Accuracy\nb is right.\n## Recommendation\na"}
    assert isinstance(done.pop("total_latency_ms"), int)
    assert done.pop("total_cost") == pytest.approx((20 + 13 + 140) / 1e6)
    assert done == {
        "event": "done",
        "comparison_id": comparison_id,
        "comparison_model": "j",
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
        "partial": True,
        "comparison_fallback_used": False,
        "skip_comparison": False,
    }
    asked = [(call["model"], call["stream"]) for call in upstream.calls[-4:]]
    assert sorted(asked[:3]) == [("a", False), ("b", False), ("c", False)]
    assert asked[3] == ("j", True)


def test_model_result_is_an_entry_of_results_without_nulls(url: str) -> None:
    got = ask(url, "a", "c", comparison_model="j", stream=True)
    told = events(got)
    result, failed = of(told, "model_result", "a")[0], of(told, "model_result", "c")[0]
    assert set(result) == {
        "event", "model", "response_body", "content", "latency_ms", "usage", "request_id", "finish_reason", "cost",
    }  # fmt: skip
    assert result["response_body"]["choices"][0]["message"] == {"role": "assistant", "content": "Paris"}
    assert result["request_id"] == got.headers["x-request-id"]
    assert failed["error_code"] == "invalid_request"
    assert isinstance(failed["error"], str)
    assert not set(failed) & {"content", "response_body", "finish_reason"}


def test_stream_without_comparison_interleaves_the_models_tokens(url: str, upstream: Upstream) -> None:
    got = ask(url, "a", "b", "c", skip_comparison=True, stream=True)
    told = events(got)
    assert told[0]["skip_comparison"] is True
    for model, text in (("a", "Paris"), ("b", "Paris, of course ☂ 😀\u2028!")):
        assert "".join([one["delta"] for one in of(told, "model_chunk", model)]) == text
        ending = of(told, "model_stream_done", model)[0]
        assert (ending["finish_reason"], ending["content"]) == ("stop", text)
        assert ending["request_id"] == got.headers["x-request-id"]
        assert isinstance(ending["latency_ms"], int)
        assert ending["usage"]["total_tokens"] in (15, 10)
        assert not set(ending) & {"error", "error_code", "response_body"}
    failed = of(told, "model_stream_done", "c")[0]
    assert (failed["error_code"], "No such thing." in failed["error"]) == ("invalid_request", True)
    assert not set(failed) & {"finish_reason", "content"}
    assert not of(told, "model_result")
    assert not of(told, "comparison_chunk")
    assert (told[-1]["event"], told[-1]["partial"], told[-1]["skip_comparison"]) == ("done", True, True)
    assert not set(told[-1]) & {"comparison_model", "usage", "error_code"}
    assert all(call["stream"] for call in upstream.calls[-3:])


def test_stream_of_failures_ends_in_a_fatal_error(url: str) -> None:
    for skips in (False, True):
        told = events(ask(url, "c", "refuses", stream=True, skip_comparison=skips))
        assert told[0]["event"] == "comparison_start"
        assert len(of(told, "model_stream_done" if skips else "model_result")) == 2
        assert (told[-1]["event"], set(told[-1]["error"])) == ("error", {"code", "message"})
        assert told[-1]["error"]["code"] == "all_models_failed"
        assert not of(told, "done")


def test_fewer_than_two_answers_end_a_stream_without_comparison(url: str) -> None:
    told = events(ask(url, "a", "c", comparison_model="j", stream=True))
    assert not of(told, "comparison_chunk")
    assert (told[-1]["partial"], told[-1]["comparison_fallback_used"]) == (True, False)
    assert "comparison_model" not in told[-1]


def test_comparison_falls_back_in_a_stream_before_its_text_flows(url: str) -> None:
    told = events(ask(url, "a", "b", comparison_model="k", stream=True))
    assert {one["comparison_model"] for one in of(told, "comparison_chunk")} == {"a"}
    assert (told[-1]["comparison_model"], told[-1]["comparison_fallback_used"]) == ("a", True)


def test_comparison_that_breaks_after_its_text_flowed_is_not_tried_again(url: str, upstream: Upstream) -> None:
    before = len(upstream.calls)
    told = events(ask(url, "a", "b", comparison_model="cut", stream=True))
    assert "".join([one["delta"] for one in of(told, "comparison_chunk")]) == "## Accuracy\nSo far"
    done = told[-1]
    assert (done["event"], done["comparison_model"], done["comparison_fallback_used"]) == ("done", "cut", False)
    assert done["error_code"] == "upstream_error"
    assert [call["model"] for call in upstream.calls[before + 2 :]] == ["cut"]


def test_model_that_breaks_after_its_text_flowed_is_a_failed_model(url: str) -> None:
    told = events(ask(url, "a", "cut", skip_comparison=True, stream=True))
    assert "".join([one["delta"] for one in of(told, "model_chunk", "cut")]) == "## Accuracy\nSo far"
    failed = of(told, "model_stream_done", "cut")[0]
    assert failed["error_code"] == "upstream_error"
    assert told[-1]["event"] == "done"


@pytest.mark.parametrize(
    ("sdk", "field"),
    [("python/0.1.11", "error_message"), ("java/1.0", "error_message"), ("node/1.0", "error"), ("go/1.0", "error")],
)
@pytest.mark.parametrize("skips", [True, False])
def test_python_and_java_clients_get_a_failed_models_sentence_as_error_message(
    url: str, sdk: str, field: str, skips: bool
) -> None:
    told = events(ask(url, "a", "c", skip_comparison=skips, stream=True, headers={"X-MeshAPI-SDK": sdk}))
    failed = of(told, "model_stream_done" if skips else "model_result", "c")[0]
    assert {"error", "error_message"} & set(failed) == {field}
    assert "No such thing." in failed[field]
    assert all("error" not in one for one in told if one is not failed)


def test_fatal_error_is_an_object_for_python_clients_too(url: str) -> None:
    told = events(ask(url, "c", stream=True, headers={"X-MeshAPI-SDK": "python/0.1.11"}))
    assert told[-1]["error"]["code"] == "all_models_failed"


def test_python_client_gets_ascii_alone(url: str) -> None:
    for skips in (True, False):
        got = ask(url, "b", "c", skip_comparison=skips, stream=True, headers={"X-MeshAPI-SDK": "python/0.1.11"})
        assert got.body.isascii()
        assert b"\\u2602 \\ud83d\\ude00\\u2028!" in got.body
        told = events(got)
        assert of(told, "model_stream_done" if skips else "model_result", "b")[0]["content"].endswith("☂ 😀\u2028!")


def test_other_clients_get_utf_8(url: str) -> None:
    for sdk in ("java/1.0", "node/1.0"):
        got = ask(url, "b", skip_comparison=True, stream=True, headers={"X-MeshAPI-SDK": sdk})
        assert "☂ 😀".encode() in got.body


def test_frames_have_one_data_line_and_no_carriage_return(url: str) -> None:
    got = ask(url, "a", "b", "c", skip_comparison=True, stream=True)
    assert b"\r" not in got.body
    for frame in frames(got):
        assert len([line for line in frame.split("\n") if line.startswith("data: ")]) == 1
        assert not [line for line in frame.split("\n") if not line.startswith(("event: ", "data: "))]


def test_silence_of_the_comparison_model_is_filled_with_keep_alives() -> None:
    gate = threading.Event()
    scripts = {"a": [says("A")], "b": [says("B")], "j": [says("J", waits=gate)]}
    with Upstream(scripts) as upstream, serving(upstream.toml, patience=Patience(keep_alive_s=0.02)) as url:
        place = urlsplit(url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
        body = json.dumps({"models": ["a", "b"], "messages": ASK, "comparison_model": "j", "stream": True})
        connection.request("POST", PATH, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        lines = iter(response.readline, b"")
        assert any(line == b"event: model_result\n" for line in lines)
        assert any(line == b": keep-alive\n" for line in lines)
        gate.set()
        assert any(line == b"event: done\n" for line in lines)
        connection.close()


def test_idempotency_key_on_a_stream_is_refused_and_on_a_plain_request_taken(url: str) -> None:
    key = {"Idempotency-Key": "once"}
    got = ask(url, "a", stream=True, headers=key)
    assert (got.status, got.error["code"], got.error["param"]) == (422, "validation_error", "Idempotency-Key")
    assert ask(url, "a", skip_comparison=True, headers=key).status == 200


def test_dropped_parameters_are_told_as_warnings(upstream: Upstream) -> None:
    with Upstream({"o3": [says("Paris")]}) as strict, serving(strict.toml) as url:
        row = ask(url, "o3", temperature=1, skip_comparison=True).json["results"][0]
        told = events(ask(url, "o3", temperature=1, skip_comparison=True, stream=True))
    assert len(row["warnings"]) == 1
    assert "temperature" in row["warnings"][0]
    assert of(told, "model_stream_done")[0]["warnings"] == row["warnings"]
