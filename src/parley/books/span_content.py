"""Prompts and answers as span attributes, for operators who keep them: JSON texts of bounded size.

Shape: the input and output message schemas of OpenTelemetry's GenAI conventions (gen-ai-input-messages.json,
gen-ai-output-messages.json). Texts that do not fit are cut and end with an ellipsis; images and sound are only named.
"""

import json

from parley.domain.json import JsonObject, JsonValue
from parley.domain.messages import Message, Part, Role, TextPart, text_message
from parley.domain.run import Answer, PanelRequest, SeatRequest

MOST_CHARACTERS = 32_768
"""Of text in one attribute."""

_MOST_MESSAGES = 128
_MOST_NAME_CHARACTERS = 256


class _Room:
    """How much text still fits into one attribute: what is written first has it."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def cut(self, text: str) -> str:
        kept = text if len(text) <= self._left else text[: self._left] + "…"
        self._left = max(self._left - len(text), 0)
        return kept


def input_messages(request: PanelRequest, seat: SeatRequest) -> str:
    """Return what the seat was asked, as JSON; of a long conversation, the newest messages."""
    system = [message for message in request.conversation if message.role is Role.SYSTEM]
    if seat.system_prompt is not None:
        system = [text_message(Role.SYSTEM, seat.system_prompt)]
    if request.instructions:
        system = [text_message(Role.SYSTEM, request.instructions), *system]
    turns = [message for message in request.conversation if message.role is not Role.SYSTEM]
    room = _Room(MOST_CHARACTERS)
    newest_first = [_message(message, room) for message in reversed([*system, *turns][-_MOST_MESSAGES:])]
    return json.dumps(newest_first[::-1])


def output_messages(answer: Answer) -> str:
    """Return what was answered, as JSON; also what arrived before a failure."""
    room = _Room(MOST_CHARACTERS)
    parts: list[JsonValue] = []
    if answer.reasoning:
        parts.append({"type": "reasoning", "content": room.cut(answer.reasoning)})
    if answer.text:
        parts.append({"type": "text", "content": room.cut(answer.text)})
    if answer.refusal:
        parts.append({"type": "refusal", "content": room.cut(answer.refusal)})
    parts += [
        {"type": "tool_call", "id": call.call_id, "name": call.name, "arguments": room.cut(call.arguments)}
        for call in answer.tool_calls[:_MOST_MESSAGES]
    ]
    reason = answer.finish_reason.value if answer.finish_reason else "error" if answer.failure else "stop"
    return json.dumps([{"role": "assistant", "parts": parts, "finish_reason": reason}])


def _message(message: Message, room: _Room) -> JsonObject:
    parts: list[JsonValue] = [_part(part, room) for part in message.parts[:_MOST_MESSAGES]]
    parts += [
        {"type": "tool_call", "id": call.call_id, "name": call.name, "arguments": room.cut(call.arguments)}
        for call in message.tool_calls[:_MOST_MESSAGES]
    ]
    if message.role is Role.TOOL:
        parts = [{"type": "tool_call_response", "id": message.tool_call_id, "response": room.cut(message.text)}]
    named: JsonObject = {"name": message.name[:_MOST_NAME_CHARACTERS]} if message.name else {}
    return {"role": message.role.value, "parts": parts, **named}


def _part(part: Part, room: _Room) -> JsonObject:
    if isinstance(part, TextPart):
        return {"type": "text", "content": room.cut(part.text)}
    return {"type": type(part).__name__.removesuffix("Part").lower()}
