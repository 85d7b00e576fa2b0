"""The table of commands, and how each of them ends: one sentence, or one JSON document, and an exit code."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.text import Text
from typer.exceptions import TyperException

from parley import __version__
from parley.cli.demo import demo
from parley.cli.doctor import doctor
from parley.cli.fault import CommandFault, ExitCode, misused
from parley.cli.keys import key_commands
from parley.cli.migrate import migrate
from parley.cli.models import models
from parley.cli.panel import ask, compare, vote
from parley.cli.serve import record, serve
from parley.cli.terminal import harmless, make_console, say, write_json
from parley.cli.traces import trace, traces
from parley.cli.usage import usage

COMMANDS = (serve, demo, ask, vote, compare, models, usage, traces, trace, doctor, record, migrate)
GROUPS = {"keys": (key_commands, "Make, list and disable keys.")}


def make_app() -> typer.Typer:
    """Return the command line as a whole."""
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for command in COMMANDS:
        app.command()(command)
    for name, (make_group, meaning) in GROUPS.items():
        app.add_typer(make_group(), name=name, help=meaning)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; without any, show what there is."""
    arguments = arguments or ["--help"]
    is_json = "--json" in arguments
    try:
        code = typer.main.get_command(make_app())(list(arguments), prog_name="parley", standalone_mode=False)
    except TyperException as error:
        return _report(misused(error.format_message()), is_json, _help_hint(arguments))
    except CommandFault as fault:
        return _report(fault, is_json)
    if code == ExitCode.CANCELLED:
        return _report(CommandFault(ExitCode.CANCELLED, "cancelled", "Cancelled."), is_json)
    return code if isinstance(code, int) else ExitCode.DONE


def _say_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"parley {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    """Ask several language models the same thing at once and bring the answers back together."""


def _report(fault: CommandFault, is_json: bool, hint: str = "") -> int:
    """Say once why a command failed: people read it on standard error, programs on standard output."""
    if is_json:
        write_json(fault.document())
    else:
        console = make_console(is_error=True)
        say(console, Text.assemble(("parley: ", "bold red"), harmless(fault.message)))
        if hint:
            console.print(Text(hint, "dim"))
    return fault.exit_code


def _help_hint(arguments: Sequence[str]) -> str:
    known = {*GROUPS, *(command.__name__ for command in COMMANDS)}
    named = [argument for argument in arguments[:1] if argument in known]
    return f"See `{' '.join(['parley', *named])} --help`."
