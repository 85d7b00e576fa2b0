"""What a network, a proxy or a failing server may do to an answer, played byte by byte to every library."""

import json
from typing import Any

import pytest

from clients.bodies import BODIES, CHAT, COMPARE, ROUNDTABLE, cut_in_the_body, good_reply, other_reply, problem_reply
from clients.drivers import Driver
from clients.framings import Ending, frame_by_frame, stream_reply
from clients.languages import Language
from clients.live import closed_port, eventually
from clients.recorded import case_named, final_of, without_nulls
from clients.wire import CUT_AT_ONCE, Wire
from wire_server import CUT, HANG, Pause, Reply, head, json_reply, sse_reply

FAMILIES = list(BODIES)
STREAMS = ["roundtable/summary_stream", "compare/comparison_stream", "chat/stream"]
_BREATH = Pause(0.05)
_SSE_HEAD = head(200, [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")])
_MEGABYTES = "ü" * 2_000_000


def ended_early(case_name: str, way: str) -> Reply:
    """The recorded stream without its `[DONE]`, ended in one of three ways."""
    whole = case_named(case_name).stream.removesuffix(b"data: [DONE]\n\n")
    reset = stream_reply(whole, _BREATH, CUT)
    closed = Reply((*stream_reply(whole).steps[:-1], _BREATH), closes=True)
    return {"reset": reset, "closed": closed, "ended": stream_reply(whole)}[way]


@pytest.mark.parametrize("way", ["reset", "closed", "ended"])
@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_without_its_done_is_a_connection_error(
    language: Language, driver: Driver, wire: Wire, name: str, way: str
) -> None:
    case = case_named(name)
    key = wire.script(ended_early(name, way))
    answer = driver.at(wire.url, key)(case.op, case.request)
    assert answer.kind == "connection"
    assert without_nulls(answer.events) == without_nulls(case.events)
    assert len(wire.asked_with(key)) == 1


def test_a_stream_cut_inside_a_character_keeps_what_came_before(language: Language, driver: Driver, wire: Wire) -> None:
    case = case_named("compare/skip_comparison_stream")
    at = case.stream.index("é".encode()) + 1
    key = wire.script(sse_reply(case.stream[:at], _BREATH, CUT))
    answer = driver.at(wire.url, key)(case.op, case.request)
    assert answer.kind == "connection"
    assert without_nulls(answer.events) == without_nulls(case.events[:1])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("reply", [CUT_AT_ONCE, problem_reply(503, "overloaded", "0")], ids=["cut", "503"])
def test_a_stream_is_never_asked_for_twice(
    language: Language, driver: Driver, wire: Wire, family: str, reply: Reply
) -> None:
    key = wire.script(reply, stream_reply(case_named(STREAMS[FAMILIES.index(family)]).stream))
    answer = driver.at(wire.url, key)(f"{family}.stream", BODIES[family])
    assert answer.kind == ("connection" if reply is CUT_AT_ONCE else "api")
    assert len(wire.asked_with(key)) == 1


@pytest.mark.parametrize(
    ("family", "frame", "code"),
    [
        ("roundtable", {"type": "error", "error": "It broke.", "error_code": "shutting_down"}, "shutting_down"),
        ("roundtable", {"type": "error", "error": {"code": "overloaded", "message": "It broke."}}, "overloaded"),
        ("compare", {"event": "error", "error": {"code": "overloaded", "message": "It broke."}}, "overloaded"),
        ("compare", {"event": "error", "error": "It broke."}, None),
        ("chat", {"error": {"code": "upstream_error", "message": "It broke."}}, "upstream_error"),
        ("chat", {"error": "It broke."}, None),
    ],
)
def test_an_error_in_a_stream_is_raised_be_it_a_sentence_or_an_object(
    language: Language, driver: Driver, wire: Wire, family: str, frame: dict[str, Any], code: str | None
) -> None:
    case = case_named(STREAMS[FAMILIES.index(family)])
    first = frame_by_frame(case.stream)[0]
    assert isinstance(first, bytes)
    name = b"event: error\n" if family == "compare" else b""
    last = name + f"data: {json.dumps(frame)}\n\ndata: [DONE]\n\n".encode()
    answer = driver.at(wire.url, wire.script(stream_reply(first, last)))(case.op, case.request)
    assert answer.kind == "stream"
    assert "It broke." in answer.error["message"]
    if code is not None:
        assert answer.error["code"] == code
    assert without_nulls(answer.events) == without_nulls(case.events[:1])


def test_an_event_that_is_no_json_is_an_error_after_what_came_before(
    language: Language, driver: Driver, wire: Wire
) -> None:
    case = case_named("roundtable/summary_stream")
    first = frame_by_frame(case.stream)[0]
    assert isinstance(first, bytes)
    answer = driver.at(wire.url, wire.script(stream_reply(first, b'data: {"type":\n\ndata: [DONE]\n\n')))(
        case.op, case.request
    )
    assert answer.kind in ("connection", "stream")
    assert without_nulls(answer.events) == without_nulls(case.events[:1])


_ODD_ERRORS = {
    "html": (502, b"<html><body>Bad Gateway</body></html>", "text/html"),
    "text": (500, b"oops", "text/plain"),
    "empty": (504, b"", "text/plain"),
    "empty json": (500, b"", "application/json"),
    "broken json": (502, b'{"error": {"code": ', "application/json"),
    "not utf-8": (500, b"\xff\xfe\x00", "application/json"),
    "json list": (503, b"[1, 2]", "application/json"),
    "json null": (400, b"null", "application/json"),
    "error sentence": (403, b'{"error": "No entry."}', "application/json"),
    "error without code": (404, b'{"error": {"message": "No such page."}}', "application/json"),
    "error of odd types": (422, b'{"error": {"code": 7, "message": ["a"], "details": "b"}}', "application/json"),
}


@pytest.mark.parametrize("kind", ["create", "stream"])
@pytest.mark.parametrize("name", _ODD_ERRORS)
def test_an_error_that_no_parley_wrote_keeps_its_status(
    language: Language, driver: Driver, wire: Wire, name: str, kind: str
) -> None:
    status, body, content_type = _ODD_ERRORS[name]
    key = wire.script(other_reply(body, status, content_type))
    found = driver.at(wire.url, key)(f"roundtable.{kind}", ROUNDTABLE, max_retries=0).error
    assert (found["kind"], found["status"]) == ("api", status)
    assert found["message"].strip()
    assert found["request_id"] == "req_2"
    if name.startswith("error sentence"):
        assert "No entry." in found["message"]
    if name == "error without code":
        assert "No such page." in found["message"]


@pytest.mark.parametrize("body", [b"<html>Please log in</html>", b'{"id": "rt_', b"", b"[]", b"null"])
def test_an_answer_that_is_no_answer_is_an_error(language: Language, driver: Driver, wire: Wire, body: bytes) -> None:
    key = wire.script(other_reply(body, 200, "application/json"))
    answer = driver.at(wire.url, key)("roundtable.create", ROUNDTABLE, max_retries=0)
    assert answer.kind in ("api", "connection")
    assert answer.error["message"].strip()


@pytest.mark.parametrize("reply", [CUT_AT_ONCE, cut_in_the_body()], ids=["at once", "in the body"])
def test_a_plain_answer_that_is_cut_is_a_connection_error(
    language: Language, driver: Driver, wire: Wire, reply: Reply
) -> None:
    key = wire.script(reply)
    answer = driver.at(wire.url, key)("compare.create", COMPARE, max_retries=0)
    assert answer.kind == "connection"
    assert len(wire.asked_with(key)) == 1


def test_a_server_that_is_not_there_is_a_connection_error(language: Language, driver: Driver) -> None:
    ask = driver.at(f"http://127.0.0.1:{closed_port()}", "nobody-hears-this-key")
    for op, body in (("models.list", {}), ("chat.create", CHAT), ("roundtable.stream", ROUNDTABLE)):
        assert ask(op, body, max_retries=0).kind == "connection"


def test_an_answer_of_megabytes_is_read_whole(language: Language, driver: Driver, wire: Wire) -> None:
    whole = {**case_named("roundtable/summary").response, "data": _MEGABYTES}
    answer = driver.at(wire.url, wire.script(json_reply(whole)))("roundtable.create", ROUNDTABLE)
    assert answer.value["data"] == _MEGABYTES


def test_an_event_of_megabytes_is_read_whole(language: Language, driver: Driver, wire: Wire) -> None:
    case = case_named("roundtable/summary_stream")
    whole = {**final_of(case), "data": _MEGABYTES}
    done = f"data: {json.dumps({'type': 'done', **whole}, ensure_ascii=False)}\n\ndata: [DONE]\n\n".encode()
    pieces = [done[at : at + 65_536] for at in range(0, len(done), 65_536)]
    answer = driver.at(wire.url, wire.script(stream_reply(*pieces)))(case.op, case.request)
    assert answer.value["final"]["data"] == _MEGABYTES


def test_a_call_that_takes_too_long_is_a_timeout_and_hangs_up(language: Language, driver: Driver, wire: Wire) -> None:
    """No head, or a head and no end of the body: the time is that of the whole call."""
    started = head(200, [("Content-Type", "application/json"), ("Content-Length", "9")])
    for reply in (Reply((HANG,)), Reply((started, b"{", HANG))):
        wire.gone.clear()
        answer = driver.at(wire.url, wire.script(reply))("roundtable.create", ROUNDTABLE, timeout_s=0.3)
        assert answer.kind == "timeout"
        eventually(wire.gone.is_set, True)


def test_a_stream_without_a_head_is_a_timeout_and_hangs_up(language: Language, driver: Driver, wire: Wire) -> None:
    key = wire.script(Reply((HANG,)))
    answer = driver.at(wire.url, key)("compare.stream", COMPARE, timeout_s=0.3)
    assert answer.kind == "timeout"
    eventually(wire.gone.is_set, True)
    assert len(wire.asked_with(key)) == 1


def test_a_streams_time_ends_with_its_head(language: Language, driver: Driver, wire: Wire) -> None:
    case = case_named("roundtable/summary_stream")
    slow = [step for frame in frame_by_frame(case.stream) for step in (frame, Pause(0.15))]
    answer = driver.at(wire.url, wire.script(stream_reply(*slow)))(case.op, case.request, timeout_s=0.8)
    assert without_nulls(answer.value["events"]) == without_nulls(case.events)


def test_retries_stand_within_the_time_of_the_call(language: Language, driver: Driver, wire: Wire) -> None:
    unavailable = problem_reply(503, "overloaded", "0")
    key = wire.script(Reply((Pause(0.3), *unavailable.steps)))
    answer = driver.at(wire.url, key)("chat.create", CHAT, timeout_s=1, max_retries=50)
    assert answer.kind in ("timeout", "api")
    assert 1 <= len(wire.asked_with(key)) <= 4


def hanging_after(count: int) -> Reply:
    """The first events of a roundtable, and then nothing."""
    return sse_reply(*frame_by_frame(case_named("roundtable/summary_stream").stream)[:count], HANG)


@pytest.mark.parametrize(
    ("op", "reply", "count"),
    [
        ("roundtable.create", Reply((HANG,)), 0),
        ("roundtable.stream", Reply((HANG,)), 0),
        ("roundtable.stream", Reply((_SSE_HEAD, HANG)), 0),
        ("roundtable.stream", hanging_after(3), 3),
    ],
    ids=["plain", "before the head", "after the head", "after three events"],
)
def test_a_cancelled_call_hangs_up(
    language: Language, driver: Driver, wire: Wire, op: str, reply: Reply, count: int
) -> None:
    key = wire.script(reply)
    answer = driver.at(wire.url, key)(op, ROUNDTABLE, cancel_after_s=0.6)
    assert answer.kind == "cancelled"
    assert len(answer.events) == count
    eventually(wire.gone.is_set, True)
    assert len(wire.asked_with(key)) == 1


@pytest.mark.parametrize("texts", [False, True], ids=["events", "texts"])
def test_leaving_the_loop_hangs_up(language: Language, driver: Driver, wire: Wire, texts: bool) -> None:
    key = wire.script(hanging_after(4))
    options = {"texts": True} if texts else {}
    answer = driver.at(wire.url, key)("roundtable.stream", ROUNDTABLE, break_after=2, no_final=True, **options)
    assert len(answer.texts if texts else answer.events) == 2
    eventually(wire.gone.is_set, True)


def test_connections_are_free_again_after_a_whole_answer(language: Language, driver: Driver, wire: Wire) -> None:
    """Fifty calls one after the other, plain and streamed, leave no crowd of open connections behind."""
    case = case_named("chat/stream")
    plain = wire.script(good_reply("chat"))
    streamed = wire.script(stream_reply(case.stream, ending=Ending.CHUNKS))
    for _ in range(25):
        assert driver.at(wire.url, plain)("chat.create", CHAT).value
        assert driver.at(wire.url, streamed)("chat.stream", CHAT).value
    assert wire.open_connections < 10
