"""Streams become typed events and a whole result, or an error, and never a wrong result."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from golden import ANSWERS, cases, new_reading, response, transcript
from parley_client import APIConnectionError, ParleyError, StreamError
from parley_client.chat import ChatChunk, ChatReading, ChatUsage, Function, ToolCall
from parley_client.compare import (
    CompareReading,
    ComparisonChunkEvent,
    ComparisonDoneEvent,
    ModelStreamDoneEvent,
)
from parley_client.decoding import decode
from parley_client.reading import Reading, TextDelta
from parley_client.roundtable import (
    ModelDeltaEvent,
    ModelErrorEvent,
    Roundtable,
    RoundtableReading,
    StartEvent,
)

WRITTEN_FOR_ANOTHER_CLIENT = "compare/partial_failure_stream_python_client"


def events_of(reading: Reading[Any, Any], *pieces: bytes) -> list[Any]:
    """Read everything, as a shell does."""
    events = []
    for piece in (*pieces, b""):
        reading.receive(piece)
        while (event := reading.take()) is not None:
            events.append(event)
        if reading.is_over:
            break
    return events


def told(case: str, *pieces: bytes) -> tuple[list[Any], Any]:
    """Return the events, and the result or what was raised."""
    reading, events = new_reading(case), []
    try:
        for piece in (*pieces, b""):
            reading.receive(piece)
            while (event := reading.take()) is not None:
                events.append(event)
        return events, reading.result()
    except ParleyError as error:
        return events, (type(error), str(error))


def as_said(case: str) -> list[dict[str, Any]]:
    """Return the data of a transcript's events, fatal ones and [DONE] left out."""
    lines = [line.removeprefix("data: ") for line in transcript(case).decode().split("\n") if line.startswith("data: ")]
    said = [json.loads(line) for line in lines if line != "[DONE]"]
    return [event for event in said if "error" not in {event.get("type"), event.get("event")}]


