"""The retry rule, the same for all: what is asked again and how often, how long is waited, and under which key."""

import pytest

from clients.bodies import BODIES, CHAT, cut_in_the_body, good_reply, other_reply, problem_reply
from clients.drivers import Driver
from clients.languages import Language
from clients.recorded import case_named, without_nulls
from clients.wire import CUT_AT_ONCE, Wire
from wire_server import Reply, body_reply, json_reply

FAULTS = {
    "429": problem_reply(429, "rate_limit_exceeded", "0"),
    "502": problem_reply(502, "upstream_error"),
    "502 of a proxy": other_reply(b"<html>Bad Gateway</html>", 502, "text/html"),
    "503": problem_reply(503, "overloaded"),
    "504": problem_reply(504, "timeout"),
    "409 in progress": problem_reply(409, "idempotency_in_progress", "0"),
    "cut before the answer": CUT_AT_ONCE,
    "cut in the answer": cut_in_the_body(),
}
FINAL = {
    "400": problem_reply(400, "validation_error"),
    "401": problem_reply(401, "unauthorized"),
    "402": problem_reply(402, "spend_limit_exceeded"),
    "403": problem_reply(403, "forbidden"),
    "404": problem_reply(404, "not_found"),
    "409 of another kind": problem_reply(409, "conflict"),
    "413": problem_reply(413, "request_too_large"),
    "422": problem_reply(422, "idempotency_mismatch"),
    "500": problem_reply(500, "internal_error"),
}
TEMPLATE = {
    "id": "4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
    "name": "brief",
    "owner": "alice",
    "is_global": False,
    "messages": [],
    "params": {},
    "variables": [],
    "created_at": "2026-11-22T00:00:00.000Z",
    "updated_at": "2026-11-22T00:00:00.000Z",
}


@pytest.mark.parametrize("family", BODIES)
def test_a_plain_call_is_asked_again_under_the_same_idempotency_key(
    language: Language, driver: Driver, wire: Wire, family: str
) -> None:
    """After each kind of fault; all are tried at once."""
    keys = {name: wire.script(reply, good_reply(family)) for name, reply in FAULTS.items()}
    begun = {name: driver.at(wire.url, key).begin(f"{family}.create", BODIES[family]) for name, key in keys.items()}
    for name, answer in begun.items():
        assert driver.wait(answer).value, name
        first, second = wire.asked_with(keys[name])
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"], name
        assert first.json == second.json, name


def test_two_calls_have_two_idempotency_keys(language: Language, driver: Driver, wire: Wire) -> None:
    key = wire.script(good_reply("chat"))
    for _ in range(2):
        assert driver.at(wire.url, key)("chat.create", CHAT).value
    first, second = wire.asked_with(key)
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


def test_the_callers_idempotency_key_is_used(language: Language, driver: Driver, wire: Wire) -> None:
    key = wire.script(problem_reply(503, retry_after="0"), good_reply("chat"))
    assert driver.at(wire.url, key)("chat.create", CHAT, idempotency_key="order-7").value
    assert [sent.headers["idempotency-key"] for sent in wire.asked_with(key)] == ["order-7", "order-7"]


def test_two_retries_and_then_the_error(language: Language, driver: Driver, wire: Wire) -> None:
    keys = {name: wire.script(reply) for name, reply in FAULTS.items()}
    begun = {name: driver.at(wire.url, key).begin("chat.create", CHAT) for name, key in keys.items()}
    for name, answer in begun.items():
        assert driver.wait(answer).kind == ("connection" if name.startswith("cut") else "api"), name
        assert len(wire.asked_with(keys[name])) == 3, name


@pytest.mark.parametrize("most", [0, 1, 3])
def test_the_number_of_retries_is_the_callers(language: Language, driver: Driver, wire: Wire, most: int) -> None:
    key = wire.script(problem_reply(503, retry_after="0"))
    assert driver.at(wire.url, key)("models.list", max_retries=most).error["status"] == 503
    assert len(wire.asked_with(key)) == most + 1


def test_what_the_request_is_at_fault_for_is_not_asked_again(language: Language, driver: Driver, wire: Wire) -> None:
    keys = {name: wire.script(reply) for name, reply in FINAL.items()}
    begun = {name: driver.at(wire.url, key).begin("chat.create", CHAT) for name, key in keys.items()}
    for name, answer in begun.items():
        assert driver.wait(answer).error["status"] == int(name[:3])
        assert len(wire.asked_with(keys[name])) == 1, name


