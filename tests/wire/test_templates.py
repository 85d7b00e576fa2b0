"""Stored templates over HTTP: who sees and writes them, and what a request makes of one."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from parley.books.templates import MOST_BYTES
from parley.wire import templated
from parley.wire.templates import MOST_NAME_CHARACTERS
from serving import ADMIN_KEY, Got, post, send, serving
from stores import sqlite_url
from upstream_models import Upstream, says

ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}
MODELS = {"a": [says("Paris")], "b": [says("Lyon")], "j": [says("## Accuracy")]}
TOOL = {"type": "function", "function": {"name": "look"}}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(MODELS) as made:
        yield made


@pytest.fixture(scope="module")
def toml(upstream: Upstream) -> str:
    return upstream.toml.replace('auth = "open"', 'auth = "keys"')


@pytest.fixture(scope="module")
def url(toml: str) -> Iterator[str]:
    with serving(toml) as address:
        yield address


@pytest.fixture
def mine(url: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """The header of a new ordinary key."""
    return new_key(url, request.node.name)


def new_key(url: str, name: str) -> dict[str, str]:
    made = post(url, "/v1/keys", {"name": name}, ADMIN)
    assert made.status == 201
    return {"Authorization": f"Bearer {made.json['key']}"}


def create(url: str, who: dict[str, str], **fields: Any) -> Got:
    return post(url, "/v1/templates", {"name": "greeting", **fields}, who)


def created(url: str, who: dict[str, str], **fields: Any) -> dict[str, Any]:
    made = create(url, who, **fields)
    assert made.status == 201, made.body
    body: dict[str, Any] = made.json
    return body


def change(url: str, who: dict[str, str], template_id: str, **fields: Any) -> Got:
    return send(url, "PATCH", f"/v1/templates/{template_id}", fields, who)


def ask(url: str, who: dict[str, str], upstream: Upstream, **fields: Any) -> dict[str, Any]:
    """Ask model `a` and return what went upstream."""
    body = {"model": "a", "messages": [{"role": "user", "content": "Go on."}], "template": "greeting", **fields}
    got = post(url, "/v1/chat/completions", body, who)
    assert got.status == 200, got.body
    return upstream.calls[-1]


def refused(got: Got, status: int, code: str, *words: str) -> None:
    assert (got.status, got.error["code"]) == (status, code), got.body
    for word in words:
        assert word in got.error["message"]


def test_new_template_is_told_with_every_field(url: str, mine: dict[str, str]) -> None:
    given = {
        "description": "says hello",
        "system": "Be {{ tone }}.",
        "messages": [{"role": "user", "content": "Hello {{name}}"}],
        "model": "a",
        "params": {"temperature": 0.5, "logit_bias": {"1": 2}},
        "variables": ["name"],
    }
    made = created(url, mine, **given)
    template_id, times = made.pop("id"), [made.pop("created_at"), made.pop("updated_at")]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", template_id)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time) for time in times)
    owner = "test_new_template_is_told_with_every_field"
    expected = {**given, "name": "greeting", "owner": owner, "is_global": False, "variables": ["name", "tone"]}
    assert made == expected
    assert send(url, "GET", f"/v1/templates/{template_id}", headers=mine).json.items() >= expected.items()
    (listed,) = send(url, "GET", "/v1/templates", headers=mine).json
    assert listed["id"] == template_id


def test_template_of_a_name_alone_is_empty(url: str, mine: dict[str, str]) -> None:
    made = created(url, mine)
    empty = {"description": None, "system": None, "messages": [], "model": None, "params": {}, "variables": []}
    assert made.items() >= empty.items()


def test_change_leaves_the_rest_and_null_empties(url: str, mine: dict[str, str]) -> None:
    made = created(url, mine, system="Be kind.", description="old", messages=[{"role": "user", "content": "Hi"}])
    changed = change(url, mine, made["id"], name="other", description=None)
    assert changed.status == 200
    assert changed.json["updated_at"] >= made["updated_at"]
    expected = {**made, "name": "other", "description": None, "updated_at": changed.json["updated_at"]}
    assert changed.json == expected


def test_deleted_template_is_gone(url: str, mine: dict[str, str]) -> None:
    place = f"/v1/templates/{created(url, mine)['id']}"
    gone = send(url, "DELETE", place, headers=mine)
    assert (gone.status, gone.body) == (204, b"")
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", {"name": "x"})):
        refused(send(url, method, place, body, mine), 404, "not_found")
    assert send(url, "GET", "/v1/templates", headers=mine).json == []


def test_template_of_another_key_is_not_there(url: str, mine: dict[str, str]) -> None:
    other = new_key(url, "another key")
    place = f"/v1/templates/{created(url, other)['id']}"
    assert send(url, "GET", "/v1/templates", headers=mine).json == []
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", {"name": "x"})):
        refused(send(url, method, place, body, mine), 404, "not_found")
    ask_it = {"model": "a", "messages": [], "template": "greeting"}
    refused(post(url, "/v1/chat/completions", ask_it, mine), 404, "not_found", "greeting")
    assert send(url, "GET", place, headers=ADMIN).json["owner"] == "another key"


def test_global_template_is_seen_by_all_and_written_by_admins(url: str, mine: dict[str, str]) -> None:
    refused(create(url, mine, name="ours", is_global=True), 403, "forbidden")
    made = created(url, ADMIN, name="ours", is_global=True, system="Be brief.")
    try:
        assert (made["is_global"], made["owner"]) == (True, "admin")
        assert made in send(url, "GET", "/v1/templates", headers=mine).json
        refused(change(url, mine, made["id"], name="mine now"), 403, "forbidden")
        refused(send(url, "DELETE", f"/v1/templates/{made['id']}", headers=mine), 403, "forbidden")
        own = created(url, mine, name="own")
        refused(change(url, mine, own["id"], is_global=True), 403, "forbidden")
        assert change(url, ADMIN, made["id"], system="Be long.").json["system"] == "Be long."
    finally:
        assert send(url, "DELETE", f"/v1/templates/{made['id']}", headers=ADMIN).status == 204


def test_own_template_hides_the_global_one_of_its_name(url: str, mine: dict[str, str], upstream: Upstream) -> None:
    made = created(url, ADMIN, name="shared", is_global=True, system="Global.")
    try:
        assert ask(url, mine, upstream, template="shared")["messages"][0]["content"] == "Global."
        created(url, mine, name="shared", system="Own.")
        assert ask(url, mine, upstream, template="shared")["messages"][0]["content"] == "Own."
        assert ask(url, mine, upstream, template=made["id"])["messages"][0]["content"] == "Global."
    finally:
        send(url, "DELETE", f"/v1/templates/{made['id']}", headers=ADMIN)


def test_name_is_taken_once_per_key(url: str, mine: dict[str, str]) -> None:
    created(url, mine)
    refused(create(url, mine), 422, "validation_error", "greeting", "taken")
    other = created(url, mine, name="other")
    refused(change(url, mine, other["id"], name="greeting"), 422, "validation_error", "taken")
    created(url, new_key(url, "a neighbour"))


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * (MOST_NAME_CHARACTERS + 1)}, "name"),
        ({"name": None}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"description": "a\x00b"}, "description"),
        ({"system": 5}, "system"),
        ({"messages": [{"role": "nobody", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"model": ""}, "model"),
        ({"params": {"temperature": 3}}, "params.temperature"),
        ({"params": {"stream": True}}, "params.stream"),
        ({"params": []}, "params"),
        ({"params": {"tools": [{"type": "function", "function": {"name": ""}}]}}, "params.tools[0].function.name"),
        ({"variables": ["no blanks"]}, "variables[0]"),
        ({"sytem": "x"}, "sytem"),
    ],
)
def test_bad_field_is_named(url: str, mine: dict[str, str], fields: dict[str, Any], param: str) -> None:
    got = create(url, mine, **fields)
    refused(got, 422, "validation_error")
    assert got.error["param"] == param
    assert got.error["details"][0]["loc"][0] == "body"


def test_name_is_needed(url: str, mine: dict[str, str]) -> None:
    got = post(url, "/v1/templates", {"system": "x"}, mine)
    refused(got, 422, "validation_error", "name")


@pytest.mark.parametrize(("name", "status"), [("x" * MOST_NAME_CHARACTERS, 201), ("grüße 🎉", 201)])
def test_long_and_foreign_names_are_taken(url: str, mine: dict[str, str], name: str, status: int) -> None:
    assert create(url, mine, name=name).status == status


@pytest.mark.parametrize(("excess", "status"), [(0, 201), (1, 422)])
def test_template_is_bounded_in_size(url: str, mine: dict[str, str], excess: int, status: int) -> None:
    text = "x" * (MOST_BYTES - len('{"system":""}') + excess)
    got = create(url, mine, system=text)
    assert got.status == status
    assert status == 201 or str(MOST_BYTES) in got.error["message"]


def test_templates_need_a_key(url: str) -> None:
    assert send(url, "GET", "/v1/templates").status == 401
    assert post(url, "/v1/templates", {"name": "x"}).status == 401


def test_template_comes_before_the_requests_own_messages(url: str, mine: dict[str, str], upstream: Upstream) -> None:
    turns = [
        {"role": "user", "content": "I am {{ name }}."},
        {"role": "assistant", "content": [{"type": "text", "text": "Hello {{name}}, {{ weather_2 }} today."}]},
    ]
    created(url, mine, system="Be {{tone}}; {{ tone }}!", messages=turns)
    values = {"name": "Ada", "tone": "kind", "weather_2": "sunny", "extra": "ignored"}
    sent = ask(url, mine, upstream, variables=values)["messages"]
    assert [(one["role"], one["content"]) for one in sent] == [
        ("system", "Be kind; kind!"),
        ("user", "I am Ada."),
        ("assistant", "Hello Ada, sunny today."),
        ("user", "Go on."),
    ]


def test_value_is_never_expanded_again(url: str, mine: dict[str, str], upstream: Upstream) -> None:
    created(url, mine, messages=[{"role": "user", "content": "{{a}} {{b}} {{ not one }} {{}}"}])
    sent = ask(url, mine, upstream, variables={"a": "{{b}}", "b": r"\1 {{a}}"})["messages"]
    assert sent[0]["content"] == r"{{b}} \1 {{a}} {{ not one }} {{}}"


def test_values_of_the_requests_own_messages_stay_as_they_are(
    url: str, mine: dict[str, str], upstream: Upstream
) -> None:
    created(url, mine, system="Be kind.")
    messages = [{"role": "user", "content": "What is {{name}}?"}]
    assert ask(url, mine, upstream, messages=messages)["messages"][1]["content"] == "What is {{name}}?"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/chat/compare"])
def test_missing_variable_is_named(url: str, mine: dict[str, str], upstream: Upstream, path: str) -> None:
    created(url, mine, system="{{tone}} and {{ other_one }}")
    models = {"models": ["a", "b"]} if path.endswith("compare") else {"model": "a"}
    before = len(upstream.calls)
    body = {**models, "messages": [], "template": "greeting", "variables": {"tone": ""}}
    got = post(url, path, body, mine)
    refused(got, 422, "validation_error", "other_one", "greeting")
    assert got.error["param"] == "variables.other_one"
    assert len(upstream.calls) == before


def test_unknown_template_names_the_nearest(url: str, mine: dict[str, str]) -> None:
    created(url, mine)
    body = {"model": "a", "messages": [], "template": "greetings"}
    got = post(url, "/v1/chat/completions", body, mine)
    refused(got, 404, "not_found", "greetings", "Did you mean `greeting`?")
    assert got.error["param"] == "template"


def test_request_wins_over_the_templates_parameters(url: str, mine: dict[str, str], upstream: Upstream) -> None:
    params = {"temperature": 0.5, "max_tokens": 9, "top_p": 0.25, "logit_bias": {"1": 2}, "user": "u", "tools": [TOOL]}
    created(url, mine, params=params, model="b")
    sent = ask(url, mine, upstream, temperature=0.75, user="me", top_p=None)
    assert (sent["model"], sent["temperature"], sent["max_tokens"], sent["top_p"]) == ("a", 0.75, 9, 0.25)
    assert (sent["logit_bias"], sent["user"], sent["tools"][0]["function"]["name"]) == ({"1": 2}, "me", "look")
    assert ask(url, mine, upstream, max_completion_tokens=7)["max_tokens"] == 7


@pytest.mark.parametrize(
    ("named", "asked"), [({}, "b"), ({"model": "a"}, "a"), ({"models": ["a"]}, "a"), ({"model": None}, "b")]
)
def test_templates_model_is_asked_where_the_request_names_none(
    url: str, mine: dict[str, str], upstream: Upstream, named: dict[str, Any], asked: str
) -> None:
    created(url, mine, model="b", messages=[{"role": "user", "content": "Hi"}])
    got = post(url, "/v1/chat/completions", {"template": "greeting", **named}, mine)
    assert (got.status, got.json["model"]) == (200, asked)
    assert [one["content"] for one in upstream.calls[-1]["messages"]] == ["Hi"]


def test_every_model_of_a_comparison_gets_the_template(url: str, mine: dict[str, str], upstream: Upstream) -> None:
    created(url, mine, system="Be {{tone}}.", params={"top_p": 0.25, "temperature": 0.5, "presence_penalty": 1})
    body = {
        "models": ["a", "b"],
        "messages": [{"role": "user", "content": "Hi"}],
        "template": "greeting",
        "variables": {"tone": "kind"},
        "temperature": 1,
        "comparison_model": "j",
    }
    before = len(upstream.calls)
    assert post(url, "/v1/chat/compare", body, mine).status == 200
    *seats, judge = upstream.calls[before:]
    for sent in seats:
        assert [one["content"] for one in sent["messages"]] == ["Be kind.", "Hi"]
        assert (sent["temperature"], sent["top_p"], sent["presence_penalty"]) == (1, 0.25, 1)
    assert not {"top_p", "presence_penalty", "temperature"} & set(judge)


@pytest.mark.parametrize("own", [{}, {"messages": None}, {"messages": []}])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/chat/compare"])
def test_template_alone_may_be_the_conversation(
    url: str, mine: dict[str, str], upstream: Upstream, path: str, own: dict[str, Any]
) -> None:
    created(url, mine, messages=[{"role": "user", "content": "Hi {{who}}"}])
    models = {"models": ["a", "b"], "comparison_model": "j"} if path.endswith("compare") else {"model": "a"}
    before = len(upstream.calls)
    got = post(url, path, {**models, **own, "template": "greeting", "variables": {"who": "Zoë"}}, mine)
    assert got.status == 200, got.body
    assert [one["content"] for one in upstream.calls[before]["messages"]] == ["Hi Zoë"]


@pytest.mark.parametrize("own", [{}, {"messages": None}, {"messages": []}])
@pytest.mark.parametrize("named", [{"template": "greeting"}, {"template": None}, {}])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/chat/compare"])
def test_conversation_without_a_word_is_refused(
    url: str, mine: dict[str, str], path: str, named: dict[str, Any], own: dict[str, Any]
) -> None:
    created(url, mine)
    models = {"models": ["a", "b"]} if path.endswith("compare") else {"model": "a"}
    got = post(url, path, {**models, **own, **named}, mine)
    refused(got, 422, "validation_error", "messages is")
    assert got.error["param"] == "messages"


def test_filled_template_is_bounded(url: str, mine: dict[str, str]) -> None:
    count = 40_000
    created(url, mine, system="{{a}}" * count)
    size = templated.MOST_FILLED_CHARACTERS // count + 1
    body = {"model": "a", "messages": [], "template": "greeting", "variables": {"a": "x" * size}}
    refused(post(url, "/v1/chat/completions", body, mine), 422, "validation_error", "characters")


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of servers that share a database; those on PostgreSQL keep their journal where they run."""
    monkeypatch.chdir(tmp_path)
    is_sqlite = request.param == "sqlite"
    return {"PARLEY_STORE_URL": sqlite_url(tmp_path) if is_sqlite else request.getfixturevalue("postgresql_url")}


