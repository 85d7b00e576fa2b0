"""Plain calls over a real connection: what goes out, what is sent again, how time ends them."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx
import pytest

from callers import Caller, Waits, both
from golden import cases, response
from parley_client import APIConnectionError, APIError, APITimeoutError, CallOptions, Parley
from parley_client.shell import finished
from parley_client.version import VERSION
from wire import CUT, HOLD, WireServer, json_reply, reply

BUSY = json_reply(503, {"error": {"code": "overloaded", "message": "Full."}}, {"X-Request-Id": "req_1"})
MODELS = json_reply(200, {"object": "list", "data": [{"id": "a"}]})
COMPLETION = {"id": "c", "model": "a", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi ü"}}]}
MESSAGES = [{"role": "user", "content": "Hi 🙂"}]
TEMPLATE = {"id": "t", "name": "n", "owner": "o", "is_global": False, "created_at": "1", "updated_at": "2"}


def chat(client: Any) -> Any:
    return client.chat.completions.create(model="a", messages=MESSAGES)


def models(client: Any) -> Any:
    return client.models.list()


@both
def test_a_call_is_what_the_contract_says(caller: Caller) -> None:
    with WireServer(json_reply(200, COMPLETION)) as server:
        assert caller.ask(server.url, chat, api_key="rsk_1").choices[0].message.content == "Hi ü"
    [asked] = server.asked
    assert (asked.method, asked.path) == ("POST", "/v1/chat/completions")
    assert asked.json == {"model": "a", "messages": MESSAGES}
    assert asked.headers["authorization"] == "Bearer rsk_1"
    assert asked.headers["user-agent"] == f"parley-python/{VERSION}"
    assert asked.headers["content-type"] == "application/json"
    assert len(asked.headers["idempotency-key"]) == 36


@both
def test_without_a_key_none_is_sent(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARLEY_API_KEY", raising=False)
    with WireServer(MODELS) as server:
        assert [model.id for model in caller.ask(server.url, models)] == ["a"]
    assert "authorization" not in server.asked[0].headers


@both
@pytest.mark.parametrize(
    ("use", "method", "path", "body"),
    [
        (lambda c: c.roundtable.create(input="x", models=["a"]), "POST", "/v3/roundtable", None),
        (lambda c: c.compare.create(models=["a"], messages=[]), "POST", "/v1/chat/compare", None),
        (lambda c: c.models.list(free=True, provider="p q"), "GET", "/v1/models?free=true&provider=p+q", None),
        (lambda c: c.models.search(q="ä", limit=1), "GET", "/v1/models/search?q=%C3%A4&limit=1", None),
        (lambda c: c.models.get("sandbox/terse?tps=0"), "GET", "/v1/models/sandbox/terse%3Ftps%3D0", None),
        (lambda c: c.models.get("../balance"), "GET", "/v1/models/%2E%2E/balance", None),
        (lambda c: c.templates.get("a/b#c"), "GET", "/v1/templates/a/b%23c", None),
        (lambda c: c.templates.update("t", system=None), "PATCH", "/v1/templates/t", {"system": None}),
        (lambda c: c.templates.delete("t"), "DELETE", "/v1/templates/t", None),
        (lambda c: c.usage.totals(model="a"), "POST", "/v1/usage", {"model": "a"}),
        (lambda c: c.usage.events(), "POST", "/v1/usage/events", {}),
        (lambda c: c.usage.attempts("evt_1"), "GET", "/v1/usage/events/evt_1/attempts", None),
        (lambda c: c.usage.rate_limits(), "GET", "/v1/usage/rate-limits", None),
        (lambda c: c.usage.balance(), "GET", "/v1/balance", None),
        (lambda c: c.traces.list(limit=5, name="x"), "GET", "/v3/traces?limit=5&name=x", None),
        (lambda c: c.traces.delete("t"), "DELETE", "/v3/traces/t", None),
    ],
)
def test_every_method_has_its_place(caller: Caller, use: Any, method: str, path: str, body: Any) -> None:
    with WireServer(json_reply(418, {"error": "Told apart."})) as server, pytest.raises(APIError, match="Told apart"):
        caller.ask(server.url, use)
    [asked] = server.asked
    assert (asked.method, asked.path) == (method, path)
    if body is not None:
        assert asked.json == body


@both
def test_a_vote_is_a_roundtable_with_choices(caller: Caller) -> None:
    def use(client: Any) -> Any:
        return client.roundtable.vote(input="x", models=["a"], choices=["y", "n"])

    with WireServer(json_reply(418, {})) as server, pytest.raises(APIError):
        caller.ask(server.url, use)
    wanted = {"input": "x", "models": ["a"], "choices": ["y", "n"], "resolution": "multiple_choice"}
    assert server.asked[0].json == wanted


@both
def test_an_empty_id_is_refused_before_it_means_a_list(caller: Caller) -> None:
    with pytest.raises(ValueError, match="id is empty"):
        caller.ask("http://127.0.0.1:9", lambda client: client.templates.get(""))


@both
def test_fields_that_the_library_does_not_know_go_through(caller: Caller) -> None:
    def use(client: Any) -> Any:
        return client.chat.completions.create(model="a", messages=[], options=CallOptions(extra_body={"top_k": 5}))

    with WireServer(json_reply(200, COMPLETION)) as server:
        caller.ask(server.url, use)
    assert server.asked[0].json == {"model": "a", "messages": [], "top_k": 5}


@both
@pytest.mark.parametrize("fault", [BUSY, (CUT,), reply(502, b"<html>", "text/html")], ids=["503", "cut", "proxy"])
def test_a_plain_call_is_sent_again_under_the_same_key(caller: Caller, fault: Any) -> None:
    waits = Waits()
    with WireServer(fault, fault, json_reply(200, COMPLETION)) as server:
        caller.ask(server.url, chat, pace=waits.pace)
    keys = {asked.headers["idempotency-key"] for asked in server.asked}
    assert (len(server.asked), len(keys)) == (3, 1)
    assert waits.waited_s == [0.25, 0.5]


@both
def test_two_calls_have_two_keys_and_the_callers_own_is_used(caller: Caller) -> None:
    def named(client: Any) -> Any:
        return client.chat.completions.create(model="a", options=CallOptions(idempotency_key="order-7"))

    with WireServer(json_reply(200, COMPLETION)) as server:
        for use in (chat, chat, named):
            caller.ask(server.url, use)
    keys = [asked.headers["idempotency-key"] for asked in server.asked]
    assert len(set(keys)) == 3
    assert keys[2] == "order-7"


@both
def test_retries_end_in_the_last_error(caller: Caller) -> None:
    waits = Waits()
    with WireServer(BUSY) as server, pytest.raises(APIError, match=r"Full\.") as raised:
        caller.ask(server.url, models, pace=waits.pace)
    assert len(server.asked) == 3
    assert (raised.value.status, raised.value.code, raised.value.request_id) == (503, "overloaded", "req_1")


@both
def test_a_template_is_not_made_twice_where_the_answer_was_lost(caller: Caller) -> None:
    def use(client: Any) -> Any:
        return client.templates.create(name="n")

    with WireServer((CUT,), json_reply(201, TEMPLATE)) as server, pytest.raises(APIConnectionError):
        caller.ask(server.url, use, pace=Waits().pace)
    assert len(server.asked) == 1
    with WireServer(BUSY, json_reply(201, TEMPLATE)) as server:
        assert caller.ask(server.url, use, pace=Waits().pace).id == "t"
    assert "idempotency-key" not in server.asked[0].headers


@both
def test_a_wait_that_is_too_long_is_told_at_once(caller: Caller) -> None:
    waits = Waits()
    limited = json_reply(429, {"error": {"code": "rate_limit_exceeded", "message": "x"}}, {"Retry-After": "61"})
    with WireServer(limited) as server, pytest.raises(APIError) as raised:
        caller.ask(server.url, models, pace=waits.pace)
    assert (len(server.asked), waits.waited_s, raised.value.retry_after) == (1, [], 61)


@both
@pytest.mark.parametrize(
    "steps",
    [(HOLD,), (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{", HOLD)],
    ids=["no head", "no end"],
)
def test_time_ends_a_call_and_hangs_up(caller: Caller, steps: Any) -> None:
    with WireServer(steps) as server:
        with pytest.raises(APITimeoutError, match=r"within 0\.2 s"):
            caller.ask(server.url, models, timeout_s=0.2)
        assert server.gone.wait(10)
    assert len(server.asked) == 1


@both
def test_time_ends_a_call_whose_answer_trickles(caller: Caller) -> None:
    """Each read is quick, the whole is not: the clock goes on by a second whenever it is looked at."""
    ticks = iter(range(1000))
    pace = Waits().pace
    slow = type(pace)(clock=lambda: float(next(ticks)), sleep=pace.sleep, sleep_async=pace.sleep_async)
    pieces = (b"5\r\n[1, 2\r\n",) * 50
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with WireServer((head, *pieces, HOLD)) as server, pytest.raises(APITimeoutError):
        caller.ask(server.url, models, timeout_s=10, pace=slow)


@both
def test_a_server_that_is_not_there_is_told_with_its_address(caller: Caller) -> None:
    with pytest.raises(APIConnectionError, match=r"Could not reach http://127\.0\.0\.1:9 ") as raised:
        caller.ask("http://127.0.0.1:9", models, max_retries=0, api_key="rsk_secret")
    assert "secret" not in str(raised.value)


@both
def test_a_redirect_is_not_followed(caller: Caller) -> None:
    away = reply(307, b"", "text/html", {"Location": "http://127.0.0.1:9/elsewhere"})
    with WireServer(away) as server, pytest.raises(APIError, match="redirects are not followed"):
        caller.ask(server.url, models)
    assert len(server.asked) == 1


@both
def test_a_huge_answer_is_read_whole(caller: Caller) -> None:
    text = "ü" * 3_000_000
    whole = {**COMPLETION, "choices": [{"index": 0, "message": {"content": text}}]}
    with WireServer(json_reply(200, whole)) as server:
        assert caller.ask(server.url, chat).choices[0].message.content == text


@both
def test_nothing_comes_of_a_deletion(caller: Caller) -> None:
    with WireServer((b"HTTP/1.1 204 No Content\r\n\r\n",)) as server:
        assert caller.ask(server.url, lambda client: client.traces.delete("t")) is None


@both
@pytest.mark.parametrize("case", [case for case in cases("response.json") if "/" in str(case)])
def test_golden_answers_come_through_the_client(caller: Caller, case: str) -> None:
    family, body = case.split("/")[0], response(case)
    uses = {
        "roundtable": lambda client: client.roundtable.create(input="x", models=["a"]),
        "compare": lambda client: client.compare.create(models=["a"], messages=[]),
        "chat": chat,
    }
    if "error" not in body:
        with WireServer(json_reply(200, body)) as server:
            found = caller.ask(server.url, uses[family])
        assert body.get("id", body.get("comparison_id")) in {
            getattr(found, "id", ""),
            getattr(found, "comparison_id", ""),
        }


def test_closing_the_client_ends_the_calls_of_other_threads() -> None:
    raised: list[Exception] = []
    with WireServer((HOLD,)) as server:
        client = Parley(server.url)

        def call() -> None:
            try:
                client.models.list()
            except APIConnectionError as error:
                raised.append(error)

        thread = threading.Thread(target=call)
        thread.start()
        assert server.holding.wait(10)
        client.close()
        thread.join(10)
        assert server.gone.wait(10)
    assert len(raised) == 1
    assert len(server.asked) == 1


def test_a_client_of_the_callers_own_is_used_and_left_open() -> None:
    with WireServer(MODELS) as server, httpx.Client(headers={"X-Own": "1"}) as http:
        with Parley(server.url, http_client=http) as client:
            client.models.list()
        assert not http.is_closed
    assert server.asked[0].headers["x-own"] == "1"


def test_threads_share_a_client() -> None:
    with WireServer(MODELS) as server, Parley(server.url) as client:
        threads = [threading.Thread(target=client.models.list) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert len(server.asked) == 20


def test_a_client_that_nobody_closed_leaves_no_open_socket(recwarn: pytest.WarningsRecorder) -> None:
    with WireServer(MODELS) as server:
        client = Parley(server.url)
        client.models.list()
        del client
    assert [str(warning.message) for warning in recwarn if issubclass(warning.category, ResourceWarning)] == []


def test_a_thread_may_call_while_its_event_loop_runs() -> None:
    """The core is written as coroutines; a synchronous call uses no loop, and so minds none."""

    async def run() -> None:
        with Parley(server.url) as client:
            assert client.models.list()[0].id == "a"

    with WireServer(MODELS) as server:
        asyncio.run(run())


def test_a_synchronous_call_that_would_wait_for_a_loop_says_so() -> None:
    with pytest.raises(RuntimeError, match="wait for an event loop"):
        finished(asyncio.sleep(0))
