"""What the engine asks of a cache of answers; it knows no store behind it.

A cache never fails a request: what it can't find, or can't keep, in good time is a miss.
"""

from dataclasses import dataclass
from typing import Protocol

from parley.domain.json import JsonValue
from parley.domain.messages import ToolCall
from parley.domain.run import FinishReason


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """What one call said, without what it cost."""

    text: str
    finish_reason: FinishReason | None = None
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    warnings: tuple[str, ...] = ()
    logprobs: JsonValue = None


class AnswerCache(Protocol):
    """Answers by the fingerprint of their call. `scope` keeps callers apart: nobody reads what another has asked."""

    async def get(self, scope: str, fingerprint: str) -> CachedAnswer | None:
        """Return the answer kept for this call, None without one."""
        ...

    async def put(self, scope: str, fingerprint: str, answer: CachedAnswer) -> None:
        """Keep `answer` for a day, unless it is too large."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...
