"""Every call of every library against one live server with the sandbox models, compared with what plain HTTP gives."""

import re
from typing import Any
from uuid import uuid4

import jsonschema_rs
import pytest

from clients.bodies import CHAT, COMPARE, ROUNDTABLE, VERDICT
from clients.drivers import Client, Driver
from clients.languages import Language, Start
from clients.live import Live, eventually
from clients.recorded import case_named, with_named_seats, without_nulls
from clients.wire import Wire
from wire_server import json_reply

_GOOD_VERDICT = {"verdict": "yes", "confidence": 0.75}
_BAD_VERDICTS: list[Any] = [
    {"verdict": "perhaps", "confidence": 0.5},
    {"verdict": "yes"},
    {"verdict": "yes", "confidence": "high"},
    {"verdict": "yes", "confidence": 0.5, "extra": "fine"},
    "yes",
    None,
]


@pytest.fixture
def key(live: Live) -> str:
    return live.new_key()


@pytest.fixture
def ask(driver: Driver, live: Live, key: str) -> Client:
    return driver.at(live.url, key)


def test_roundtable_create_answers_with_every_seat(language: Language, ask: Client) -> None:
    value = ask("roundtable.create", ROUNDTABLE).value
    assert value["id"].startswith("rt_")
    assert value["meta"]["resolution"] == "summary"
    assert [row["index"] for row in value["model_results"]] == [0, 1]
    assert all("84" in row["data"] for row in value["model_results"])
    assert value["meta"]["models_used"] == ROUNDTABLE["models"]


def test_roundtable_knobs_reach_the_server(language: Language, ask: Client, wire: Wire) -> None:
    """Every field of the contract goes out as it was given."""
    seat = {"name": "sandbox/terse", "temperature": 0, "max_tokens": 50, "top_p": 0.5, "reasoning": "max"}
    request = {
        "input": " \n☂ 12 * 7 ",
        "models": [seat, {"name": "sandbox/thorough"}],
        "resolution": "summary",
        "instructions": "Be brief.",
        "output_schema": {"type": "object", "properties": {"a": {"type": ["string", "null"]}}},
        "summary_model": "sandbox/judge",
        "max_retries": 0,
        "timeout_ms": 300_000,
    }
    sent_with = wire.script(json_reply(case_named("roundtable/summary").response))
    assert ask.driver.at(wire.url, sent_with)("roundtable.create", request).value
    assert with_named_seats(wire.asked_with(sent_with)[0].json) == request
    assert ask("roundtable.create", {**request, "output_schema": None}).value["data"]


def test_compare_knobs_reach_the_server(language: Language, ask: Client, wire: Wire) -> None:
    request = {
        "models": ["sandbox/terse", "sandbox/thorough"],
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "How much is 12 * 7?"}], "name": "ann"},
        ],
        "model_overrides": [
            {"model": "sandbox/terse", "temperature": 0, "max_tokens": 40, "system_prompt": "Be briefer."}
        ],
        "comparison_model": "sandbox/judge",
        "comparison_instructions": "Mind the units.",
        "temperature": 0.5,
        "max_tokens": 100,
        "skip_comparison": True,
        "cache": True,
    }
    sent_with = wire.script(json_reply(case_named("compare/comparison").response))
    assert ask.driver.at(wire.url, sent_with)("compare.create", request).value
    assert wire.asked_with(sent_with)[0].json == request
    value = ask("compare.create", {**request, "skip_comparison": False}).value
    assert value["comparison_model"] == "sandbox/judge"


def test_chat_knobs_reach_the_server(language: Language, ask: Client, wire: Wire) -> None:
    request = {
        "model": "sandbox/terse",
        "models": ["sandbox/thorough"],
        "messages": [{"role": "user", "content": "How much is 12 * 7?"}],
        "temperature": 0,
        "top_p": 1,
        "max_tokens": 60,
        "stop": ["###"],
        "seed": 7,
        "response_format": {"type": "json_object"},
        "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}],
        "tool_choice": "none",
        "reasoning_effort": "low",
        "timeout": 30,
        "cache": True,
    }
    sent_with = wire.script(json_reply(case_named("chat/plain").response))
    assert ask.driver.at(wire.url, sent_with)("chat.create", request).value
    assert wire.asked_with(sent_with)[0].json == request
    assert ask("chat.create", request).value["choices"][0]["message"]["content"]


