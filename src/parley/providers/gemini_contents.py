"""A conversation as Gemini takes it: user and model contents made of parts, system text apart.

Thought signatures, which Gemini 3 wants back with its tool calls, travel to the client and back inside the call's id.
Source: contracts/providers.md, section 3; signatures: Google's documentation of thought signatures.
"""

import hashlib
from collections.abc import Sequence
from typing import assert_never

import msgspec

from parley.domain.json import JsonObject, JsonValue
from parley.domain.messages import AudioPart, ImagePart, Message, OtherPart, Part, Role, TextPart, ToolCall
from parley.providers.fitting import read_data_url, refuse_call, shorten

_OWN_ID = "call_parley_"
_SIGNATURE_MARK = "~sig~"
_NO_SIGNATURE = "skip_thought_signature_validator"
"""Google's own word for a tool call without a signature, such as one that another model made."""


def make_call_id(given_id: str | None, position: str, signature: str | None) -> str:
    """Return the id of a tool call: Gemini's own, or one made from `position`, with the signature behind a mark."""
    call_id = given_id or _OWN_ID + hashlib.sha256(position.encode()).hexdigest()[:24]
    return f"{call_id}{_SIGNATURE_MARK}{signature}" if signature else call_id


def system_instruction(messages: Sequence[Message], *more: str) -> JsonObject | None:
    """Return the text of all system messages and `more`, None if there is none."""
    system = [message for message in messages if message.role is Role.SYSTEM]
    if any(not isinstance(part, TextPart) for message in system for part in message.parts):
        refuse_call("a system message holds a part that is not text; Gemini takes text there: move it to a user turn")
    texts = [text for text in (*[message.text for message in system], *more) if text]
    return {"parts": [{"text": "\n\n".join(texts)}]} if texts else None


def contents(messages: Sequence[Message], *, wants_signatures: bool) -> list[JsonValue]:
    """Return contents of user and model in turn; neighbours of one role are merged, as Gemini wants tool results.

    `wants_signatures`: the model refuses tool calls of a turn whose first has no signature.
    """
    names = {call.call_id: call.name for message in messages for call in message.tool_calls}
    merged: list[tuple[str, list[JsonValue]]] = []
    for message in messages:
        if message.role is Role.SYSTEM:
            continue
        role = "model" if message.role is Role.ASSISTANT else "user"
        parts = _parts(message, names, wants_signatures)
        if merged and merged[-1][0] == role:
            merged[-1][1].extend(parts)
        elif parts:
            merged.append((role, parts))
    return [{"role": role, "parts": parts} for role, parts in merged]


def _parts(message: Message, names: dict[str, str], wants_signatures: bool) -> list[JsonValue]:
    if message.role is Role.TOOL:
        return _tool_result(message, names)
    said = [built for part in message.parts for built in _part(part)]
    calls: list[JsonValue] = []
    for call in message.tool_calls:
        calls.append(_function_call(call, needs_signature=wants_signatures and not calls))
    return [*said, *calls]


def _part(part: Part) -> list[JsonValue]:
    match part:
        case TextPart(text=text):
            return [{"text": text}] if text else []
        case ImagePart(url=url):
            inline = read_data_url(url)
            if inline is None:
                refuse_call(
                    f"image_url is {shorten(url)}; Gemini takes no address of the web and Parley fetches none: "
                    "send the image as data:image/…;base64,…"
                )
            return [{"inlineData": {"mimeType": inline.media_type, "data": inline.data_base64}}]
        case AudioPart(data_base64=data, format=kind):
            return [{"inlineData": {"mimeType": f"audio/{kind.lower()}", "data": data}}]
        case OtherPart(raw={"type": "refusal", "refusal": str(text)}):
            return [{"text": text}] if text else []
        case OtherPart(raw=raw):
            return refuse_call(f"a part of type {raw.get('type')!r} can't be sent to Gemini; send text, image or audio")
        case _:
            assert_never(part)


def _function_call(call: ToolCall, *, needs_signature: bool) -> JsonObject:
    given_id, signature = _split_id(call.call_id)
    built: JsonObject = {"name": call.name, "args": _object(call.arguments or "{}", "arguments")}
    if given_id:
        built["id"] = given_id
    if not signature and needs_signature:
        signature = _NO_SIGNATURE
    return {"functionCall": built, **({"thoughtSignature": signature} if signature else {})}


def _tool_result(message: Message, names: dict[str, str]) -> list[JsonValue]:
    """Return the result, and what it holds besides text as parts of its own behind it."""
    call_id = message.tool_call_id or ""
    name = names.get(call_id) or message.name
    if name is None:
        refuse_call(
            f"tool_call_id is {shorten(call_id)}; no tool call before it has this id, and Gemini needs its name"
        )
    given_id, _ = _split_id(call_id)
    built: JsonObject = {"name": name, "response": _object(message.text, "result")}
    if given_id:
        built["id"] = given_id
    others = [found for part in message.parts if not isinstance(part, TextPart) for found in _part(part)]
    return [{"functionResponse": built}, *others]


def _object(text: str, name: str) -> JsonObject:
    """Return `text` as the JSON object that Gemini demands: itself if it is one, else under `name`."""
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {name: text}
    return value if isinstance(value, dict) else {name: value}


def _split_id(call_id: str) -> tuple[str, str]:
    """Return Gemini's id of the call, empty if it gave none, and the signature, empty if there is none."""
    given_id, _, signature = call_id.partition(_SIGNATURE_MARK)
    return ("" if given_id.startswith(_OWN_ID) else given_id), signature
