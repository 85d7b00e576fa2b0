"""`parley doctor`: what is wrong with a set-up, and what to do next.

First what costs nothing: the file, store, limiter, port and access, then each provider's list of models. Last one tiny
call to each configured model, with its latency and cost. Nothing is migrated: where the store isn't ready, the calls
are recorded in one that is thrown away.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, cast

import typer

from parley.cli.board import Seat
from parley.cli.client import Client
from parley.cli.connection import in_process, read_config
from parley.cli.doctor_calls import MOST_SEATS, Round, advice_for, call_models, plan_round, works
from parley.cli.doctor_report import show_calls, show_setup
from parley.cli.fault import CommandFault, ExitCode
from parley.cli.options import Config as ConfigOption
from parley.cli.options import Json
from parley.cli.questions import model_rows
from parley.cli.setup_checks import check_setup
from parley.cli.terminal import make_console, write_json
from parley.config import Config
from parley.config.provider_sections import SANDBOX
from parley.domain.checkup import Checkup, Finding, Severity, error
from parley.domain.json import JsonObject
from parley.domain.settings import LimiterSettings, StoreSettings

Models = Annotated[
    list[str] | None,
    typer.Option("-m", "--model", metavar="NAME", help="A model to call instead of the usual ones; once for each."),
]
NoCalls = Annotated[bool, typer.Option("--no-calls", help="Call no model, so that nothing is spent.")]


@dataclass(frozen=True, slots=True)
class Examination:
    """All that was found. `providers` are the rows of POST /v1/providers/check."""

    setup: tuple[Checkup, ...]
    providers: tuple[JsonObject, ...] = ()
    visit: Round = Round(())
    seats: tuple[Seat, ...] = ()
    is_calling: bool = True

    @property
    def exit_code(self) -> ExitCode:
        """USAGE for what would keep a server from working, ALL_FAILED where no model can be called."""
        if any(checkup.worst is Severity.ERROR for checkup in self.setup):
            return ExitCode.USAGE
        is_one_left = any(map(works, self.seats)) if self.is_calling else self._is_one_reached
        return ExitCode.DONE if is_one_left else ExitCode.ALL_FAILED

    @property
    def _is_one_reached(self) -> bool:
        """Whether any provider but the embedded one is well, or there is no other."""
        others = [row for row in self.providers if row["provider"] != SANDBOX]
        return not others or any(row["status"] != "error" for row in others)


def doctor(model: Models = None, config: ConfigOption = None, no_calls: NoCalls = False, is_json: Json = False) -> None:
    """Find what is wrong with a set-up: file, store, port, providers. Then call each model once."""
    settings = _read(config)
    found = _examine(settings, model or (), is_calling=not no_calls)
    if is_json:
        write_json(_document(found, settings))
    else:
        console = make_console()
        show_setup(found.setup, found.providers, console)
        if found.is_calling:
            show_calls(found.seats, found.visit, settings, console)
    if found.exit_code is not ExitCode.DONE:
        raise typer.Exit(found.exit_code)


def _read(path: Path | None) -> Config:
    """Return the configuration; raises CommandFault with the place that is wrong, and what to do next."""
    try:
        return read_config(path)
    except CommandFault as fault:
        step = "Mend it and run `parley doctor` again; docs/configuration.md has every setting."
        checkup = Checkup("configuration", (error("config", fault.message, step),))
        plain = fault.document()["error"]
        envelope: JsonObject = {"error": plain, "setup": [_encode(checkup)]}
        raise CommandFault(fault.exit_code, fault.code, f"{fault.message}\n→ {step}", envelope) from fault


def _examine(config: Config, models: Sequence[str], *, is_calling: bool) -> Examination:
    setup = check_setup(config)
    try:
        with _usable(config, setup) as usable, in_process(usable) as client:
            providers = tuple(_check_providers(client))
            if not is_calling:
                return Examination(setup, providers, is_calling=False)
            visit = Round(tuple(dict.fromkeys(models))) if models else plan_round(config, model_rows(client))
            return Examination(setup, providers, visit, tuple(call_models(visit.models, client, make_console())))
    except CommandFault as fault:
        if fault.code != "start":
            raise
        return Examination((*setup, Checkup("start", (error("start", fault.message),))), is_calling=is_calling)


@contextmanager
def _usable(config: Config, setup: Sequence[Checkup]) -> Iterator[Config]:
    """Yield a configuration that can start here: room for every model, and no limiter, which the doctor doesn't need.

    A store that is new, old or broken is left as it is; the calls are recorded in one that ends with the block.
    """
    server = replace(config.server, max_seats=MOST_SEATS)
    roomy = replace(config, server=server, limiter=LimiterSettings())
    is_ready = all(not checkup.findings for checkup in setup if checkup.subject == "store")
    if is_ready:
        yield roomy
        return
    with tempfile.TemporaryDirectory(prefix="parley-doctor-") as folder:
        yield replace(roomy, store=StoreSettings(f"sqlite:///{folder}/parley.db"))


def _check_providers(client: Client) -> list[JsonObject]:
    rows = client.post("/v1/providers/check", {}).get("checks")
    return [row for row in cast("list[JsonObject]", rows) if isinstance(row, dict)]


def _document(found: Examination, config: Config) -> JsonObject:
    return {
        "setup": [_encode(checkup) for checkup in found.setup],
        "providers": [*found.providers],
        "models": [
            {
                "model": seat.model,
                "works": works(seat),
                "latency_ms": round(seat.elapsed_ms),
                "cost": seat.cost_usd,
                "error_code": seat.error_code or None,
                "error": seat.problem or None,
                "advice": advice_for(seat, config) or None,
            }
            for seat in found.seats
        ],
        "not_called": [{"provider": provider, "reason": reason} for provider, reason in found.visit.skipped],
        "exit_code": int(found.exit_code),
    }


def _encode(checkup: Checkup) -> JsonObject:
    return {
        "part": checkup.subject,
        "status": checkup.status,
        "findings": [_encode_finding(each) for each in checkup.findings],
    }


def _encode_finding(finding: Finding) -> JsonObject:
    return {
        "severity": finding.severity.value,
        "code": finding.code,
        "message": finding.message,
        "next_step": finding.next_step or None,
    }