def test_roundtable_stream_ends_in_the_whole_result(language: Language, ask: Client) -> None:
    value = ask("roundtable.stream", ROUNDTABLE).value
    kinds = [event["type"] for event in value["events"]]
    assert (kinds[0], kinds[-1]) == ("start", "done")
    assert {"model_delta", "model_done", "summary_delta"} <= set(kinds)
    assert value["final"] == {name: field for name, field in value["events"][-1].items() if name != "type"}


@pytest.mark.parametrize("skip", [False, True], ids=["with comparison", "without"])
def test_compare_stream_ends_in_the_whole_result(language: Language, ask: Client, skip: bool) -> None:
    value = ask("compare.stream", {**COMPARE, "skip_comparison": skip}).value
    kinds = {event["event"] for event in value["events"]}
    assert kinds == {"comparison_start", "done"} | (
        {"model_chunk", "model_stream_done"} if skip else {"model_result", "comparison_chunk"}
    )
    final = value["final"]
    assert [result["model"] for result in final["results"]] == COMPARE["models"]
    assert all("84" in result["content"] for result in final["results"])
    chunks = "".join(event["delta"] for event in value["events"] if event["event"] == "comparison_chunk")
    assert (final.get("comparison") or "") == chunks


def test_compare_create_answers_with_every_model(language: Language, ask: Client) -> None:
    value = ask("compare.create", COMPARE).value
    assert [result["model"] for result in value["results"]] == COMPARE["models"]
    assert "Recommendation" in value["comparison"]


def test_chat_create_and_stream_say_the_same(language: Language, ask: Client) -> None:
    plain = ask("chat.create", CHAT).value["choices"][0]
    streamed = ask("chat.stream", CHAT).value["final"]["choices"][0]
    assert plain["message"]["content"] == streamed["message"]["content"] == "12 * (3 + 4) = 84."
    assert plain["finish_reason"] == streamed["finish_reason"] == "stop"


def test_vote_counts_the_seats(language: Language, ask: Client) -> None:
    models = ["sandbox/terse", "sandbox/thorough", "sandbox/contrarian"]
    value = ask("roundtable.vote", {"input": "Is 7 a prime number?", "models": models, "choices": ["yes", "no"]}).value
    assert value["meta"]["resolution"] == "multiple_choice"
    assert value["data"] in ("yes", "no")
    assert sum(row["votes"] for row in value["meta"]["vote"]["tally"]) == 3


def test_parse_gives_the_answer_in_its_type(language: Language, ask: Client) -> None:
    value = ask("roundtable.parse", VERDICT).value
    assert value["type"] == "Verdict"
    assert value["parsed"]["verdict"] in ("yes", "no")
    assert value["parsed"] == value["raw"]["data"]
    assert set(value["parsed"]) == {"verdict", "confidence"}


def test_parse_sends_the_types_schema(language: Language, driver: Driver, wire: Wire) -> None:
    reply = {**case_named("roundtable/summary").response, "data": _GOOD_VERDICT}
    sent_with = wire.script(json_reply(reply))
    value = driver.at(wire.url, sent_with)("roundtable.parse", VERDICT).value
    assert value["parsed"] == _GOOD_VERDICT
    [sent] = wire.asked_with(sent_with)
    assert sent.json["output_schema"] == value["schema"]
    assert {"idempotency-key"} <= set(sent.headers)
    validator = jsonschema_rs.Draft202012Validator(value["schema"])
    assert validator.is_valid(_GOOD_VERDICT)
    assert validator.is_valid({"verdict": "no", "confidence": 1})
    assert [bad for bad in _BAD_VERDICTS if validator.is_valid(bad)] == []


