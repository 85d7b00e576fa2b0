"""A provider that plays a script: chunks, pauses, failures. For tests of the engine, and for nothing else.

Each call takes the next script of its model; the last one is played again for further calls.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from parley.domain.errors import UpstreamFailure
from parley.domain.run import FinishReason
from parley.domain.usage import Usage
from parley.providers.provider import Call, Chunk, FinishChunk, TextChunk, UsageChunk


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait until `gate` is set; for ever without one."""

    gate: asyncio.Event | None = None


Step = Chunk | Pause | UpstreamFailure
Script = Sequence[Step]


def says(*pieces: str, input_tokens: int = 10, output_tokens: int = 5) -> Script:
    """Return the script of a model that answers in `pieces` and stops."""
    usage = Usage(input_tokens, output_tokens)
    return (*(TextChunk(piece) for piece in pieces), FinishChunk(FinishReason.STOP), UsageChunk(usage))


@dataclass(slots=True)
class ScriptedProvider:
    """Plays `scripts`, by upstream model; keeps the calls it got, and how many of them were left open or closed."""

    scripts: Mapping[str, Sequence[Script]]
    calls: list[Call] = field(default_factory=list)
    open_calls: int = 0

    async def stream(self, call: Call) -> AsyncIterator[Chunk]:
        model = call.deployment.upstream_model
        earlier = sum(made.deployment.upstream_model == model for made in self.calls)
        self.calls.append(call)
        scripts = self.scripts[model]
        self.open_calls += 1
        try:
            for step in scripts[min(earlier, len(scripts) - 1)]:
                match step:
                    case Pause(gate=gate):
                        await (gate or asyncio.Event()).wait()
                    case UpstreamFailure():
                        raise step
                    case chunk:
                        await asyncio.sleep(0)
                        yield chunk
        finally:
            self.open_calls -= 1

    async def close(self) -> None:
        """Nothing to give back."""

    def prompts(self, model: str) -> list[str]:
        """Return the last message's text of each call to `model`."""
        return [call.messages[-1].text for call in self.calls if call.deployment.upstream_model == model]
