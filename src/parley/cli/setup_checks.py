"""What can be wrong with a set-up before any provider is asked: file, store, limiter, port, who may come in.

Nothing is changed. A running server on the port is no fault: the doctor may well look at its set-up.
"""

import asyncio
import http.client
from collections.abc import Iterable

from parley.app import inspect_setup
from parley.cli.listening import why_deaf
from parley.config import Config
from parley.config.sections import is_loopback
from parley.domain.checkup import Checkup, Finding, error, note, warning
from parley.domain.settings import ServerSettings
from parley.server import listen

_PROBE_S = 2.0


def check_setup(config: Config) -> tuple[Checkup, ...]:
    """Return one checkup for each part of the server's own set-up."""
    return (
        Checkup("configuration", tuple(_notes(config))),
        *asyncio.run(inspect_setup(config)),
        Checkup("port", tuple(_port(config.server))),
        Checkup("access", tuple(_access(config.server))),
    )


def _notes(config: Config) -> Iterable[Finding]:
    """What the server would say at its start; a key that is not set is told with its provider."""
    keyless = tuple(f"provider {each.name}: the variable {each.api_key_env} is not set" for each in config.providers)
    for sentence in config.notes:
        if not sentence.startswith(keyless):
            yield warning("start_note", f"{sentence[:1].upper()}{sentence[1:]}.")


def _port(server: ServerSettings) -> Iterable[Finding]:
    if server.port == 0:
        return
    try:
        listener = listen(server.host, server.port)
    except OSError as fault:
        message, step = why_deaf(fault, server.host, server.port)
        if _is_parley(server):
            yield note("running", f"A Parley listens on {server.host}, port {server.port} already.")
        else:
            yield error("port", f"{message}.", f"{step[:1].upper()}{step[1:]}.")
    else:
        listener.close()


def _is_parley(server: ServerSettings) -> bool:
    """Whether who listens there answers as Parley does."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(server.host, server.host)
    connection = http.client.HTTPConnection(host, server.port, timeout=_PROBE_S)
    try:
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        return response.read(64) == b'{"status":"ok"}' and response.getheader("x-request-id") is not None
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _access(server: ServerSettings) -> Iterable[Finding]:
    is_open = server.auth == "open"
    if is_open and "*" in server.cors_origins:
        told = 'auth = "open" takes no "*" in cors_origins: pages of other origins are refused.'
        yield warning("cors_star", told, 'Name the pages that may use it, or set auth = "keys".')
    elif is_open and server.cors_origins:
        told = f'auth = "open": the pages of {", ".join(server.cors_origins)} can spend your money without a key.'
        yield warning("open_to_pages", told, 'If that is too much, set auth = "keys".')
    if is_loopback(server.host):
        return
    if not server.trusted_proxies:
        yield warning(
            "plain_http",
            f"The server listens on {server.host} without TLS: keys and answers could be read on the way.",
            "Put a proxy with TLS before it and name it in server.trusted_proxies, or listen on 127.0.0.1.",
        )
    if server.metrics_open:
        told = f"metrics_open: whoever reaches {server.host} reads names of models, traffic and cost at /metrics."
        yield warning("metrics_public", told, "Leave metrics_open out, or let the proxy refuse /metrics.")