@pytest.mark.parametrize("data", _BAD_VERDICTS, ids=str)
def test_parse_raises_what_does_not_fit_the_type(language: Language, driver: Driver, wire: Wire, data: Any) -> None:
    whole = case_named("roundtable/summary").response
    meta = {**whole["meta"], "summary_error": {"code": "schema_invalid", "message": "Nothing fits."}}
    reply = {**whole, "data": data, "meta": whole["meta"] if data is not None else meta}
    answer = driver.at(wire.url, wire.script(json_reply(reply)))("roundtable.parse", VERDICT)
    assert answer.kind == "output"
    assert without_nulls(answer.error["raw"]) == without_nulls(reply)


def test_models_are_listed_found_and_shown(language: Language, ask: Client, live: Live, key: str) -> None:
    listed = live.plain(key, "GET", "/v1/models")["data"]
    assert without_nulls(ask("models.list").value) == without_nulls(listed)
    sandbox = [model for model in listed if model["provider"] == "sandbox"]
    assert [model["id"] for model in ask("models.list", {"provider": "sandbox"}).value] == [
        model["id"] for model in sandbox
    ]
    assert [model["id"] for model in ask("models.list", {"free": True}).value] == [
        model["id"] for model in live.plain(key, "GET", "/v1/models?free=true")["data"]
    ]
    of_type = [model["id"] for model in live.plain(key, "GET", "/v1/models?type=text")["data"]]
    assert [model["id"] for model in ask("models.list", {"type": "text"}).value] == of_type
    page = live.plain(key, "GET", "/v1/models/search?q=sandbox&limit=2&offset=1")
    assert without_nulls(ask("models.search", {"q": "sandbox", "limit": 2, "offset": 1}).value) == without_nulls(page)
    one = live.plain(key, "GET", "/v1/models/sandbox/terse")
    assert without_nulls(ask("models.get", {"id": "sandbox/terse"}).value) == without_nulls(one)


def test_templates_are_made_listed_changed_used_and_deleted(
    language: Language, ask: Client, live: Live, key: str
) -> None:
    fields = {
        "name": f"sum {uuid4().hex}",
        "description": "Adds.",
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "How much is {{ a }} + {{ b }}?"}],
        "model": "sandbox/terse",
        "params": {"temperature": 0, "max_tokens": 50},
        "variables": ["a", "b"],
    }
    made = ask("templates.create", fields).value
    assert without_nulls({name: made.get(name) for name in fields}) == fields
    path = f"/v1/templates/{made['id']}"
    assert without_nulls(made) == without_nulls(live.plain(key, "GET", path))
    assert without_nulls(ask("templates.list").value) == without_nulls([live.plain(key, "GET", path)])
    changed = ask("templates.update", {"id": made["id"], "fields": {"description": "Adds two."}}).value
    assert (changed["description"], changed["system"]) == ("Adds two.", "Be brief.")
    assert without_nulls(ask("templates.get", {"id": made["id"]}).value) == without_nulls(changed)
    filled = {"template": fields["name"], "variables": {"a": "40", "b": "2"}, "messages": []}
    assert "42" in ask("chat.create", filled).value["choices"][0]["message"]["content"]
    assert ask("templates.delete", {"id": made["id"]}).value is None
    assert ask("templates.get", {"id": made["id"]}).error["code"] == "not_found"


def test_usage_answers_are_kept_to_the_last_field(language: Language, ask: Client, live: Live) -> None:
    key = live.new_key(rpm=1000, rpd=5000, spend_cap_usd="25.000001")
    own = ask.driver.at(live.url, key)
    panel = own("roundtable.create", ROUNDTABLE).value["id"]
    assert own("chat.create", CHAT).value
    filters = {"panel_id": panel, "limit": 2, "offset": 1}
    events = live.plain(key, "POST", "/v1/usage/events", filters)
    assert without_nulls(own("usage.events", filters).value) == without_nulls(events)
    assert events["total"] == 3
    totals = own("usage.totals", {"status": "ok"}).value
    assert without_nulls(totals) == without_nulls(live.plain(key, "POST", "/v1/usage", {"status": "ok"}))
    assert isinstance(totals["total_cost_usd"], str)
    event_id = events["events"][0]["id"]
    attempts = live.plain(key, "GET", f"/v1/usage/events/{event_id}/attempts")
    assert without_nulls(own("usage.attempts", {"id": event_id}).value) == without_nulls(attempts)
    balance = own("usage.balance").value
    assert without_nulls(balance) == without_nulls(live.plain(key, "GET", "/v1/balance"))
    assert balance["spend_cap_usd"] == "25.000001"


