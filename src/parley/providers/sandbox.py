"""The embedded models: deterministic programs behind the same seam as every provider, without a network or a key.

They pace their text like a model, keep token bounds and stop sequences, call tools, fill schemas and fail in the ways
that their names promise. Source: contracts/config.md, section "Sandbox models".
"""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import parse_qsl

from parley.domain.errors import FailureCode, SeatFailure, UpstreamFailure
from parley.domain.messages import Message, Role, Tool
from parley.domain.run import FinishReason, JsonFormat, SchemaFormat
from parley.domain.settings import ProviderSettings
from parley.domain.usage import Usage, estimate_tokens
from parley.providers.bounds import bounded
from parley.providers.failures import ErrorDetail, broken_answer, refusal
from parley.providers.pacing import Pace, Sleep
from parley.providers.provider import Call, Chunk, FinishChunk, TextChunk, ToolCallChunk, UsageChunk
from parley.providers.sandbox_bias import CONTRARIAN, EVEN, TERSE, THOROUGH, Bias
from parley.providers.sandbox_judge import evaluate, is_evaluation, merge
from parley.providers.sandbox_prompt import Prompt, read_prompt
from parley.providers.sandbox_schema import write_instance, write_object
from parley.providers.sandbox_text import write_answer
from parley.providers.sandbox_words import STOPWORDS, key_words, words

_USUAL_TOKENS_PER_S = 100.0
_FASTEST_TOKENS_PER_S = 1_000_000.0
_FIRST_TOKEN_WAIT_S = 2.0
_CHATTY_TOKENS = 20_000
_BYTES_PER_TOKEN = 4
_LONG_INPUT_CHARACTERS = 8_000
_ASKED_KEYS = re.compile(r"\b(?:keys?|fields?|properties|property)\b([^.?!\n]{1,300})", re.IGNORECASE)
_QUOTED_KEY = re.compile(r"[`\"'“]([A-Za-z_][\w-]{0,60})[`\"'”]")
_BARE_KEY = re.compile(r"[A-Za-z_]\w{0,60}")


class _Fault(StrEnum):
    """How a model misbehaves."""

    NONE = "none"
    SLOW = "slow"
    FLAKY = "flaky"
    DOWN = "down"
    GARBLED = "garbled"
    CHATTY = "chatty"


@dataclass(frozen=True, slots=True)
class _Model:
    bias: Bias
    fault: _Fault = _Fault.NONE


MODELS: Mapping[str, _Model] = MappingProxyType(
    {
        "terse": _Model(TERSE),
        "thorough": _Model(THOROUGH),
        "contrarian": _Model(CONTRARIAN),
        "judge": _Model(EVEN),
        "slow": _Model(EVEN, _Fault.SLOW),
        "flaky": _Model(EVEN, _Fault.FLAKY),
        "down": _Model(EVEN, _Fault.DOWN),
        "garbled": _Model(THOROUGH, _Fault.GARBLED),
        "chatty": _Model(THOROUGH, _Fault.CHATTY),
    }
)
"""Every sandbox model by the provider's name for it; `?tps=` behind a name changes its speed."""


