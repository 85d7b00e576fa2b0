"""The embedded models as the catalog lists them. They are programs, not language models, and their prices are made up
in real-looking size, so that costs, ledger and traces show numbers. Source of the list: contracts/config.md.
"""

from dataclasses import dataclass
from decimal import Decimal

from parley.domain.usage import Price, Rates

CONTEXT_LENGTH = 32_768


@dataclass(frozen=True, slots=True)
class SandboxModel:
    """One embedded model; `name` is what stands behind the provider's name."""

    name: str
    title: str
    description: str
    price: Price


def _price(input_usd: str, output_usd: str) -> Price:
    return Price(Rates(Decimal(input_usd), Decimal(output_usd), cache_read=Decimal(input_usd) / 10))


_CHEAP = _price("0.10", "0.40")
_MIDDLE = _price("0.25", "1.00")
_DEAR = _price("0.50", "2.00")

SANDBOX_MODELS = (
    SandboxModel("terse", "Sandbox Terse", "Answers in as few sentences as it can, taken from the text.", _CHEAP),
    SandboxModel("thorough", "Sandbox Thorough", "Answers with every sentence that matters, in order.", _MIDDLE),
    SandboxModel("contrarian", "Sandbox Contrarian", "Weighs the other side first, and sometimes disagrees.", _CHEAP),
    SandboxModel("judge", "Sandbox Judge", "Writes evaluations and summaries computed from the answers.", _DEAR),
    SandboxModel("slow", "Sandbox Slow", "Waits two seconds before its first token.", _CHEAP),
    SandboxModel("flaky", "Sandbox Flaky", "Fails transiently on every second call.", _CHEAP),
    SandboxModel("down", "Sandbox Down", "Is never available: every call ends in a 503.", _CHEAP),
    SandboxModel("garbled", "Sandbox Garbled", "Breaks its JSON, or its stream in the middle.", _CHEAP),
    SandboxModel("chatty", "Sandbox Chatty", "Writes 20,000 tokens.", _CHEAP),
)

_BY_NAME = {model.name: model for model in SANDBOX_MODELS}


def sandbox_model(upstream_model: str) -> SandboxModel | None:
    """Return the embedded model of this name, with or without a `?tps=` behind it; None when there is no such model."""
    return _BY_NAME.get(upstream_model.partition("?")[0])
