"""Which calls are the same, and what of an answer is kept for the next one; where it is kept is not known here."""

import hashlib
from collections.abc import Iterator

import msgspec

from parley.domain.answer_cache import CachedAnswer
from parley.domain.run import Answer, FinishReason
from parley.panel.plan import Route, SeatPlan
from parley.providers.provider import (
    Chunk,
    FinishChunk,
    LogprobsChunk,
    ReasoningChunk,
    TextChunk,
    ToolCallChunk,
    WarningChunk,
)

_VERSION = "1"
"""Counted up when what stands in a fingerprint changes: answers kept under an older one are never found again."""


def digest_of(*values: object) -> str:
    """Return the SHA-256, in hexadecimal, of values that msgspec can write as JSON."""
    return hashlib.sha256(msgspec.json.encode(values)).hexdigest()


def fingerprint_of(seat: SeatPlan, route: Route) -> str:
    """Return what tells this call at `route` from any other: all that the model is told, nothing of how it is read."""
    return digest_of(
        _VERSION,
        (route.model, route.deployment.provider, route.deployment.upstream_model),
        seat.cached_as or seat.messages,
        seat.sampling,
        seat.output,
        (seat.tools, seat.tool_choice, seat.allows_parallel_tools),
        seat.extra,
    )


def kept_of(answer: Answer) -> CachedAnswer | None:
    """Return what is to be kept of `answer`: None unless it is good, and new."""
    is_good = answer.failure is None and not answer.refusal and not answer.is_schema_invalid
    is_whole = answer.finish_reason is not FinishReason.CONTENT_FILTER and bool(
        answer.text.strip() or answer.tool_calls
    )
    if answer.is_cached or not (is_good and is_whole):
        return None
    return CachedAnswer(
        answer.text,
        answer.finish_reason,
        answer.reasoning,
        answer.tool_calls,
        answer.warnings,
        answer.logprobs,
    )


def chunks_of(kept: CachedAnswer) -> Iterator[Chunk]:
    """Return a kept answer as a provider would say it in one go."""
    for warning in kept.warnings:
        yield WarningChunk(warning)
    if kept.reasoning:
        yield ReasoningChunk(kept.reasoning)
    if kept.text:
        yield TextChunk(kept.text)
    for index, call in enumerate(kept.tool_calls):
        yield ToolCallChunk(index, call.call_id, call.name, call.arguments)
    if kept.logprobs is not None:
        yield LogprobsChunk(kept.logprobs)
    if kept.finish_reason is not None:
        yield FinishChunk(kept.finish_reason)
