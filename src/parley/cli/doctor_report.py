"""How the doctor's findings look on the screen: a mark, what was found, and with an arrow what to do next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from parley.catalog.vendors import VENDORS
from parley.cli.board import Seat, SeatState
from parley.cli.doctor_calls import Round, advice_for, works
from parley.cli.questions import ABOUT_EMBEDDED, EMBEDDED
from parley.cli.terminal import count, duration, harmless, money, plain, say
from parley.config import Config
from parley.domain.checkup import Checkup
from parley.domain.json import JsonObject

_KEYS = tuple(vendor.api_key_env for vendor in VENDORS if vendor.api_key_env)
_MARKS = {"error": ("✗", "red"), "warning": ("!", "yellow"), "note": ("✓", "green"), "ok": ("✓", "green")}


@dataclass(frozen=True, slots=True)
class _Line:
    """One finding, or that there is none."""

    subject: str
    severity: str
    message: str
    next_step: str = ""


def show_setup(setup: Sequence[Checkup], providers: Sequence[JsonObject], console: Console) -> None:
    """Print what was found without calling a model."""
    _show("Set-up", [line for checkup in setup for line in _lines_of(checkup)], console)
    _show("Providers", [line for row in providers for line in _lines_of_provider(row)], console)


def show_calls(seats: Sequence[Seat], visit: Round, config: Config, console: Console) -> None:
    """Print how the calls went."""
    table = Table.grid(padding=(0, 2))
    for seat in seats:
        mark = Text("✓", "green") if works(seat) else Text("✗", "red")
        if seat.state is SeatState.ANSWERED:
            said = Text(money(seat.cost_usd), "dim")
        else:
            said = Text.assemble((seat.error_code, "yellow" if works(seat) else "red"), ": ", harmless(seat.problem))
        table.add_row(mark, plain(seat.model), duration(seat.elapsed_ms), said)
        advice = advice_for(seat, config)
        if advice:
            table.add_row("", "", "", Text(f"→ {advice}", "bold"))
    console.print(Text("Models, one tiny call each", "bold"))
    console.print(table)
    for provider, reason in visit.skipped:
        say(console, Text(f"-  {provider}: not called; {reason}", "dim"))
    console.print(f"{sum(map(works, seats))} of {count(len(seats), 'model')} can be called.")
    if set(visit.models) == set(EMBEDDED):
        say(console, f"These are the embedded ones: no other provider is configured. {ABOUT_EMBEDDED}")
        say(console, f"Set one of {', '.join(_KEYS)} or write a parley.toml to add one.")


def _show(title: str, lines: Sequence[_Line], console: Console) -> None:
    if not lines:
        return
    table = Table.grid(padding=(0, 2))
    last = ""
    for line in lines:
        mark, style = _MARKS[line.severity]
        name = "" if line.subject == last else line.subject
        table.add_row(Text(mark, style), plain(name), plain(line.message))
        if line.next_step:
            table.add_row("", "", Text(f"→ {harmless(line.next_step)}", "bold"))
        last = line.subject
    console.print(Text(title, "bold"))
    console.print(table)
    console.print()


def _lines_of(checkup: Checkup) -> Iterable[_Line]:
    if not checkup.findings:
        yield _Line(checkup.subject, "ok", "")
    for finding in checkup.findings:
        yield _Line(checkup.subject, finding.severity.value, finding.message, finding.next_step)


def _lines_of_provider(row: JsonObject) -> Iterable[_Line]:
    name = str(row["provider"])
    findings = cast("list[dict[str, str | None]]", row["findings"])
    if not findings:
        listed = row["listed_models"]
        yield _Line(name, "ok", f"lists {count(listed, 'model')}" if isinstance(listed, int) else "")
    for finding in findings:
        yield _Line(name, finding["severity"] or "", finding["message"] or "", finding["next_step"] or "")
