"""Chat messages as OpenAI shapes them, read into the domain's; compare and chat share them.

Tolerant where clients differ: fields of a message that Parley does not know are kept in `Message.extra` and passed on.
Source: contracts/compare.md, "Request", and OpenAI's reference of chat completions.
"""

from collections.abc import Sequence
from typing import cast

from parley.domain.json import JsonObject, JsonValue
from parley.domain.messages import (
    AudioPart,
    ImagePart,
    Message,
    OtherPart,
    Part,
    Role,
    TextPart,
    ToolCall,
    text_message,
)
from parley.wire.decoding import check_depth, fault, field_path, missing, refuse, wrong
from parley.wire.encoding import encode_json

Loc = tuple[str | int, ...]

_ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "tool": Role.TOOL,
}
_OWN_FIELDS = frozenset({"role", "content", "name", "tool_calls", "tool_call_id"})
_INSTEAD_OF_CONTENT = ("refusal", "function_call", "audio")
"""Fields of an assistant's message that say something where `content` does not."""


def read_messages(given: Sequence[dict[str, object]] | None, opening: tuple[Message, ...] = ()) -> tuple[Message, ...]:
    """Return `opening`, which a template gave, and the field `messages`, which it makes optional, as a conversation.

    Raises InvalidRequest that names the message and its field, and where nothing is said at all.
    """
    if given is None and not opening:
        raise missing(("messages",))
    raw = given or ()
    if not raw and not opening:
        refuse(("messages",), [], "an array of at least one message")
    messages = (*opening, *read_turns(raw))
    if not any(_says_something(message) for message in messages):
        last = len(raw) - 1
        content = cast(JsonValue, raw[last].get("content")) if raw else None
        refuse(("messages", max(last, 0), "content"), content, "text that is not blank, in one message at least")
    return messages


def read_turns(raw: Sequence[dict[str, object]]) -> tuple[Message, ...]:
    """Return `raw` as messages, each well-formed. Raises InvalidRequest that names the message and its field."""
    return tuple(_message(cast(JsonObject, one), ("messages", index)) for index, one in enumerate(raw))


def _message(raw: JsonObject, loc: Loc) -> Message:
    plain = _plain_message(raw)
    if plain is not None:
        return plain
    check_depth(raw, loc)
    role = _role(raw, loc)
    calls = _tool_calls(raw.get("tool_calls"), (*loc, "tool_calls")) if role is Role.ASSISTANT else ()
    extra: JsonObject = {
        name: value for name, value in raw.items() if name not in _OWN_FIELDS and value not in (None, [])
    }
    return Message(
        role,
        _content(raw, role, is_optional=bool(calls) or _has_other_content(role, extra), loc=(*loc, "content")),
        name=_text(raw.get("name"), (*loc, "name")) or None,
        tool_calls=calls,
        tool_call_id=_tool_call_id(raw, (*loc, "tool_call_id")) if role is Role.TOOL else None,
        extra=extra,
    )


def _plain_message(raw: JsonObject) -> Message | None:
    """Return `raw` if it is a role and a text and nothing else, as most messages are."""
    name, content = raw.get("role"), raw.get("content")
    if len(raw) != 2 or not isinstance(name, str) or not isinstance(content, str) or not content:
        return None
    role = _ROLES.get(name)
    return None if role is None or role is Role.TOOL else text_message(role, content)


def _says_something(message: Message) -> bool:
    is_said = any(not isinstance(part, TextPart) or part.text.strip() for part in message.parts)
    return is_said or bool(message.tool_calls) or _has_other_content(message.role, message.extra)


def _has_other_content(role: Role, extra: JsonObject) -> bool:
    return role is Role.ASSISTANT and any(name in extra for name in _INSTEAD_OF_CONTENT)


def _role(raw: JsonObject, loc: Loc) -> Role:
    name = raw.get("role")
    if "role" not in raw:
        raise missing((*loc, "role"))
    role = _ROLES.get(name) if isinstance(name, str) else None
    if role is None:
        refuse((*loc, "role"), name, f"one of {', '.join(_ROLES)}")
    return role


def _content(raw: JsonObject, role: Role, is_optional: bool, loc: Loc) -> tuple[Part, ...]:
    content = raw.get("content")
    if isinstance(content, str):
        return (TextPart(content),) if content or not is_optional else ()
    if isinstance(content, list) and (content or is_optional):
        return tuple(_part(part, (*loc, index)) for index, part in enumerate(content))
    if content is None and is_optional:
        return ()
    if "content" not in raw:
        raise missing(loc)
    beside = ", or be left out beside tool_calls" if role is Role.ASSISTANT else ""
    raise wrong(loc, content, f"text or an array of parts{beside}")


def _part(raw: JsonValue, loc: Loc) -> Part:
    if not isinstance(raw, dict):
        refuse(loc, raw, 'an object such as {"type": "text", "text": "…"}')
    match raw:
        case {"type": "text"}:
            return TextPart(_needed_text(raw, "text", loc))
        case {"type": "image_url"}:
            return _image(raw, (*loc, "image_url"))
        case {"type": "input_audio", "input_audio": {"data": str(data), "format": str(container)}}:
            return AudioPart(data, container)
        case {"type": "input_audio", "input_audio": dict()}:
            return OtherPart(raw)
        case {"type": "input_audio"}:
            raise wrong((*loc, "input_audio"), raw.get("input_audio"), 'an object {"data", "format"}')
        case {"type": str()}:
            return OtherPart(raw)
        case _:
            raise wrong((*loc, "type"), raw.get("type"), "the kind of the part: text, image_url or input_audio")


def _image(raw: JsonObject, loc: Loc) -> ImagePart:
    image = raw.get("image_url")
    if isinstance(image, str):
        return ImagePart(image)
    if not isinstance(image, dict):
        refuse(loc, image, 'an object {"url"}')
    return ImagePart(_needed_text(image, "url", loc), _text(image.get("detail"), (*loc, "detail")))


def _tool_calls(raw: JsonValue, loc: Loc) -> tuple[ToolCall, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list):
        refuse(loc, raw, "an array of tool calls")
    return tuple(_tool_call(one, (*loc, index)) for index, one in enumerate(raw))


def _tool_call(raw: JsonValue, loc: Loc) -> ToolCall:
    if not isinstance(raw, dict):
        refuse(loc, raw, 'an object {"id", "type", "function"}')
    function = raw.get("function")
    if not isinstance(function, dict):
        refuse((*loc, "function"), function, 'an object {"name", "arguments"}')
    name = _needed_text(function, "name", (*loc, "function"))
    return ToolCall(_needed_text(raw, "id", loc), name, _arguments(function))


def _arguments(function: JsonObject) -> str:
    """Return the arguments as JSON text; some clients write the object itself."""
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        return arguments
    return "{}" if arguments is None else encode_json(arguments).decode()  # type: ignore[arg-type]  # JSON is a Wire value; dict and list are invariant


def _tool_call_id(raw: JsonObject, loc: Loc) -> str:
    call_id = _text(raw.get("tool_call_id"), loc)
    if not call_id:
        raise fault(loc, f"{field_path(loc)} is missing; a tool's message names the call that it answers.", "missing")
    return call_id


def _text(value: JsonValue, loc: Loc) -> str | None:
    if value is not None and not isinstance(value, str):
        refuse(loc, value, "text")
    return value


def _needed_text(raw: JsonObject, name: str, loc: Loc) -> str:
    if name not in raw:
        raise missing((*loc, name))
    value = raw[name]
    if not isinstance(value, str):
        refuse((*loc, name), value, "text")
    return value