def bare(value: Any) -> Any:
    """Return `value` without nulls, tuples as lists: absent and null are one thing."""
    if isinstance(value, dict):
        return {name: bare(one) for name, one in value.items() if one is not None}
    return [bare(one) for one in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("case", [case for case in cases("response.sse") if case != WRITTEN_FOR_ANOTHER_CLIENT])
def test_every_event_of_a_transcript_keeps_all_its_fields(case: str) -> None:
    events, _ = told(case, transcript(case))
    assert [bare(asdict(event)) | bare(said) for event, said in zip(events, as_said(case), strict=True)] == [
        bare(asdict(event)) for event in events
    ]


@pytest.mark.parametrize("case", cases("response.json"))
def test_every_plain_answer_keeps_all_its_fields(case: str) -> None:
    said = response(case)
    if "error" not in said:
        typed = decode(ANSWERS[case.split("/")[0]], said)
        assert bare(asdict(typed)) | bare(said) == bare(asdict(typed))


@pytest.mark.parametrize("case", cases("response.sse"))
def test_a_transcript_says_the_same_however_it_is_split(case: str) -> None:
    raw = transcript(case)
    whole = told(case, raw)
    for cut in range(1, len(raw), 7):
        assert told(case, raw[:cut], raw[cut:]) == whole
    assert told(case, *(raw[index : index + 1] for index in range(len(raw)))) == whole


@pytest.mark.parametrize("case", cases("response.sse"))
@pytest.mark.parametrize("framing", ["crlf", "comments", "several data lines", "no final blank"])
def test_a_transcript_says_the_same_in_another_framing(case: str, framing: str) -> None:
    raw = transcript(case)
    framed = {
        "crlf": raw.replace(b"\n", b"\r\n"),
        "comments": raw.replace(b"\n\n", b"\n\n: keep-alive\n\n"),
        "several data lines": raw.replace(b'{"', b'{\ndata: "'),
        "no final blank": raw.rstrip(b"\n"),
    }[framing]
    assert told(case, framed) == told(case, raw)


@pytest.mark.parametrize("case", cases("response.sse"))
def test_a_transcript_that_is_cut_anywhere_never_looks_whole(case: str) -> None:
    raw = transcript(case).rstrip(b"\n")
    for length in range(len(raw)):
        _, result = told(case, raw[:length])
        assert isinstance(result, tuple)
        assert result[0] in {APIConnectionError, StreamError}


def test_the_final_of_a_roundtable_is_what_done_carries() -> None:
    case = cases("response.sse")
    if "roundtable/summary_stream" not in case:
        pytest.skip("the golden files are not there")
    said = as_said("roundtable/summary_stream")[-1]
    _, result = told("roundtable/summary_stream", transcript("roundtable/summary_stream"))
    assert result == decode(Roundtable, said)
    assert type(result) is Roundtable


@pytest.mark.parametrize("pair", [("compare/comparison_stream", "compare/comparison")])
def test_the_final_of_a_comparison_is_the_plain_answer_but_for_what_streams_lack(pair: tuple[str, str]) -> None:
    if pair[0] not in cases("response.sse"):
        pytest.skip("the golden files are not there")
    _, result = told(pair[0], transcript(pair[0]))
    plain = bare(response(pair[1]))
    del plain["created"], plain["trace_uuid"]
    for row in plain["results"]:
        for choice in row["response_body"]["choices"]:
            choice["message"] = bare(choice["message"])
    assert bare(asdict(result)) == plain


@pytest.mark.parametrize("pair", [("chat/stream_usage", "chat/plain"), ("chat/tools_stream", "chat/tools")])
def test_the_final_of_a_chat_stream_is_the_plain_completion(pair: tuple[str, str]) -> None:
    if pair[0] not in cases("response.sse"):
        pytest.skip("the golden files are not there")
    _, result = told(pair[0], transcript(pair[0]))
    plain = bare(response(pair[1]))
    if pair[0] == "chat/tools_stream":
        del plain["usage"]
    assert bare(asdict(result)) == plain


def test_results_stand_in_the_order_of_the_models_not_of_their_coming() -> None:
    reading = CompareReading()
    events_of(
        reading,
        b'data: {"event":"comparison_start","comparison_id":"c","models":["a","b"],"skip_comparison":true}\n\n'
        b'data: {"event":"model_stream_done","model":"b","content":"B"}\n\n'
        b'data: {"event":"model_stream_done","model":"a","error":"down","error_code":"unavailable"}\n\n'
        b'data: {"event":"done","comparison_id":"c","partial":true,"skip_comparison":true}\n\ndata: [DONE]\n\n',
    )
    result = reading.result()
    assert [(row.model, row.content, row.error) for row in result.results] == [("a", None, "down"), ("b", "B", None)]
    assert result.comparison is None
    assert result.partial


def test_texts_say_who_speaks() -> None:
    reading = RoundtableReading()
    assert reading.text(ModelDeltaEvent(2, "a", "x")) == TextDelta(2, "a", "x", False)
    assert reading.text(StartEvent()) is None
    compare = CompareReading()
    assert compare.text(ComparisonChunkEvent("j", "x")) == TextDelta(None, "j", "x", True)


FAILED = "all_models_failed"


@pytest.mark.parametrize(
    ("reading", "frame", "code"),
    [
        (RoundtableReading, b'{"type":"error","error":"All failed.","error_code":"all_models_failed"}', FAILED),
        (RoundtableReading, b'{"type":"error","error":{"code":"all_models_failed","message":"All failed."}}', FAILED),
        (CompareReading, b'{"event":"error","error":{"code":"all_models_failed","message":"All failed."}}', FAILED),
        (CompareReading, b'{"event":"error","error":"All failed.","error_code":"all_models_failed"}', FAILED),
        (ChatReading, b'{"error":{"code":"all_models_failed","message":"All failed."},"request_id":"r"}', FAILED),
        (ChatReading, b'{"error":"All failed."}', None),
    ],
)
def test_the_fatal_event_is_raised_whatever_its_shape(
    reading: type[Reading[Any, Any]], frame: bytes, code: str | None
) -> None:
    with pytest.raises(StreamError) as raised:
        events_of(reading(), b"data: " + frame + b"\n\ndata: [DONE]\n\n")
    assert (raised.value.code, raised.value.message) == (code, "All failed.")


def test_details_of_the_fatal_event_are_kept_and_it_is_raised_again() -> None:
    reading = RoundtableReading()
    reading.receive(b'data: {"type":"error","error":"x","details":[{"index":0}]}\n\n')
    with pytest.raises(StreamError) as raised:
        reading.take()
    assert raised.value.details == [{"index": 0}]
    with pytest.raises(StreamError) as again:
        reading.take()
    assert again.value is raised.value


def test_a_frame_named_error_is_fatal_without_a_name_in_its_data() -> None:
    with pytest.raises(StreamError, match="gone"):
        events_of(RoundtableReading(), b'event: error\ndata: {"error":"gone"}\n\n')


def test_the_error_of_a_model_is_data() -> None:
    raw = b'data: {"type":"model_error","model_index":0,"model":"a","error":"down"}\n\ndata: [DONE]\n\n'
    assert events_of(RoundtableReading(), raw) == [ModelErrorEvent(0, "a", "down")]
    raw = b'event: model_stream_done\ndata: {"model":"a","error":"down"}\n\ndata: [DONE]\n\n'
    assert events_of(CompareReading(), raw) == [ModelStreamDoneEvent("a", error="down")]


def test_unknown_kinds_and_fields_are_passed_over_and_null_means_absent() -> None:
    raw = (
        b'data: {"type":"model_thought","thought":1}\n\ndata: {"neither":"type"}\n\n'
        b'data: {"type":"start","id":null,"models":["a"],"new":{"deep":[1]}}\n\ndata: [DONE]\n\n'
    )
    assert events_of(RoundtableReading(), raw) == [StartEvent(None, ("a",))]


@pytest.mark.parametrize("data", [b"{", b"[1]", b'"text"', b"null", b"<html>", b'{"type":"model_delta","delta":5}'])
def test_what_is_no_event_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(APIConnectionError, match="not Parley's"):
        events_of(RoundtableReading(), b"data: " + data + b"\n\ndata: [DONE]\n\n")


def test_nothing_is_read_after_done() -> None:
    reading = RoundtableReading()
    reading.receive(b"data: [DONE]\n\ndata: {broken\n\n")
    assert reading.take() is None
    assert reading.is_over
    with pytest.raises(APIConnectionError, match="without a whole result"):
        reading.result()


def test_a_stream_that_was_left_says_so() -> None:
    reading = RoundtableReading()
    reading.receive(b'data: {"type":"start"}\n\ndata: {"type":"start"}\n\n')
    reading.take()
    reading.leave()
    with pytest.raises(APIConnectionError, match="left before its end"):
        reading.take()


def test_pieces_of_tool_calls_are_joined_by_their_index() -> None:
    def chunk(calls: str) -> bytes:
        delta = f'{{"id":"c","model":"a","choices":[{{"index":0,"delta":{{"tool_calls":[{calls}]}}}}]}}'
        return f"data: {delta}\n\n".encode()

    reading = ChatReading()
    events_of(
        reading,
        chunk('{"index":1,"id":"two","type":"function","function":{"name":"g","arguments":"{"}}'),
        chunk('{"index":0,"id":"one","type":"function","function":{"name":"f"}}'),
        chunk('{"index":1,"function":{"arguments":"}"}}'),
        b'data: {"id":"c","model":"a","choices":[],"usage":'
        b'{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}\n\ndata: [DONE]\n\n',
    )
    result = reading.result()
    assert result.choices[0].message.tool_calls == (
        ToolCall(Function("f"), "one", "function"),
        ToolCall(Function("g", "{}"), "two", "function"),
    )
    assert result.choices[0].message.content is None
    assert result.usage == ChatUsage(1, 2, 3)


def chunks(count: int) -> Iterator[bytes]:
    """Make a long completion: a text and two tool calls whose pieces come in turn, and what stands at one end alone."""
    for index in range(count):
        calls = [{"index": index % 2, "function": {"arguments": f"{index} "}}]
        if index < 2:
            calls = [{"index": index, "id": f"call_{index}", "function": {"name": "f", "arguments": ""}}]
        choice = {"index": 0, "delta": {"content": f"word {index} ", "tool_calls": calls}}
        yield b"data: " + json.dumps({"id": f"c{index}", "model": "a", "choices": [choice]}).encode() + b"\n\n"
    end = {"index": 0, "delta": {}, "finish_reason": "stop"}
    yield b"data: " + json.dumps({"id": "c", "model": "a", "cost": "0.5", "choices": [end]}).encode() + b"\n\n"


def test_a_long_completion_is_whole_and_few_of_its_chunks_are_kept() -> None:
    reading = ChatReading()
    assert len(events_of(reading, *chunks(2_000), b"data: [DONE]\n\n")) == 2_001
    assert len(reading.kept(ChatChunk)) <= 256
    result = reading.result()
    assert (result.id, result.cost, result.choices[0].finish_reason) == ("c0", "0.5", "stop")
    message = result.choices[0].message
    assert message.content == "".join(f"word {index} " for index in range(2_000))
    assert message.tool_calls == tuple(
        ToolCall(Function("f", "".join(f"{index} " for index in range(2 + first, 2_000, 2))), f"call_{first}")
        for first in (0, 1)
    )


def comparison_pieces(count: int) -> Iterator[bytes]:
    for index in range(count):
        told = {"event": "comparison_chunk", "comparison_model": "j", "delta": f"word {index} "}
        yield b"data: " + json.dumps(told).encode() + b"\n\n"


def test_a_long_evaluation_is_whole_and_few_of_its_pieces_are_kept() -> None:
    reading = CompareReading()
    start = b'data: {"event":"comparison_start","comparison_id":"c","models":["a"]}\n\n'
    result = b'data: {"event":"model_result","model":"a","content":"A"}\n\n'
    done = b'data: {"event":"done","comparison_id":"c"}\n\ndata: [DONE]\n\n'
    assert len(events_of(reading, start, result, *comparison_pieces(2_000), done)) == 2_003
    assert len(reading.kept(ComparisonChunkEvent)) <= 256
    whole = reading.result()
    assert whole.comparison == "".join(f"word {index} " for index in range(2_000))
    assert [(each.model, each.content) for each in whole.results] == [("a", "A")]


def test_an_empty_completion_is_an_empty_text() -> None:
    reading = ChatReading()
    raw = b'data: {"id":"c","model":"a","choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}]}\n\n'
    events_of(reading, raw, b"data: [DONE]\n\n")
    assert reading.result().choices[0].message.content == ""


def test_done_and_start_are_needed_for_a_comparison() -> None:
    reading = CompareReading()
    done = b'data: {"event":"done","comparison_id":"c"}\n\ndata: [DONE]\n\n'
    assert events_of(reading, done) == [ComparisonDoneEvent("c")]
    with pytest.raises(APIConnectionError):
        reading.result()
