"""Calls to providers without a network: how tests build one, run it and read what came."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from parley.domain.errors import UpstreamFailure
from parley.domain.messages import Message, Role, text_message
from parley.domain.models import Deployment
from parley.domain.run import FinishReason
from parley.domain.usage import Usage
from parley.providers.provider import (
    Call,
    Chunk,
    FinishChunk,
    Provider,
    ReasoningChunk,
    RefusalChunk,
    TextChunk,
    ToolCallChunk,
    UsageChunk,
    WarningChunk,
)


def user(text: str) -> Message:
    return text_message(Role.USER, text)


def system(text: str) -> Message:
    return text_message(Role.SYSTEM, text)


def assistant(text: str) -> Message:
    return text_message(Role.ASSISTANT, text)


def make_call(model: str, *messages: Message | str, **fields: Any) -> Call:
    """Return a call to `model`; a bare string is a user message."""
    turns = tuple(user(message) if isinstance(message, str) else message for message in messages)
    return replace(Call(Deployment("local", model), turns), **fields)


@dataclass
class Heard:
    """What came out of one call, in order, with the failure that ended it."""

    chunks: list[Chunk] = field(default_factory=list)
    failure: UpstreamFailure | None = None

    @property
    def texts(self) -> list[str]:
        return [chunk.text for chunk in self.chunks if isinstance(chunk, TextChunk)]

    @property
    def text(self) -> str:
        return "".join(self.texts)

    @property
    def usage(self) -> Usage | None:
        return next((chunk.usage for chunk in reversed(self.chunks) if isinstance(chunk, UsageChunk)), None)

    @property
    def finish(self) -> FinishReason | None:
        return next((chunk.reason for chunk in self.chunks if isinstance(chunk, FinishChunk)), None)

    @property
    def is_refused(self) -> bool:
        return any(chunk.is_refused for chunk in self.chunks if isinstance(chunk, FinishChunk))

    @property
    def reasoning(self) -> str:
        return "".join([chunk.text for chunk in self.chunks if isinstance(chunk, ReasoningChunk)])

    @property
    def refusal(self) -> str:
        return "".join([chunk.text for chunk in self.chunks if isinstance(chunk, RefusalChunk)])

    @property
    def warnings(self) -> list[str]:
        return [chunk.text for chunk in self.chunks if isinstance(chunk, WarningChunk)]

    @property
    def tool_calls(self) -> list[ToolCallChunk]:
        return [chunk for chunk in self.chunks if isinstance(chunk, ToolCallChunk)]


async def listen(provider: Provider, call: Call) -> Heard:
    heard = Heard()
    try:
        async for chunk in provider.stream(call):
            heard.chunks.append(chunk)
    except UpstreamFailure as failure:
        heard.failure = failure
    return heard


def hear(provider: Provider, call: Call) -> Heard:
    """Make one call in a loop of its own."""
    return asyncio.run(listen(provider, call))


class Naps:
    """A sleep that does not sleep: it remembers how long it was asked to."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)

    @property
    def total_s(self) -> float:
        return sum(self.seconds)


def texts_of(heard: Sequence[Heard]) -> list[str]:
    return [one.text for one in heard]