def test_rate_limits_are_kept_to_the_last_field(language: Language, ask: Client, live: Live) -> None:
    key = live.new_key(rpm=1000, rpd=5000)
    own = ask.driver.at(live.url, key)
    assert own("chat.create", CHAT).value
    assert shape(own("usage.rate_limits").value) == shape(live.plain(key, "GET", "/v1/usage/rate-limits"))


def shape(value: Any) -> Any:
    """Return `value` with its numbers replaced: time goes on between two looks."""
    match value:
        case dict():
            return {name: shape(inner) for name, inner in without_nulls(value).items()}
        case list():
            return [shape(inner) for inner in value]
        case bool():
            return value
        case int() | float():
            return "number"
        case str():
            return re.sub(r"\d\d:\d\d:\d\d(\.\d+)?", "time", value)
        case _:
            return value


def test_traces_are_listed_shown_and_deleted(language: Language, ask: Client, live: Live, key: str) -> None:
    trace_id = ask("roundtable.create", ROUNDTABLE).value["meta"]["trace_uuid"]
    eventually(lambda: [trace["id"] for trace in ask("traces.list").value["traces"]], [trace_id])
    filters = {"limit": 5, "offset": 0, "name": "roundtable"}
    page = live.plain(key, "GET", "/v3/traces?limit=5&offset=0&name=roundtable")
    assert without_nulls(ask("traces.list", filters).value) == without_nulls(page)
    one = live.plain(key, "GET", f"/v3/traces/{trace_id}")
    assert without_nulls(ask("traces.get", {"id": trace_id}).value) == without_nulls(one)
    assert ask("traces.delete", {"id": trace_id}).value is None
    assert ask("traces.get", {"id": trace_id}).error["code"] == "not_found"


def test_a_client_shows_no_key_when_it_is_printed(language: Language, ask: Client) -> None:
    """That no key stands in any answer is held by the driver for every command of the suite."""
    assert ask("describe").value["text"].strip()


def test_configuration_comes_from_the_environment(language: Language, start: Start, live: Live, key: str) -> None:
    env = {**start.env, "PARLEY_URL": live.url, "PARLEY_API_KEY": key}
    with Driver(start.command, env) as configured:
        listed = configured.wait(configured.send({"op": "from_environment"})).value
    assert "sandbox/terse" in {model["id"] for model in listed}


def test_without_a_key_no_authorization_is_sent(language: Language, start: Start, wire: Wire) -> None:
    wire.script_without_key(json_reply({"object": "list", "data": []}))
    with Driver(start.command, {**start.env, "PARLEY_URL": wire.url}) as configured:
        assert configured.wait(configured.send({"op": "from_environment"})).value == []
    [sent] = wire.asked_with()
    assert "authorization" not in sent.headers


def test_a_hundred_streams_at_once_are_not_mixed_up(language: Language, ask: Client) -> None:
    families = ("roundtable", "compare", "chat")
    begun = []
    for number in range(100):
        question = f"How much is {number} + 1000?"
        asked: dict[str, Any] = {"messages": [{"role": "user", "content": question}]}
        body = {
            "roundtable": {"input": question, "models": ["sandbox/terse?tps=200"], "resolution": "fast"},
            "compare": {**asked, "models": ["sandbox/terse?tps=200"], "skip_comparison": True},
            "chat": {**asked, "model": "sandbox/terse?tps=200"},
        }
        family = families[number % 3]
        begun.append(ask.begin(f"{family}.stream", body[family]))
    for number, answer in enumerate(begun):
        value = ask.driver.wait(answer).value
        assert f"= {number + 1000}." in str(value["final"]), (number, value)
        assert value["events"]
