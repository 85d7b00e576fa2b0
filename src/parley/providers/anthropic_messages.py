"""A conversation as Anthropic's Messages API takes it: user and assistant turns made of blocks, system text apart.

Source: contracts/providers.md, section 2.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import assert_never

import msgspec

from parley.domain.json import JsonObject, JsonValue
from parley.domain.messages import AudioPart, ImagePart, Message, OtherPart, Part, Role, TextPart, ToolCall
from parley.providers.fitting import read_data_url, refuse_call, shorten

_CALL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def system_text(messages: Sequence[Message]) -> str:
    """Return the text of all system messages, a blank line between two."""
    system = [message for message in messages if message.role is Role.SYSTEM]
    if any(not isinstance(part, TextPart) for message in system for part in message.parts):
        refuse_call(
            "a system message holds a part that is not text; Anthropic takes text there: move it to a user turn"
        )
    return "\n\n".join([message.text for message in system if message.text])


def turns(messages: Sequence[Message]) -> list[JsonValue]:
    """Return user and assistant turns that alternate; neighbours of one role are merged, tool results first."""
    merged: list[tuple[str, list[JsonValue]]] = []
    for message in messages:
        if message.role is Role.SYSTEM:
            continue
        role = "assistant" if message.role is Role.ASSISTANT else "user"
        blocks = _blocks(message)
        if merged and merged[-1][0] == role:
            merged[-1][1].extend(blocks)
        elif blocks:
            merged.append((role, blocks))
    return [{"role": role, "content": blocks} for role, blocks in merged]


def ends_in_tool_results(messages: Sequence[Message]) -> bool:
    """Whether the model is to go on with a turn of its own, after its tools have answered."""
    spoken = [message for message in messages if message.role is not Role.SYSTEM]
    return bool(spoken) and spoken[-1].role is Role.TOOL


def _blocks(message: Message) -> list[JsonValue]:
    content = [block for part in message.parts for block in _part_blocks(part)]
    if message.role is Role.TOOL:
        return [{"type": "tool_result", "tool_use_id": _call_id(message.tool_call_id or ""), "content": content}]
    return [*content, *[_tool_use(call) for call in message.tool_calls]]


def _part_blocks(part: Part) -> list[JsonValue]:
    """Return the part's blocks: none for an empty text, which Anthropic refuses."""
    match part:
        case TextPart(text=text):
            return [{"type": "text", "text": text}] if text else []
        case ImagePart(url=url):
            return [{"type": "image", "source": _image_source(url)}]
        case AudioPart():
            return refuse_call("Anthropic takes no audio; send a transcript as text, or ask a model that listens")
        case OtherPart(raw={"type": "refusal", "refusal": str(text)}):
            return [{"type": "text", "text": text}] if text else []
        case OtherPart(raw=raw):
            return refuse_call(f"a part of type {raw.get('type')!r} can't be sent to Anthropic; send text or an image")
        case _:
            assert_never(part)


def _image_source(url: str) -> JsonObject:
    inline = read_data_url(url)
    if inline is not None:
        return {"type": "base64", "media_type": inline.media_type, "data": inline.data_base64}
    if url.lower().startswith(("https://", "http://")):
        return {"type": "url", "url": url}
    return refuse_call(f"image_url is {shorten(url)}; Anthropic takes an https URL or data:image/…;base64,…")


def _tool_use(call: ToolCall) -> JsonObject:
    return {"type": "tool_use", "id": _call_id(call.call_id), "name": call.name, "input": _tool_input(call.arguments)}


def _tool_input(arguments: str) -> JsonObject:
    """Return the arguments as the object that Anthropic demands, also where a model wrote none."""
    try:
        value = msgspec.json.decode(arguments or "{}")
    except msgspec.DecodeError:
        value = arguments
    return value if isinstance(value, dict) else {"arguments": value}


def _call_id(call_id: str) -> str:
    """Return an id that Anthropic takes; ids of other providers may be longer or have other characters."""
    if _CALL_ID.fullmatch(call_id):
        return call_id
    return "call_" + hashlib.sha256(call_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]
