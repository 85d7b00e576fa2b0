"""A model as the catalog knows it: where it can be called, what it can do, what it costs."""

from dataclasses import dataclass, field
from enum import StrEnum

from parley.domain.usage import Price


class Dialect(StrEnum):
    """The wire that a provider speaks."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    SANDBOX = "sandbox"
    REPLAY = "replay"


class Effort(StrEnum):
    """Reasoning effort, in rising order. A roundtable's seat offers low, medium, high and max."""

    NONE = "none"
    MINIMAL = "minimal"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    XHIGH = "xhigh"
    MAX = "max"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one model takes and gives. None means that nobody knows.

    `refused_parameters` are the request's own field names (`temperature`, `top_p`, `seed`, …) that this model answers
    with an error: they are dropped and reported; so are `refused_with_effort` where an effort other than none is asked
    for. `efforts` are the reasoning efforts that it accepts as it stands, empty if it has none; None when not known.
    `reasoning_style` names how the dialect asks for them (`effort`, `budget`, `level`), `output_token_field` how it
    bounds output (`max_tokens`, `max_completion_tokens`).
    """

    context_length: int | None = None
    max_output_tokens: int | None = None
    supports_tools: bool | None = None
    supports_structured_output: bool | None = None
    supports_images: bool | None = None
    supports_forced_tool: bool = True
    refused_parameters: frozenset[str] = frozenset()
    efforts: tuple[Effort, ...] | None = None
    reasoning_style: str | None = None
    output_token_field: str | None = None
    supports_stream_usage: bool = True
    refused_with_effort: frozenset[str] = frozenset()

    def refused_at(self, effort: Effort | None) -> frozenset[str]:
        """Return the parameters to drop from a call that asks for `effort`."""
        is_reasoning = effort not in (None, Effort.NONE)
        return self.refused_parameters | self.refused_with_effort if is_reasoning else self.refused_parameters


@dataclass(frozen=True, slots=True)
class Deployment:
    """One place where a model can be called: a configured provider's name and the provider's name of the model."""

    provider: str
    upstream_model: str
    weight: int = 1
    price: Price | None = None
    capabilities: Capabilities = field(default_factory=Capabilities)


@dataclass(frozen=True, slots=True)
class Model:
    """A name that callers use, and what stands behind it; `deployments` is never empty."""

    name: str
    deployments: tuple[Deployment, ...]
    title: str = ""
    brand: str = ""
    is_sandbox: bool = False
    description: str = ""
