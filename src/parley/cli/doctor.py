"""`parley doctor`: one tiny call to each configured model, with its latency, or its error and what to do about it."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from parley.catalog.vendors import VENDORS
from parley.cli.bars import live_votes
from parley.cli.board import Board, Seat, SeatState
from parley.cli.client import Client
from parley.cli.connection import in_process, read_config
from parley.cli.fault import ExitCode
from parley.cli.options import Config as ConfigOption
from parley.cli.options import Json, Models
from parley.cli.panel import ROUNDTABLE, Panel, feed_roundtable, steps
from parley.cli.questions import ABOUT_EMBEDDED, EMBEDDED, model_rows
from parley.cli.terminal import count, duration, harmless, is_animated, make_console, money, plain, say, write_json
from parley.config import Config
from parley.domain.errors import FailureCode
from parley.domain.json import JsonObject
from parley.domain.models import Dialect
from parley.domain.settings import ProviderSettings

_QUESTION = "Answer with the one word: ready"
_MOST_TOKENS = 64
_TIMEOUT_MS = 30_000
_SEATS_AT_ONCE = 256
_KEYS = tuple(vendor.api_key_env for vendor in VENDORS if vendor.api_key_env)
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


def doctor(model: Models = None, config: ConfigOption = None, is_json: Json = False) -> None:
    """Call each configured model once and say what works."""
    settings = read_config(config)
    roomy = replace(settings, server=replace(settings.server, max_seats=_SEATS_AT_ONCE))
    console = make_console()
    with in_process(roomy) as client:
        visit = Round(tuple(dict.fromkeys(model))) if model else _plan(settings, model_rows(client))
        seats = _call(visit.models, client, console)
    if is_json:
        write_json(_document(seats, visit, settings))
    else:
        _show(seats, visit, settings, console)
    if not any(map(_works, seats)):
        raise typer.Exit(ExitCode.ALL_FAILED)


def _plan(config: Config, listed: Sequence[JsonObject]) -> Round:
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


def _call(models: Sequence[str], client: Client, console: Console) -> list[Seat]:
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


def _works(seat: Seat) -> bool:
    """Whether the model can be called: one that thought beyond the few tokens it was given, can."""
    return seat.state is SeatState.ANSWERED or seat.error_code == FailureCode.EMPTY_ANSWER


def _show(seats: Sequence[Seat], visit: Round, config: Config, console: Console) -> None:
    table = Table.grid(padding=(0, 2))
    for seat in seats:
        mark = Text("✓", "green") if _works(seat) else Text("✗", "red")
        if seat.state is SeatState.ANSWERED:
            said = Text(money(seat.cost_usd), "dim")
        else:
            said = Text.assemble((seat.error_code, "yellow" if _works(seat) else "red"), ": ", harmless(seat.problem))
        table.add_row(mark, plain(seat.model), duration(seat.elapsed_ms), said)
        advice = _advice(seat, config)
        if advice:
            table.add_row("", "", "", Text(f"→ {advice}", "bold"))
    console.print(table)
    for provider, reason in visit.skipped:
        say(console, Text(f"-  {provider}: not called; {reason}", "dim"))
    console.print(f"{sum(map(_works, seats))} of {count(len(seats), 'model')} can be called.")
    if set(visit.models) == set(EMBEDDED):
        say(console, f"These are the embedded ones: no other provider is configured. {ABOUT_EMBEDDED}")
        say(console, f"Set one of {', '.join(_KEYS)} or write a parley.toml to add one.")


def _document(seats: Sequence[Seat], visit: Round, config: Config) -> JsonObject:
    return {
        "models": [
            {
                "model": seat.model,
                "works": _works(seat),
                "latency_ms": round(seat.elapsed_ms),
                "cost": seat.cost_usd,
                "error_code": seat.error_code or None,
                "error": seat.problem or None,
                "advice": _advice(seat, config) or None,
            }
            for seat in seats
        ],
        "not_called": [{"provider": provider, "reason": reason} for provider, reason in visit.skipped],
        "exit_code": int(ExitCode.DONE if any(map(_works, seats)) else ExitCode.ALL_FAILED),
    }


def _advice(seat: Seat, config: Config) -> str:
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