def test_retry_after_is_the_least_wait(language: Language, driver: Driver, wire: Wire) -> None:
    key = wire.script(problem_reply(429, "rate_limit_exceeded", "1"), good_reply("chat"))
    assert driver.at(wire.url, key)("chat.create", CHAT).value
    [wait_s] = wire.waits_s(key)
    assert wait_s >= 0.99


@pytest.mark.parametrize(("retry_after", "timeout_s"), [("61", 600), ("5", 2)], ids=["beyond 60 s", "beyond the time"])
def test_a_retry_after_that_is_too_long_is_not_waited_for(
    language: Language, driver: Driver, wire: Wire, retry_after: str, timeout_s: float
) -> None:
    key = wire.script(problem_reply(429, "rate_limit_exceeded", retry_after), good_reply("chat"))
    found = driver.at(wire.url, key)("chat.create", CHAT, timeout_s=timeout_s).error
    assert (found["kind"], found["status"], found["retry_after"]) == ("api", 429, int(retry_after))
    assert len(wire.asked_with(key)) == 1


def test_waits_are_drawn_by_lot(language: Language, driver: Driver, wire: Wire) -> None:
    """Full jitter: ten calls that fail at once do not all come back at once."""
    keys = [wire.script(problem_reply(503), good_reply("chat")) for _ in range(10)]
    begun = [driver.at(wire.url, key).begin("chat.create", CHAT) for key in keys]
    assert all(driver.wait(answer).value for answer in begun)
    waits = [wait_s for key in keys for wait_s in wire.waits_s(key)]
    assert max(waits) - min(waits) > 0.05


@pytest.mark.parametrize("fault", ["429", "502", "503", "504", "cut before the answer"])
def test_a_template_is_made_twice_only_where_the_server_did_nothing(
    language: Language, driver: Driver, wire: Wire, fault: str
) -> None:
    key = wire.script(FAULTS[fault], json_reply(TEMPLATE, 201))
    answer = driver.at(wire.url, key)("templates.create", {"name": "brief"})
    if fault in ("429", "503"):
        assert without_nulls(answer.value) == TEMPLATE
        assert len(wire.asked_with(key)) == 2
    else:
        assert answer.kind in ("api", "connection")
        assert len(wire.asked_with(key)) == 1


_READS: dict[str, tuple[dict[str, object], Reply]] = {
    "models.list": ({}, json_reply({"object": "list", "data": []})),
    "models.search": ({"q": "a"}, json_reply({"items": [], "total": 0, "limit": 20, "offset": 0, "brands": []})),
    "templates.list": ({}, json_reply([])),
    "templates.get": ({"id": TEMPLATE["id"]}, json_reply(TEMPLATE)),
    "templates.update": ({"id": TEMPLATE["id"], "fields": {"name": "brief"}}, json_reply(TEMPLATE)),
    "templates.delete": ({"id": TEMPLATE["id"]}, Reply((b"HTTP/1.1 204 No Content\r\n\r\n",))),
    "usage.balance": ({}, json_reply({"spent_usd": "0", "spent_month_usd": "0"})),
    "traces.list": ({}, json_reply({"traces": [], "limit": 20, "offset": 0, "has_more": False})),
    "traces.delete": ({"id": TEMPLATE["id"]}, Reply((b"HTTP/1.1 204 No Content\r\n\r\n",))),
}


def test_every_other_call_is_asked_again_without_an_idempotency_key(
    language: Language, driver: Driver, wire: Wire
) -> None:
    keys = {op: wire.script(FAULTS["502"], reply) for op, (_, reply) in _READS.items()}
    begun = {op: driver.at(wire.url, keys[op]).begin(op, request) for op, (request, _) in _READS.items()}
    for op, answer in begun.items():
        assert "error" not in driver.wait(answer).raw, (op, driver.wait(answer).raw)
        assert len(wire.asked_with(keys[op])) == 2, op
        assert all("idempotency-key" not in sent.headers for sent in wire.asked_with(keys[op])), op


def test_the_wait_of_the_body_and_of_the_header_are_both_heard(language: Language, driver: Driver, wire: Wire) -> None:
    body = case_named("chat/failed").response
    in_body = wire.script(json_reply(body, 429))
    in_header = wire.script(body_reply(b"slow down", 429, [("Content-Type", "text/plain"), ("Retry-After", "77")]))
    assert driver.at(wire.url, in_body)("chat.create", CHAT).error["retry_after"] == 700
    assert driver.at(wire.url, in_header)("chat.create", CHAT).error["retry_after"] == 77
    assert [len(wire.asked_with(key)) for key in (in_body, in_header)] == [1, 1]