def test_template_is_found_at_once_in_another_process(toml: str, upstream: Upstream, store: dict[str, str]) -> None:
    with serving(toml, store) as one, serving(toml, store) as other:
        for round_number in range(3):
            name = f"round {round_number}"
            made = created(one, ADMIN, name=name, system=name)
            assert ask(other, ADMIN, upstream, template=name)["messages"][0]["content"] == name
            assert send(other, "DELETE", f"/v1/templates/{made['id']}", headers=ADMIN).status == 204
            body = {"model": "a", "messages": [], "template": name}
            refused(post(one, "/v1/chat/completions", body, ADMIN), 404, "not_found")


def test_any_text_is_kept_and_any_name_looked_for(toml: str, upstream: Upstream, store: dict[str, str]) -> None:
    with serving(toml, store) as url:
        created(url, ADMIN, system="a\x00b {{x}}", description="☂\n\u2028")
        assert ask(url, ADMIN, upstream, variables={"x": "\x00"})["messages"][0]["content"] == "a\x00b \x00"
        for name in ("\x00", "%s", "x" * 10_000, ""):
            body = {"model": "a", "messages": [], "template": name}
            refused(post(url, "/v1/chat/completions", body, ADMIN), 404, "not_found")
        for place in ("%00", "%FF", "x" * 5_000):
            refused(send(url, "GET", f"/v1/templates/{place}", headers=ADMIN), 404, "not_found")
