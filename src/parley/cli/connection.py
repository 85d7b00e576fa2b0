"""Where a command's requests go: to a running server, or to the whole gateway in this process.

The gateway in process listens on a free loopback port with a key that only this process knows, so that nobody else on
the machine can use it while it is up.
"""

import importlib
import logging
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from parley.cli.client import Client
from parley.cli.fault import CommandFault, ExitCode, misused
from parley.config import Config, ConfigError, load_config, read_environment

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Target:
    """What the options say: a server's address, or the file of the gateway in process (None: the usual places)."""

    url: str | None = None
    config: Path | None = None


@contextmanager
def connect(target: Target) -> Iterator[Client]:
    """Give the block a client of the target; raises CommandFault."""
    if not target.url:
        with in_process(read_config(target.config)) as client:
            yield client
        return
    if target.config is not None:
        raise misused("--config is for the gateway in process; with --url or PARLEY_URL, leave it out.")
    yield Client(target.url, read_environment().get("PARLEY_API_KEY"))


@contextmanager
def in_process(config: Config) -> Iterator[Client]:
    """Run the gateway of `config` while the block lasts; raises CommandFault if it can't start."""
    # Slow to load, and not needed by whoever asks a running server.
    app, serving = (importlib.import_module(f"parley.{name}") for name in ("app", "server"))
    key = secrets.token_urlsafe(_KEY_BYTES)
    server = replace(
        config.server,
        host="127.0.0.1",
        workers=1,
        auth="keys",
        admin_key=key,
        cors_origins=(),
        root_path="",
        trusted_proxies=(),
        shutdown_grace_s=0,
    )
    try:
        with serving.local_server(replace(config, server=server), app.Fittings(log_level=logging.ERROR)) as url:
            yield Client(url, key)
    except app.START_FAULTS as error:
        raise start_fault(error) from error


def read_config(path: Path | None, overrides: Mapping[str, str] = MappingProxyType({})) -> Config:
    """Return the configuration of file and environment, `overrides` before either; raises CommandFault."""
    try:
        return load_config(path, {**read_environment(), **overrides})
    except ConfigError as error:
        raise CommandFault(ExitCode.USAGE, "config", str(error)) from error


def start_fault(error: Exception) -> CommandFault:
    return CommandFault(ExitCode.USAGE, "start", str(error))
