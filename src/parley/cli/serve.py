"""`parley serve` and `parley record`: the server in the foreground, until SIGTERM or Ctrl-C.

What keeps it from starting is one sentence and exit code 2. Standard output says where it listens; logs go to standard
error.
"""

import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from parley.app import START_FAULTS, Fittings, House, open_recorder
from parley.cli.connection import read_config, start_fault
from parley.cli.fault import misused
from parley.cli.listening import why_deaf
from parley.cli.options import Config as ConfigOption
from parley.cli.options import Json
from parley.cli.questions import ABOUT_EMBEDDED
from parley.cli.terminal import count, make_console, say, write_json
from parley.config import Config
from parley.domain.json import JsonObject
from parley.domain.models import Model
from parley.server import Server, address, calm_collector, listen, raise_file_limit, run
from parley.workers import NotStarted, Workers

Host = Annotated[
    str | None, typer.Option("--host", help="Address to listen on, instead of server.host.", show_default=False)
]
Port = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65_535, help="0 takes a free one; instead of server.port.", show_default=False),
]


def serve(host: Host = None, port: Port = None, config: ConfigOption = None, is_json: Json = False) -> None:
    """Run the server."""
    _serve(_settings(config, host, port), Fittings(), is_json)


def record(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where rows are appended: .jsonl, or .jsonl.gz.")],
    host: Host = None,
    port: Port = None,
    config: ConfigOption = None,
    is_json: Json = False,
) -> None:
    """Run the server and record its traffic for replay."""
    settings = _settings(config, host, port)
    # One file has one writer: several would write into each other's rows.
    settings = replace(settings, server=replace(settings.server, workers=1))
    try:
        recorder = open_recorder(out)
    except OSError as error:
        raise misused(f"--out {out} can't be written: {error.strerror}.") from error
    with closing(recorder):
        _serve(settings, Fittings(make_readers=lambda: (recorder.reader(),)), is_json, out)
        notes = make_console(is_error=True)
        notes.print(f"Recorded {count(recorder.rows, 'row')} in {out}.", soft_wrap=True)
        if recorder.lost_rows:
            notes.print(f"{count(recorder.lost_rows, 'row')} could not be written.", soft_wrap=True)


def _settings(path: Path | None, host: str | None, port: int | None) -> Config:
    """Return the configuration with what the options say, held to the same rules."""
    said = {"PARLEY_SERVER_HOST": host, "PARLEY_SERVER_PORT": None if port is None else str(port)}
    return read_config(path, {name: value for name, value in said.items() if value is not None})


def _serve(config: Config, fittings: Fittings, is_json: bool, out: Path | None = None) -> None:
    listener = _listen(config.server.host, config.server.port)
    raise_file_limit()
    tell = _announcer(config, listener, is_json, out)

    def announce(house: House, server: Server) -> None:
        tell(house, server)
        calm_collector()

    def work(is_first: bool, say_ready: Callable[[], None]) -> None:
        def announced(house: House, server: Server) -> None:
            if is_first:
                announce(house, server)
            else:
                calm_collector()
            say_ready()

        run(config, listener, announced, fittings)

    with closing(listener):
        try:
            if config.server.workers > 1:
                raise typer.Exit(Workers(config.server.workers, work, START_FAULTS).run())
            run(config, listener, announce, fittings)
        except (*START_FAULTS, NotStarted) as error:
            raise start_fault(error) from error


def _listen(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except OSError as error:
        raise misused("; ".join(why_deaf(error, host, port)) + ".") from error


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is said once, when the server is ready."""

    url: str
    config: Config
    house: House
    out: Path | None

    def document(self) -> JsonObject:
        models: dict[str, list[Model]] = _by_provider(self.house)
        found: JsonObject = {
            "url": self.url,
            "config": None if self.config.source is None else str(self.config.source),
            "providers": [{"name": name, "models": len(rows)} for name, rows in models.items()],
            "panels": [f"panel/{panel.name}" for panel in self.house.catalog.panels()],
            "notes": [*self.config.notes],
        }
        if self.house.made_key is not None:
            found["admin_key"] = self.house.made_key
        if self.out is not None:
            found["recording_to"] = str(self.out)
        return found

    def show(self, console: Console) -> None:
        console.print(Text.assemble("Parley listens on ", (self.url, "bold")), soft_wrap=True)
        source = "no file, built-in defaults" if self.config.source is None else str(self.config.source)
        say(console, f"Configuration: {source}")
        for name, rows in _by_provider(self.house).items():
            say(console, f"  {name}: {_found(rows)}")
        for panel in self.house.catalog.panels():
            say(console, f"  panel/{panel.name}: {', '.join(panel.models)}")
        for note in self.config.notes:
            say(console, Text(f"Note: {note}.", "yellow"))
        if self.out is not None:
            say(console, f"Recording to {self.out}: it will hold prompts and answers.")
        self._show_key(console)
        console.print(f"Console: {self.url}/ · Reference: {self.url}/docs · Ctrl-C stops the server.", soft_wrap=True)

    def _show_key(self, console: Console) -> None:
        server = self.config.server
        if server.auth == "open":
            say(console, Text('No key is needed: auth = "open". Every program on this machine can use it.', "yellow"))
        elif server.admin_key is not None:
            say(console, "Key: the one in PARLEY_ADMIN_KEY.")
        elif self.house.made_key is None:
            say(console, "Key: made on an earlier start. If it is lost, set PARLEY_ADMIN_KEY to a new one.")
        if self.house.made_key is None:
            return
        console.print()
        console.print(Text("The admin key, made on this first start. It is shown only now: keep it.", "bold"))
        console.print(Text(f"  export PARLEY_API_KEY={self.house.made_key}"), soft_wrap=True)
        console.print("Clients send it as the header `Authorization: Bearer …`.")
        console.print()


def _announcer(
    config: Config, listener: socket.socket, is_json: bool, out: Path | None
) -> Callable[[House, Server], None]:
    def announce(house: House, _server: Server) -> None:
        said = Announcement(address(listener), config, house, out)
        if is_json:
            write_json(said.document())
        else:
            said.show(make_console())

    return announce


def _by_provider(house: House) -> dict[str, list[Model]]:
    """Return the listed models by provider; one that lists none is there too: its models can be asked by name."""
    found: dict[str, list[Model]] = {name: [] for name in house.providers}
    for model in house.catalog.models():
        found[model.deployments[0].provider].append(model)
    return found


def _found(rows: list[Model]) -> str:
    if rows and all(model.is_sandbox for model in rows):
        names = ", ".join(model.name.partition("/")[2] for model in rows)
        return f"{count(len(rows), 'model')} ({names}). {ABOUT_EMBEDDED}"
    return f"{count(len(rows), 'model')} listed; any other is asked as <provider>/<model>"
