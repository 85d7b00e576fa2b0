"""The table of commands, and how each of them ends: one sentence, or one JSON document, and an exit code.

What completes them at TAB is in completion.py: not typer's own, which loads all of them and reads the environment.

A command's module is loaded when it is named, or where all are listed: together they are slow to load.
"""

import contextlib
import importlib
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.text import Text
from typer.exceptions import TyperException

from parley import __version__
from parley.cli.fault import CommandFault, ExitCode, OutputFault, misused, output_closed
from parley.cli.terminal import harmless, make_console, say, write_json, write_line

COMMANDS = {
    "serve": "serve",
    "demo": "demo",
    "ask": "ask",
    "vote": "ask",
    "compare": "ask",
    "chat": "chat",
    "models": "models",
    "usage": "usage",
    "traces": "traces",
    "trace": "traces",
    "doctor": "doctor",
    "record": "serve",
    "mcp": "mcp",
    "migrate": "migrate",
    "completion": "completion",
}
"""Each command, in the order of the help, and the module of this room that holds it under its name."""

HIDDEN = {"complete": "completion"}
"""Commands that programs call, not people; their modules are as those of COMMANDS."""

GROUPS = {"keys": ("keys", "Make, list and disable keys.")}
"""Each group, the module that makes it by `make_group`, and what it is for."""

_BARE = [[group] for group in GROUPS]
"""What names no command yet."""

# Its words are those of another command: none of them is an option of its own.
_AS_IT_STANDS = {"ignore_unknown_options": True, "help_option_names": [], "allow_interspersed_args": False}


_TYPERS_CLOSED_PIPE = 1
"""How typer ends the process where nobody reads a help text; no command of ours ends it so."""


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
        elif name in HIDDEN:
            app.command(hidden=True, context_settings=_AS_IT_STANDS)(getattr(_module(HIDDEN[name]), name))
        else:
            module, meaning = GROUPS[name]
            app.add_typer(_module(module).make_group(), name=name, help=meaning)
    return app


def _module(name: str) -> Any:
    return importlib.import_module(f"parley.cli.{name}")


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; where none is named, show what there is."""
    try:
        return _run(arguments if arguments and list(arguments) not in _BARE else [*arguments, "--help"])
    except OutputFault as fault:
        _forget_output()
        if fault.exit_code is not ExitCode.OUTPUT_CLOSED:
            _say_why(fault)
        return fault.exit_code


def _run(arguments: Sequence[str]) -> int:
    try:
        code = typer.main.get_command(_app_for(arguments))(list(arguments), prog_name="parley", standalone_mode=False)
    except SystemExit as end:
        if end.code != _TYPERS_CLOSED_PIPE:
            raise
        raise output_closed() from end
    except TyperException as error:
        return _report(misused(_explained(error.format_message())), arguments, _help_hint(arguments))
    except CommandFault as fault:
        return _report(fault, arguments)
    if code == ExitCode.CANCELLED:
        return _report(CommandFault(ExitCode.CANCELLED, "cancelled", "Cancelled."), arguments)
    return code if isinstance(code, int) else ExitCode.DONE


def _explained(message: str) -> str:
    """Return typer's sentence; it doesn't know why there would be too many words."""
    if "unexpected extra argument" not in message:
        return message
    return f'{message.rstrip(".")}. A prompt of several words stands in quotes: parley ask "…".'


def _forget_output() -> None:
    """Let what is still to be written go nowhere, so that nothing complains when the process ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _app_for(arguments: Sequence[str]) -> typer.Typer:
    """Return the one command that is named first, else all of them."""
    if arguments[0] == "--version":
        return make_app([])
    is_named = arguments[0] in COMMANDS or arguments[0] in GROUPS or arguments[0] in HIDDEN
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


def _report(fault: CommandFault, arguments: Sequence[str], hint: str = "") -> int:
    """Say once why a command failed: people read it on standard error, programs on standard output."""
    if isinstance(fault, OutputFault):
        raise fault
    if "--jsonl" in arguments:
        write_line(fault.document())
    elif "--json" in arguments:
        write_json(fault.document())
    else:
        _say_why(fault, hint)
    return fault.exit_code


def _say_why(fault: CommandFault, hint: str = "") -> None:
    console = make_console(is_error=True)
    say(console, Text.assemble(("parley: ", "bold red"), harmless(fault.message)))
    if hint:
        console.print(Text(hint, "dim"))


def _help_hint(arguments: Sequence[str]) -> str:
    named = [argument for argument in arguments[:1] if argument in COMMANDS or argument in GROUPS]
    return f"See `{' '.join(['parley', *named])} --help`."
