"""Chat messages as clients write them: what is read, what is kept for the provider, what is refused and how."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.errors import InvalidRequest, NotFound
from parley.domain.messages import AudioPart, ImagePart, Message, OtherPart, Role, TextPart, ToolCall
from parley.wire.messages import read_messages
from parley.wire.templated import refuse_template

USER = {"role": "user", "content": "Hello"}
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}}


def read(*raw: dict[str, Any]) -> tuple[Message, ...]:
    return read_messages(raw)


def refusal(*raw: dict[str, Any]) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        read_messages(raw)
    return caught.value


@pytest.mark.parametrize(
    ("name", "role"),
    [("system", Role.SYSTEM), ("developer", Role.SYSTEM), ("user", Role.USER), ("assistant", Role.ASSISTANT)],
)
def test_roles_of_openai_are_read(name: str, role: Role) -> None:
    assert read({"role": name, "content": "Hi"}) == (Message(role, (TextPart("Hi"),)),)


def test_text_is_kept_byte_for_byte() -> None:
    assert read({"role": "user", "content": "  two\n lines \u2028"})[0].text == "  two\n lines \u2028"


def test_parts_of_every_kind_are_read() -> None:
    video = {"type": "video_url", "video_url": {"url": "https://x/v.mp4"}}
    heard = {"type": "input_audio", "input_audio": {"url": "https://x/a.wav", "format": "wav"}}
    parts = [
        {"type": "text", "text": "Look", "cache_control": {"type": "ephemeral"}},
        {"type": "image_url", "image_url": {"url": "https://x/i.png", "detail": "low"}},
        {"type": "image_url", "image_url": "data:image/png;base64,AA=="},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
        heard,
        video,
    ]
    assert read({"role": "user", "content": parts})[0].parts == (
        TextPart("Look"),
        ImagePart("https://x/i.png", "low"),
        ImagePart("data:image/png;base64,AA=="),
        AudioPart("AAAA", "mp3"),
        OtherPart(heard),
        OtherPart(video),
    )


def test_refusal_part_is_kept_for_the_provider() -> None:
    part = {"type": "refusal", "refusal": "I won't."}
    assert read(USER, {"role": "assistant", "content": [part]})[1].parts == (OtherPart(part),)


@pytest.mark.parametrize("content", [{}, {"content": None}, {"content": ""}, {"content": []}])
def test_content_may_be_null_or_absent_beside_tool_calls(content: dict[str, Any]) -> None:
    asked = read(USER, {"role": "assistant", **content, "tool_calls": [CALL]})[1]
    assert asked == Message(Role.ASSISTANT, tool_calls=(ToolCall("c1", "look", '{"at": 1}'),))


def test_arguments_written_as_an_object_become_json_text() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": {"at": 1}}}
    bare = {"id": "c2", "type": "function", "function": {"name": "look"}}
    calls = read(USER, {"role": "assistant", "tool_calls": [call, bare]})[1].tool_calls
    assert [one.arguments for one in calls] == ['{"at":1}', "{}"]


def test_tool_message_names_its_call() -> None:
    tool = {"role": "tool", "tool_call_id": "c1", "content": "42"}
    assert read(USER, tool)[1] == Message(Role.TOOL, (TextPart("42"),), tool_call_id="c1")


def test_null_tool_calls_and_ids_are_as_if_absent() -> None:
    message = {**USER, "name": None, "tool_calls": None, "tool_call_id": None}
    assert read(message) == (Message(Role.USER, (TextPart("Hello"),)),)


def test_unknown_fields_are_kept_and_empty_ones_left_out() -> None:
    details = [{"type": "reasoning.text", "text": "hm"}]
    said = {"role": "assistant", "content": "Hi", "reasoning_details": details, "annotations": [], "audio": None}
    assert read(USER, {**said, "x": {"y": [1]}})[1].extra == {"reasoning_details": details, "x": {"y": [1]}}


def test_name_is_kept() -> None:
    assert read({**USER, "name": "Ada"})[0].name == "Ada"


def test_assistant_may_have_refused_instead_of_saying_something() -> None:
    said = read(USER, {"role": "assistant", "content": None, "refusal": "I won't."})[1]
    assert (said.parts, said.extra) == ((), {"refusal": "I won't."})


@pytest.mark.parametrize(
    ("message", "param", "words"),
    [
        ({"content": "x"}, "messages[1].role", ["missing"]),
        ({"role": "robot", "content": "x"}, "messages[1].role", ['"robot"', "assistant"]),
        ({"role": 5, "content": "x"}, "messages[1].role", ["5", "user"]),
        ({"role": "user"}, "messages[1].content", ["missing"]),
        ({"role": "user", "content": None}, "messages[1].content", ["null", "text or an array"]),
        ({"role": "user", "content": 5}, "messages[1].content", ["5", "text or an array"]),
        ({"role": "user", "content": []}, "messages[1].content", ["[]", "array of parts"]),
        ({"role": "assistant", "content": None}, "messages[1].content", ["null", "tool_calls"]),
        ({"role": "user", "content": ["x"]}, "messages[1].content[0]", ['"x"', "object"]),
        ({"role": "user", "content": [{}]}, "messages[1].content[0].type", ["null", "image_url"]),
        ({"role": "user", "content": [{"type": "text"}]}, "messages[1].content[0].text", ["missing"]),
        ({"role": "user", "content": [{"type": "text", "text": 1}]}, "messages[1].content[0].text", ["1", "text"]),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": 1}]},
            "messages[1].content[0].image_url",
            ["1", "url"],
        ),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": None}}]},
            "messages[1].content[0].image_url.url",
            ["null", "text"],
        ),
        (
            {"role": "user", "content": [{"type": "input_audio", "input_audio": 1}]},
            "messages[1].content[0].input_audio",
            ["1", "data"],
        ),
        ({"role": "tool", "content": "x"}, "messages[1].tool_call_id", ["missing", "names the call"]),
        ({"role": "tool", "content": "x", "tool_call_id": 7}, "messages[1].tool_call_id", ["7", "text"]),
        ({"role": "user", "content": "x", "name": 7}, "messages[1].name", ["7", "text"]),
        ({"role": "assistant", "tool_calls": {}}, "messages[1].tool_calls", ["{}", "array"]),
        ({"role": "assistant", "tool_calls": [1]}, "messages[1].tool_calls[0]", ["1", "object"]),
        ({"role": "assistant", "tool_calls": [{"id": "c"}]}, "messages[1].tool_calls[0].function", ["null", "name"]),
        (
            {"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]},
            "messages[1].tool_calls[0].id",
            ["missing"],
        ),
    ],
)
def test_fault_names_field_value_and_remedy(message: dict[str, Any], param: str, words: list[str]) -> None:
    error = refusal(USER, message)
    assert error.param == param
    for word in (*words, param):
        assert word in error.message
    assert error.details[0]["msg"] == error.message


def test_no_messages_are_refused() -> None:
    assert refusal().message == "messages is []; it must be an array of at least one message."


@pytest.mark.parametrize("content", ["", "  \n ", [{"type": "text", "text": " "}]])
def test_conversation_that_says_nothing_is_refused(content: Any) -> None:
    error = refusal({"role": "system", "content": ""}, {"role": "user", "content": content})
    assert error.param == "messages[1].content"
    assert "not blank" in error.message


def test_one_blank_message_among_others_is_let_through() -> None:
    assert len(read(USER, {"role": "assistant", "content": ""}, {"role": "user", "content": " "})) == 3


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


def test_opaque_fields_are_read_to_64_levels_and_no_deeper() -> None:
    assert read({**USER, "x": nested(63)})[0].extra["x"] == nested(63)
    error = refusal({**USER, "x": nested(64)})
    assert error.param == "messages[0]"
    assert "64 levels" in error.message


def test_no_template_is_known() -> None:
    with pytest.raises(NotFound, match=r"no template named 'greeting'") as caught:
        refuse_template("greeting")
    assert (caught.value.code, caught.value.param) == ("not_found", "template")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
PART = st.dictionaries(st.sampled_from(["type", "text", "image_url", "input_audio"]), JSON, max_size=3)
KIND = st.sampled_from([{"type": "text"}, {"type": "image_url"}, {"type": "input_audio"}, {"type": "other"}])
CALLED = st.dictionaries(st.sampled_from(["id", "type", "function"]), JSON, max_size=3)
VALUE = (
    JSON
    | st.lists(st.builds(lambda kind, part: {**part, **kind}, KIND, PART), max_size=2)
    | st.lists(CALLED, max_size=2)
)
FIELD = st.sampled_from(["content", "name", "tool_calls", "tool_call_id", "refusal", "x"])
ROLE = st.sampled_from(["system", "developer", "user", "assistant", "tool"])


@given(ROLE, st.dictionaries(FIELD, VALUE, max_size=4))
def test_any_message_is_read_or_refused_with_a_sentence(role: str, fields: dict[str, Any]) -> None:
    try:
        messages = read(USER, {"role": role, **fields})
    except InvalidRequest as refused:
        assert (refused.param or "").startswith("messages[1]")
        assert refused.details[0]["msg"] == refused.message
    else:
        assert len(messages) == 2
