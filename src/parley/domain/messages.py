"""A conversation: messages made of parts, tool calls, and the tools that a model may call."""

from dataclasses import field
from enum import StrEnum

from parley.domain.json import JsonObject
from parley.domain.quick import dataclass


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class TextPart:
    text: str


@dataclass(frozen=True, slots=True)
class ImagePart:
    """An image by `data:` URL or by address. Parley never fetches the address; `detail` is low, high or auto."""

    url: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class AudioPart:
    """Sound as base 64; `format` is the container's name, such as wav or mp3."""

    data_base64: str
    format: str


@dataclass(frozen=True, slots=True)
class OtherPart:
    """A part of a kind that Parley does not know: handed to OpenAI-like providers as it stands."""

    raw: JsonObject


Part = TextPart | ImagePart | AudioPart | OtherPart


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's wish to call a tool; `arguments` is the JSON text as the model wrote it, valid or not."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `tool_call_id` stands on tool messages alone; `extra` holds fields that only some providers know."""

    role: Role
    parts: tuple[Part, ...] = ()
    name: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    extra: JsonObject = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The text parts joined as they stand, other parts left out."""
        return "".join([part.text for part in self.parts if isinstance(part, TextPart)])


def text_message(role: Role, text: str) -> Message:
    """Return a message of one text part, byte for byte."""
    return Message(role, (TextPart(text),))


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that a model may call; `parameters` is a JSON Schema; `is_strict` None leaves it to the provider."""

    name: str
    description: str | None = None
    parameters: JsonObject | None = None
    is_strict: bool | None = None


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """`mode` is auto, none, required, or named; with named, `name` is the one tool that must be called."""

    mode: str
    name: str | None = None
