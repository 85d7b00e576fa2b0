"""The one seam between the engine and the world of providers: a call goes in, chunks come out.

A provider knows nothing of panels. It raises `UpstreamFailure`, classified by status and error code, and lets bugs
propagate. A call that is not streamed yields its whole text as one `TextChunk`.
"""

from collections.abc import AsyncIterator
from dataclasses import field
from typing import Protocol

from parley.domain.json import JsonObject, JsonValue
from parley.domain.messages import Message, Tool, ToolChoice
from parley.domain.models import Deployment
from parley.domain.quick import dataclass
from parley.domain.run import FinishReason, OutputFormat, Sampling
from parley.domain.usage import Usage


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Bounds of one upstream call: times in seconds, size in bytes of answer text (UTF-8).

    `first_token_s` (until the first byte of the body) and `stall_s` (between two reads) hold for streamed calls only;
    the total belongs to the seat, which cancels the call.
    """

    connect_s: float = 5.0
    first_token_s: float = 60.0
    stall_s: float = 30.0
    max_answer_bytes: int = 4_194_304


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt at one deployment, in Parley's own words.

    System messages stand first in `messages`. `extra` holds parameters that Parley does not know; a field that the
    dialect sets itself wins over them.
    """

    deployment: Deployment
    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    output: OutputFormat | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    allows_parallel_tools: bool | None = None
    is_streamed: bool = False
    limits: CallLimits = CallLimits()
    extra: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TextChunk:
    """A piece of the answer's text, never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningChunk:
    """A piece of visible reasoning; not part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class RefusalChunk:
    """A piece of a refusal: the model declines to answer. The call itself has succeeded."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallChunk:
    """A piece of a tool call; pieces of one call share `index`, `call_id` and `name` come with the first."""

    index: int
    call_id: str | None
    name: str | None
    arguments: str


@dataclass(frozen=True, slots=True)
class UsageChunk:
    """What the call has used so far; the last one counts."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class WarningChunk:
    """A parameter was dropped, lowered or translated with a loss: a sentence for the answer's `warnings`."""

    text: str


@dataclass(frozen=True, slots=True)
class FinishChunk:
    """The model has stopped. `is_refused`: it declined by its finish reason, with or without a text."""

    reason: FinishReason
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class LogprobsChunk:
    """Log probabilities as OpenAI shapes them (`choices[0].logprobs`), for chat alone."""

    logprobs: JsonValue


Chunk = (
    TextChunk | ReasoningChunk | RefusalChunk | ToolCallChunk | UsageChunk | WarningChunk | FinishChunk | LogprobsChunk
)


class Provider(Protocol):
    """One configured provider."""

    def stream(self, call: Call) -> AsyncIterator[Chunk]:
        """Make the call and yield its chunks; closing the iterator closes the connection at once.

        Raises UpstreamFailure: for a refusal or fault of the provider, for a broken or silent stream, and for an
        answer over `call.limits.max_answer_bytes`, whose text up to the bound was yielded before.
        """
        ...

    async def close(self) -> None:
        """Give back connections and files."""
        ...