class SandboxProvider:
    """All sandbox models. State: how often `flaky` was called, and nothing else."""

    def __init__(self, settings: ProviderSettings, sleep: Sleep = asyncio.sleep) -> None:
        """`settings.tokens_per_s` None means about 100 tokens a second, 0 at once."""
        self._name = settings.name
        self._tokens_per_s = _USUAL_TOKENS_PER_S if settings.tokens_per_s is None else settings.tokens_per_s
        self._sleep = sleep
        self._flaky_calls = 0

    async def stream(self, call: Call) -> AsyncIterator[Chunk]:
        """Yield the answer to `call`, its usage and why it ended.

        Raises UpstreamFailure: model_not_found, invalid_request for a bad speed or tool, and each model's own faults.
        """
        model, pace = self._find(call.deployment.upstream_model)
        await self._misbehave(model)
        tool = _wanted_tool(call)
        chunks = self._call_tool(tool, call, pace) if tool else self._answer(model, call, pace)
        async with aclosing(bounded(chunks, call.limits.max_answer_bytes)) as answer:
            async for chunk in answer:
                yield chunk

    async def close(self) -> None:
        """Nothing is held open."""

    def _find(self, name: str) -> tuple[_Model, Pace]:
        bare, _, query = name.partition("?")
        model = MODELS.get(bare)
        if model is None:
            message = f"{self._name} has no model {bare}; it has {', '.join(MODELS)}"
            raise UpstreamFailure(SeatFailure(FailureCode.MODEL_NOT_FOUND, message))
        speed = self._tokens_per_s
        for key, value in parse_qsl(query, keep_blank_values=True):
            speed = _read_speed(key, value)
        return model, Pace(speed, self._sleep)

    async def _misbehave(self, model: _Model) -> None:
        """Fail, or wait, before anything is written."""
        match model.fault:
            case _Fault.DOWN:
                raise refusal(self._name, 503, ErrorDetail(message="sandbox/down is always down"), {})
            case _Fault.FLAKY:
                self._flaky_calls += 1
                if self._flaky_calls % 2 == 0:
                    raise refusal(self._name, 503, ErrorDetail(message="sandbox/flaky fails on every second call"), {})
            case _Fault.SLOW:
                await self._sleep(_FIRST_TOKEN_WAIT_S)
            case _:
                pass

    async def _answer(self, model: _Model, call: Call, pace: Pace) -> AsyncGenerator[Chunk, None]:
        text = await _write_aside(model, call)
        if model.fault is _Fault.GARBLED and call.output is None:
            async for chunk in pace.stream(text[: max(len(text) // 2, 1)], is_streamed=call.is_streamed):
                if call.is_streamed:
                    yield chunk
            raise broken_answer(self._name, "broke off in the middle of its answer, as sandbox/garbled always does")
        text, reason = _cut(text, call)
        async for chunk in pace.stream(text, is_streamed=call.is_streamed):
            yield chunk
        yield UsageChunk(_usage(call, text))
        yield FinishChunk(reason)

    async def _call_tool(self, tool: Tool, call: Call, pace: Pace) -> AsyncGenerator[Chunk, None]:
        arguments = await asyncio.to_thread(_write_arguments, tool, call)
        seed = f"{len(call.messages)}\n{tool.name}\n{arguments}".encode("utf-8", "surrogatepass")
        call_id: str | None = f"call_{hashlib.sha256(seed).hexdigest()[:24]}"
        name: str | None = tool.name
        async for piece in pace.stream(arguments, is_streamed=call.is_streamed):
            if isinstance(piece, TextChunk):
                yield ToolCallChunk(0, call_id, name, piece.text)
                call_id = name = None
        yield UsageChunk(_usage(call, tool.name + arguments))
        yield FinishChunk(FinishReason.TOOL_CALLS)


def _read_speed(key: str, value: str) -> float:
    try:
        speed = float(value) if key == "tps" else -1.0
    except ValueError:
        speed = -1.0
    if not 0 <= speed <= _FASTEST_TOKENS_PER_S:
        message = f"?{key}={value} behind a sandbox model is not known; ?tps=50 sets tokens per second, 0 means at once"
        raise UpstreamFailure(SeatFailure(FailureCode.INVALID_REQUEST, message))
    return speed


def _write_arguments(tool: Tool, call: Call) -> str:
    schema = tool.parameters or {"type": "object"}
    return json.dumps(write_instance(schema, read_prompt(call.messages), TERSE), ensure_ascii=False)


async def _write_aside(model: _Model, call: Call) -> str:
    """Write the answer, to a long input in a thread so that the loop goes on meanwhile."""
    if sum(len(message.text) for message in call.messages) < _LONG_INPUT_CHARACTERS:
        return _write(model, call)
    return await asyncio.to_thread(_write, model, call)


def _write(model: _Model, call: Call) -> str:
    """Return the whole text of the answer, before it is cut."""
    prompt = read_prompt(call.messages)
    match call.output:
        case SchemaFormat(schema=schema):
            text = json.dumps(write_instance(schema, prompt, model.bias), ensure_ascii=False)
        case JsonFormat():
            text = json.dumps(write_object(prompt, model.bias, _asked_keys(call.messages)), ensure_ascii=False)
        case None:
            return _write_text(model, prompt)
    return f"{text[:-1]}," if model.fault is _Fault.GARBLED else text


def _write_text(model: _Model, prompt: Prompt) -> str:
    if prompt.answers and not prompt.choices:
        return evaluate(prompt) if is_evaluation(prompt) else merge(prompt, model.bias)
    text = write_answer(prompt, model.bias)
    return _at_great_length(text, prompt) if model.fault is _Fault.CHATTY and not prompt.choices else text


def _at_great_length(text: str, prompt: Prompt) -> str:
    """Return `text` with remarks after it up to exactly 20,000 tokens, in ASCII so that a token is four characters."""
    topics = [word for word in key_words(prompt.text)[:50] if word.isascii()] or ["it"]
    lines = [text.encode("ascii", "replace").decode(), "\n\nAnd at length:\n"]
    left = _CHATTY_TOKENS * _BYTES_PER_TOKEN - sum(len(line) for line in lines)
    number = 0
    while left > 0:
        number += 1
        line = f"{number}. On {topics[number % len(topics)]} there is more to say, and it will be said again below.\n"
        lines.append(line)
        left -= len(line)
    return "".join(lines)[: _CHATTY_TOKENS * _BYTES_PER_TOKEN]


def _cut(text: str, call: Call) -> tuple[str, FinishReason]:
    """Return `text` up to its first stop sequence and at most `max_tokens` long, and why it ends there."""
    stops = [place for stop in call.sampling.stop if stop and (place := text.find(stop)) >= 0]
    text = text[: min(stops)] if stops else text
    most = call.sampling.max_tokens
    if most is None or estimate_tokens(text) <= most:
        return text, FinishReason.STOP
    raw = text.encode("utf-8", "surrogatepass")
    end = most * _BYTES_PER_TOKEN
    while end and raw[end] & 0xC0 == 0x80:
        end -= 1
    return raw[:end].decode("utf-8", "surrogatepass"), FinishReason.LENGTH


def _usage(call: Call, text: str) -> Usage:
    """Count as the provider that this is: its own count, so no estimate of somebody else's."""
    return Usage(sum(estimate_tokens(message.text) for message in call.messages), estimate_tokens(text))


def _wanted_tool(call: Call) -> Tool | None:
    """Return the tool to call: the named one; where one must be, the likeliest; else one that the user's text names."""
    mode = call.tool_choice.mode if call.tool_choice else "auto"
    if not call.tools or mode == "none":
        return None
    if call.tool_choice is not None and mode == "named":
        named = next((tool for tool in call.tools if tool.name == call.tool_choice.name), None)
        if named is None:
            offered = ", ".join(tool.name for tool in call.tools)
            message = f"tool_choice names {call.tool_choice.name}, which is not among the tools: {offered}"
            raise UpstreamFailure(SeatFailure(FailureCode.INVALID_REQUEST, message))
        return named
    newest = call.messages[-1] if call.messages else None
    mentioned = _mentioned_tool(call.tools, newest.text) if newest and newest.role is Role.USER else None
    return mentioned or (call.tools[0] if mode == "required" else None)


def _mentioned_tool(tools: tuple[Tool, ...], text: str) -> Tool | None:
    said = frozenset(words(text))
    for tool in tools:
        parts = frozenset(words(re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_-]", " ", tool.name))) - STOPWORDS
        if tool.name in text or (parts and parts <= said):
            return tool
    return None


def _asked_keys(messages: tuple[Message, ...]) -> tuple[str, ...]:
    """Return the keys that a prompt for JSON names: `with the keys "city" and "people"`."""
    for message in reversed(messages):
        for found in _ASKED_KEYS.finditer(message.text[:10_000]):
            keys = _QUOTED_KEY.findall(found[1])
            if not keys and ("," in found[1] or " and " in found[1]):
                keys = [key for key in _BARE_KEY.findall(found[1]) if key.lower() not in STOPWORDS]
            if keys:
                return tuple(dict.fromkeys(keys))[:20]
    return ()
