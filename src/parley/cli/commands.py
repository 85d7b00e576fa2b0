"""The table of commands, and how each of them ends: one sentence, or one JSON document, and an exit code.

A command's module is loaded when it is named, or where all are listed: together they are slow to load.
"""

import importlib
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.text import Text
from typer.exceptions import TyperException

from parley import __version__
from parley.cli.fault import CommandFault, ExitCode, misused
from parley.cli.terminal import harmless, make_console, say, write_json

COMMANDS = {
    "serve": "serve",
    "demo": "demo",
    "ask": "panel",
    "vote": "panel",
    "compare": "panel",
    "models": "models",
    "usage": "usage",
    "traces": "traces",
    "trace": "traces",
    "doctor": "doctor",
    "record": "serve",
    "migrate": "migrate",
}
"""Each command, in the order of the help, and the module of this room that holds it under its name."""

GROUPS = {"keys": ("keys", "Make, list and disable keys.")}
"""Each group, the module that makes it by `make_group`, and what it is for."""


def make_app(names: Iterable[str] = (*COMMANDS, *GROUPS)) -> typer.Typer:
    """Return the command line with the commands and groups of these names."""
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name in names:
        if name in COMMANDS:
            app.command()(getattr(_module(COMMANDS[name]), name))
        else:
            module, meaning = GROUPS[name]
            app.add_typer(_module(module).make_group(), name=name, help=meaning)
    return app


def _module(name: str) -> Any:
    return importlib.import_module(f"parley.cli.{name}")


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; without any, show what there is."""
    arguments = arguments or ["--help"]
    is_json = "--json" in arguments
    try:
        code = typer.main.get_command(_app_for(arguments))(list(arguments), prog_name="parley", standalone_mode=False)
    except TyperException as error:
        return _report(misused(error.format_message()), is_json, _help_hint(arguments))
    except CommandFault as fault:
        return _report(fault, is_json)
    if code == ExitCode.CANCELLED:
        return _report(CommandFault(ExitCode.CANCELLED, "cancelled", "Cancelled."), is_json)
    return code if isinstance(code, int) else ExitCode.DONE


def _app_for(arguments: Sequence[str]) -> typer.Typer:
    """Return the one command that is named first, else all of them."""
    is_named = arguments[0] in COMMANDS or arguments[0] in GROUPS
    return make_app(arguments[:1]) if is_named else make_app()


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
    named = [argument for argument in arguments[:1] if argument in COMMANDS or argument in GROUPS]
    return f"See `{' '.join(['parley', *named])} --help`."
