"""The server process: one listening socket, uvicorn on uvloop, an orderly end.

On SIGTERM: no new connection is accepted, running requests may end within `shutdown_grace_s`, then the rest is told
`shutting_down` and ended.
"""

import asyncio
import gc
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import uvicorn
import uvloop

from parley.app import Fittings, House, assemble
from parley.config import Config
from parley.domain.settings import ServerSettings
from parley.wire.protocol import BoundedProtocol
from parley.wire.runs import Runs

_BACKLOG = 2048
_MOST_UNSENT_BYTES = 65_536
"""What the kernel takes of an answer before it has to go out: else megabytes hide whether a client reads at all."""

_START_TIMEOUT_S = 30.0
_PLAIN = Fittings()
_MOST_FILES = 262_144
_YOUNG_OBJECTS = 20_000
_GENERATIONS = 10
"""Requests leave hardly any cycles behind, and a search for garbage looks at all that runs."""

_LAST_WORDS_S = 5
"""How long the responses that were told to end may take to say so."""


def raise_file_limit() -> None:
    """Take as many open files as this process may have: each seat is a connection, and 1,024 are the usual limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(ValueError, OSError):  # a system may allow less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def calm_collector() -> None:
    """Let this process's garbage collector forget what the start has built, and look seldom; for servers alone."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, _GENERATIONS, _GENERATIONS)


class Server(uvicorn.Server):
    """Uvicorn, with a grace period that ends in an answer."""

    def __init__(
        self, config: uvicorn.Config, runs: Runs, grace_s: float, announce: "Callable[[Server], None]"
    ) -> None:
        super().__init__(config)
        self._runs = runs
        self._grace_s = grace_s
        self._announce = announce

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End in order; unlike uvicorn, do not raise the signal again: an orderly end is exit status 0."""
        super().handle_exit(sig, frame)
        self._captured_signals.clear()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Announce only now: whoever reads it may send a signal, and from here on it ends the server in order."""
        await super().startup(sockets)
        self._announce(self)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._runs.begin_closing()
        stop = asyncio.get_running_loop().call_later(self._grace_s, self._runs.stop)
        try:
            await super().shutdown(sockets)
        finally:
            stop.cancel()


Announce = Callable[[House, Server], None]


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _MOST_UNSENT_BYTES)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def address(listener: socket.socket) -> str:
    """Return the URL at which `listener` is reached from this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # shown, never bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(config: Config, listener: socket.socket, announce: Announce, fittings: Fittings) -> None:
    """Assemble the house and serve until told to end; `announce` is called once it has started."""
    house = await assemble(config, fittings)
    try:
        grace_s = config.server.shutdown_grace_s
        uvicorn_config = _uvicorn_config(house, config.server, fittings)
        server = Server(uvicorn_config, house.runs, grace_s, lambda server: announce(house, server))
        async with asyncio.TaskGroup() as group:
            keepers = [group.create_task(keep()) for keep in house.keepers]
            try:
                await server.serve(sockets=[listener])
                await house.ledger.drain()
            finally:
                for keeper in keepers:
                    keeper.cancel()
    finally:
        await house.close()


def run(config: Config, listener: socket.socket, announce: Announce, fittings: Fittings = _PLAIN) -> None:
    """Serve in this thread, on a loop of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(config, listener, announce, fittings))


@contextmanager
def local_server(
    config: Config, fittings: Fittings = _PLAIN, meet: Callable[[House], None] = lambda _house: None
) -> Iterator[str]:
    """Run a server in a thread on a free loopback port while the block lasts; yields its URL.

    `meet` is shown the house before anything is served. Raises what stopped the start.
    """
    listener = listen("127.0.0.1", 0)
    thread = _ServerThread(config, listener, fittings, meet)
    thread.start()
    try:
        thread.wait_ready(_START_TIMEOUT_S)
        yield address(listener)
    finally:
        thread.stop()
        listener.close()


class _ServerThread(threading.Thread):
    def __init__(
        self, config: Config, listener: socket.socket, fittings: Fittings, meet: Callable[[House], None]
    ) -> None:
        super().__init__(name="parley-server", daemon=True)
        self._meet = meet
        self._config = config
        self._listener = listener
        self._fittings = fittings
        self._server: Server | None = None
        self._announced = threading.Event()
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            run(self._config, self._listener, self._announce, self._fittings)
        except BaseException as error:  # noqa: BLE001  # handed to the thread that waits for this one
            self._error = error
        finally:
            self._announced.set()

    def _announce(self, house: House, server: Server) -> None:
        self._meet(house)
        self._server = server
        self._announced.set()

    def wait_ready(self, timeout_s: float) -> None:
        """The socket listens from the start, so that a request sent now simply waits until the server takes it."""
        if not self._announced.wait(timeout_s):
            raise TimeoutError(f"The server did not start within {timeout_s:g} s.")
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """End the server, also one that is still starting: interrupted before it is ready, it would serve for ever."""
        if not self._announced.wait(_START_TIMEOUT_S):
            return
        if self._server is not None:
            self._server.should_exit = True
        self.join()


def _uvicorn_config(house: House, settings: ServerSettings, fittings: Fittings) -> uvicorn.Config:
    return uvicorn.Config(
        house.app,
        http=BoundedProtocol.patient(fittings.patience, settings.write_timeout_s),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        root_path=settings.root_path,
        timeout_graceful_shutdown=round(settings.shutdown_grace_s) + _LAST_WORDS_S,
    )
