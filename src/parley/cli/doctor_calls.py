"""The doctor's calls: one tiny question to each model worth it, and what to do about those that fail."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live

from parley.cli.bars import live_votes
from parley.cli.board import Board, Seat, SeatState
from parley.cli.client import Client
from parley.cli.panel import ROUNDTABLE, Panel, feed_roundtable, steps
from parley.cli.questions import EMBEDDED
from parley.cli.terminal import is_animated
from parley.config import Config
from parley.domain.errors import FailureCode
from parley.domain.json import JsonObject
from parley.domain.models import Dialect
from parley.domain.settings import ProviderSettings

_QUESTION = "Answer with the one word: ready"
_MOST_TOKENS = 64
_TIMEOUT_MS = 30_000
MOST_SEATS = 256
# One cheap model for each provider that the file names no model of; any other can be checked with -m.
_CHEAP = {
    "openai": "gpt-4.1-nano",
    "anthropic": "claude-haiku-4-5",
    "gemini": "gemini-2.5-flash-lite",
    "mistral": "ministral-8b-latest",
    "groq": "llama-3.1-8b-instant",
    "xai": "grok-4-fast-non-reasoning",
    "deepseek": "deepseek-chat",
    "openrouter": "openai/gpt-4.1-nano",
    "together": "meta-llama/Llama-3.3-70B-Instruct-Turbo",
}


@dataclass(frozen=True, slots=True)
class Round:
    """Whom the doctor calls, and which providers not, with the reason."""

    models: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...] = ()


def plan_round(config: Config, listed: Sequence[JsonObject]) -> Round:
    """Return the models of the file and one of each other provider; the embedded ones if there is nothing else."""
    models = [model.name for model in config.models]
    done = {place.provider for model in config.models for place in model.deployments}
    dialects = {each.name: each.dialect for each in config.providers}
    skipped = []
    for provider in dict.fromkeys([*dialects, *(str(row.get("provider")) for row in listed)]):
        dialect = dialects.get(provider)
        if provider in done or dialect is Dialect.SANDBOX:
            continue
        found = _model_of(provider, listed)
        if dialect is Dialect.REPLAY:
            skipped.append((provider, "it answers recorded prompts alone"))
        elif found is None:
            skipped.append((provider, f"no model of it is known; name one with -m {provider}/MODEL"))
        else:
            models.append(found)
    return Round(tuple(models or EMBEDDED), tuple(skipped))


def _model_of(provider: str, listed: Sequence[JsonObject]) -> str | None:
    """Return a cheap model of a provider, else the first one listed, as a local server lists what it has loaded."""
    if provider in _CHEAP:
        return f"{provider}/{_CHEAP[provider]}"
    return next((str(row["id"]) for row in listed if row.get("provider") == provider), None)


def call_models(models: Sequence[str], client: Client, console: Console) -> list[Seat]:
    board = Board([Seat(name) for name in models])
    body: JsonObject = {
        "input": _QUESTION,
        "models": [{"name": name, "max_tokens": _MOST_TOKENS} for name in models],
        "resolution": "fast",
        "timeout_ms": _TIMEOUT_MS,
    }
    with closing(steps(client, Panel(ROUNDTABLE, body, feed_roundtable), body, board)) as taken:
        if is_animated(console):
            with Live(get_renderable=lambda: live_votes(board.seats, console), console=console, transient=True):
                _exhaust(taken)
        else:
            _exhaust(taken)
    return board.seats


def _exhaust(taken: Iterator[None]) -> None:
    for _ in taken:
        pass


def works(seat: Seat) -> bool:
    """Whether the model can be called: one that thought beyond the few tokens it was given, can."""
    return seat.state is SeatState.ANSWERED or seat.error_code == FailureCode.EMPTY_ANSWER


def advice_for(seat: Seat, config: Config) -> str:
    """Return what to do about a failed call; empty where there is nothing to be done."""
    providers = _providers_behind(seat.model, config)
    keys = " or ".join(each.api_key_env for each in providers if each.api_key_env)
    urls = " or ".join(each.base_url for each in providers if each.base_url)
    match seat.error_code:
        case FailureCode.AUTHENTICATION:
            return f"Check the key in {keys}." if keys else "This provider wants a key: set api_key_env in its section."
        case FailureCode.QUOTA_EXCEEDED:
            return f"The account behind {keys or 'the key'} has no credit left, or has reached its limit."
        case FailureCode.RATE_LIMITED:
            return "Wait a moment; if it stays so, bound the calls with max_concurrency in the provider's section."
        case FailureCode.UNAVAILABLE:
            return f"Is {urls or 'the provider'} right and running? A proxy is set with proxy, or HTTPS_PROXY."
        case FailureCode.TIMEOUT:
            return f"{urls or 'The provider'} took longer than {_TIMEOUT_MS // 1000} s; see whether it is overloaded."
        case FailureCode.MODEL_NOT_FOUND:
            return "The provider answers, but has no such model: see `parley models`, or check another with -m."
        case FailureCode.EMPTY_ANSWER:
            return f"It answers; {_MOST_TOKENS} tokens were too few for a text, as reasoning models use them to think."
        case FailureCode.INVALID_REQUEST | FailureCode.UPSTREAM_ERROR:
            return f"See what it says; base_url ({urls}) may lead to the wrong place." if urls else ""
    return ""


def _providers_behind(model: str, config: Config) -> list[ProviderSettings]:
    row = next((each for each in config.models if each.name == model), None)
    names = {model.partition("/")[0]} if row is None else {place.provider for place in row.deployments}
    return [each for each in config.providers if each.name in names]
