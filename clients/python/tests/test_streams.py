"""Streams over a real connection: read, left, cut, refused, and closed so that the server sees it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from callers import Caller, SyncCaller, Waits, both
from parley_client import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AsyncParley,
    CallOptions,
    ConfigurationError,
    Pace,
    Parley,
    StreamError,
    TextDelta,
)
from parley_client.roundtable import ModelDeltaEvent, Roundtable, StartEvent
from wire import CUT, HOLD, WireServer, json_reply, reply, stream_reply

START = b'data: {"type":"start","id":"rt_1","models":["a"]}\n\n'
DELTA = 'data: {"type":"model_delta","model_index":0,"model":"a","delta":"é"}\n\n'.encode()
SUMMARY = b'data: {"type":"summary_delta","model":"j","delta":"s"}\n\n'
END = (
    b'data: {"type":"done","id":"rt_1","data":"s","meta":{"resolution":"summary","models_used":["a"],"total_cost":0,'
    b'"total_duration_ms":1},"model_results":[]}\n\ndata: [DONE]\n\n'
)
SPOKEN = [StartEvent("rt_1", ("a",)), ModelDeltaEvent(0, "a", "é")]


def ask(client: Any) -> Any:
    return client.roundtable.stream(input="x", models=["a"])


@both
def test_events_come_typed_and_the_request_asks_for_them(caller: Caller) -> None:
    with WireServer(stream_reply(START, DELTA, END)) as server:
        events = caller.read(server.url, ask)
    assert events[:2] == SPOKEN
    assert [event.type for event in events] == ["start", "model_delta", "done"]
    [asked] = server.asked
    assert asked.json == {"input": "x", "models": ["a"], "stream": True}
    assert asked.headers["accept"] == "text/event-stream"
    assert "idempotency-key" not in asked.headers


@both
def test_texts_say_who_speaks_and_the_result_is_there_after_them(caller: Caller) -> None:
    with WireServer(stream_reply(START, DELTA, SUMMARY, END)) as server:
        texts, final = caller.texts(server.url, ask)
    assert texts == [TextDelta(0, "a", "é", False), TextDelta(None, "j", "s", True)]
    assert isinstance(final, Roundtable)
    assert final.data == "s"


@both
def test_final_reads_to_the_end(caller: Caller) -> None:
    with WireServer(stream_reply(START, DELTA, END)) as server:
        assert caller.final(server.url, ask).id == "rt_1"


@both
def test_leaving_the_loop_closes_the_connection(caller: Caller) -> None:
    with WireServer(stream_reply(START, DELTA, HOLD)) as server:
        assert caller.read(server.url, ask, leave_after=1) == SPOKEN[:1]
        assert server.gone.wait(10)


def test_leaving_the_loop_closes_it_without_a_with_block_too() -> None:
    with WireServer(stream_reply(START, HOLD)) as server, Parley(server.url) as client:
        stream = ask(client)
        for _ in stream:
            break
        assert server.gone.wait(10)
        with pytest.raises(APIConnectionError, match="left before its end"):
            stream.final()


def test_leaving_an_async_loop_without_a_with_block_closes_it_too() -> None:
    async def run() -> bool:
        async with AsyncParley(server.url) as client:
            async for _ in ask(client):
                break
            return await asyncio.to_thread(server.gone.wait, 10)

    with WireServer(stream_reply(START, HOLD)) as server:
        assert asyncio.run(run())


@both
def test_an_exception_in_the_loop_closes_the_connection(caller: Caller) -> None:
    def fail(_: Any) -> Any:
        raise KeyError("mine")

    with WireServer(stream_reply(START, HOLD)) as server:
        with pytest.raises(KeyError, match="mine"):
            _each(caller, server.url, fail)
        assert server.gone.wait(10)


def _each(caller: Caller, url: str, use: Callable[[Any], Any]) -> None:
    if isinstance(caller, SyncCaller):
        with Parley(url) as client, ask(client) as stream:
            for event in stream:
                use(event)
        return

    async def run() -> None:
        async with AsyncParley(url) as client, ask(client) as stream:
            async for event in stream:
                use(event)

    asyncio.run(run())


def test_a_cancelled_task_closes_the_connection() -> None:
    async def read(began: asyncio.Event) -> None:
        async with AsyncParley(server.url) as client, ask(client) as stream:
            async for _ in stream:
                began.set()

    async def run() -> None:
        began = asyncio.Event()
        task = asyncio.create_task(read(began))
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(server.gone.wait, 10)

    with WireServer(stream_reply(START, HOLD)) as server:
        asyncio.run(run())


def test_a_plain_call_of_a_cancelled_task_closes_the_connection() -> None:
    async def run() -> None:
        async with AsyncParley(server.url) as client:
            task = asyncio.create_task(client.models.list())
            await asyncio.to_thread(server.holding.wait, 10)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(server.gone.wait, 10)

    with WireServer((HOLD,)) as server:
        asyncio.run(run())


def test_closing_a_stream_from_another_thread_wakes_who_waits_for_it() -> None:
    raised: list[Exception] = []
    with WireServer(stream_reply(START, HOLD)) as server, Parley(server.url) as client, ask(client) as stream:

        def read() -> None:
            try:
                list(stream)
            except APIConnectionError as error:
                raised.append(error)

        thread = threading.Thread(target=read)
        thread.start()
        assert server.holding.wait(10)
        stream.close()
        thread.join(10)
        assert server.gone.wait(10)
    assert len(raised) == 1


@both
@pytest.mark.parametrize("last", [CUT, b""], ids=["reset", "ended"])
def test_a_cut_stream_is_told_after_what_came(caller: Caller, last: Any) -> None:
    seen: list[Any] = []
    steps = (START, DELTA[:-20], last) if last else (START, DELTA[:-20])
    with WireServer(stream_reply(*steps)) as server, pytest.raises(APIConnectionError) as raised:
        _each(caller, server.url, seen.append)
    assert seen == SPOKEN[:1]
    assert raised.value.request_id == "req_stream"
    assert not isinstance(raised.value, APITimeoutError)


@both
def test_a_silent_stream_counts_as_cut(caller: Caller) -> None:
    with WireServer(stream_reply(START, HOLD)) as server:
        with pytest.raises(APIConnectionError, match="not even a comment") as raised:
            caller.read(server.url, ask, pace=Pace(silence_s=0.2))
        assert server.gone.wait(10)
    assert not isinstance(raised.value, APITimeoutError)


class Listening(httpx.BaseTransport):
    """Answers with a stream, and writes down how long its reader waits for each piece."""

    def __init__(self) -> None:
        self.patience_s: list[float] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        def pieces() -> Iterator[bytes]:
            for piece in (START, END):
                self.patience_s.append(request.extensions["timeout"]["read"])
                yield piece

        return httpx.Response(200, content=pieces())


def test_a_stream_may_be_silent_for_a_minute_whatever_the_time_of_the_call() -> None:
    for timeout_s in (5, 600):
        transport = Listening()
        with httpx.Client(transport=transport) as http, Parley(timeout_s=timeout_s, http_client=http) as client:
            ask(client).final()
        assert transport.patience_s == [60, 60]


@both
def test_the_head_has_the_time_of_the_call(caller: Caller) -> None:
    with WireServer((HOLD,)) as server:
        with pytest.raises(APITimeoutError):
            caller.read(server.url, ask, timeout_s=0.2)
        assert server.gone.wait(10)
    assert len(server.asked) == 1


@both
def test_a_stream_is_never_asked_for_twice(caller: Caller) -> None:
    busy = json_reply(503, {"error": {"code": "overloaded", "message": "Full."}}, {"Retry-After": "0"})
    with WireServer(busy, stream_reply(START, END)) as server, pytest.raises(APIError, match=r"Full\.") as raised:
        caller.read(server.url, ask, pace=Waits().pace)
    assert (raised.value.status, len(server.asked)) == (503, 1)
    with WireServer((CUT,), stream_reply(START, END)) as server, pytest.raises(APIConnectionError):
        caller.read(server.url, ask)
    assert len(server.asked) == 1


@both
def test_the_servers_error_is_raised_after_what_came(caller: Caller) -> None:
    seen: list[Any] = []
    fatal = b'data: {"type":"error","error":"All failed.","error_code":"all_models_failed"}\n\ndata: [DONE]\n\n'
    with WireServer(stream_reply(START, fatal)) as server, pytest.raises(StreamError, match="All failed") as raised:
        _each(caller, server.url, seen.append)
    assert seen == SPOKEN[:1]
    assert (raised.value.code, raised.value.request_id) == ("all_models_failed", "req_stream")


@both
def test_an_answer_that_is_no_stream_is_told(caller: Caller) -> None:
    with WireServer(reply(200, b'{"id": "rt_1"}', "application/json")) as server, pytest.raises(APIConnectionError):
        caller.read(server.url, ask)


@both
def test_a_stream_takes_no_idempotency_key(caller: Caller) -> None:
    def named(client: Any) -> Any:
        return client.roundtable.stream(input="x", models=["a"], options=CallOptions(idempotency_key="k"))

    with pytest.raises(ConfigurationError, match="leave it out"):
        caller.read("http://127.0.0.1:9", named)


def test_events_can_be_taken_one_by_one() -> None:
    with WireServer(stream_reply(START, DELTA, END)) as server, Parley(server.url) as client, ask(client) as stream:
        assert next(stream) == SPOKEN[0]
        assert stream.request_id == "req_stream"
        assert [event.type for event in stream] == ["model_delta", "done"]
        with pytest.raises(StopIteration):
            next(stream)
        assert stream.final().id == "rt_1"


def test_events_can_be_awaited_one_by_one() -> None:
    async def run() -> None:
        async with AsyncParley(server.url) as client, ask(client) as stream:
            assert await anext(stream) == SPOKEN[0]
            assert stream.request_id == "req_stream"
            assert [event.type async for event in stream] == ["model_delta", "done"]
            with pytest.raises(StopAsyncIteration):
                await anext(stream)
            assert (await stream.final()).id == "rt_1"

    with WireServer(stream_reply(START, DELTA, END)) as server:
        asyncio.run(run())


def test_many_streams_stay_open_at_once() -> None:
    """More than httpx would allow by itself."""
    with WireServer(stream_reply(START, HOLD)) as server, Parley(server.url) as client:
        streams = [ask(client) for _ in range(120)]
        assert [next(stream) for stream in streams] == SPOKEN[:1] * 120
        for stream in streams:
            stream.close()
    assert len(server.asked) == 120
