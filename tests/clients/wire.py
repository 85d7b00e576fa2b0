"""A wire server in its own thread that plays a script to each API key, so that many calls can be under way at once.

with running_wire() as wire:
    key = wire.script(json_reply(...), CUT_AT_ONCE)
    ... call wire.url with that key ...
    wire.asked_with(key)
"""

import asyncio
import itertools
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from wire_server import CUT, Reply, Request, WireServer

CUT_AT_ONCE = Reply((CUT,))
_NO_KEY = ""


class Wire(WireServer):
    """Plays to each key the replies that were scripted for it, the last one again and again."""

    def __init__(self) -> None:
        super().__init__()
        self._scripts: dict[str, tuple[Reply, ...]] = {}
        self._asked: defaultdict[str, list[Request]] = defaultdict(list)
        self._times: defaultdict[str, list[float]] = defaultdict(list)

    def script(self, *replies: Reply) -> str:
        """Return a new key that is answered with `replies`, in this order."""
        key = f"wire_{secrets.token_hex(16)}"
        self._scripts[key] = replies
        return key

    def script_without_key(self, *replies: Reply) -> None:
        """Answer requests that carry no key with `replies`."""
        self._scripts[_NO_KEY] = replies

    def asked_with(self, key: str = _NO_KEY) -> list[Request]:
        """Return the requests that carried this key, in the order of their arrival."""
        return self._asked[key]

    def waits_s(self, key: str) -> list[float]:
        """Return the seconds between one request and the next of this key."""
        times = self._times[key]
        return [later - earlier for earlier, later in itertools.pairwise(times)]

    def reply_to(self, request: Request) -> Reply:
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        self._asked[key].append(request)
        self._times[key].append(time.monotonic())
        replies = self._scripts[key]
        return replies[min(len(self._asked[key]), len(replies)) - 1]


@contextmanager
def running_wire() -> Iterator[Wire]:
    """Run a wire server until the block ends."""
    wire = Wire()
    with in_a_thread(wire):
        yield wire


@contextmanager
def in_a_thread(server: WireServer) -> Iterator[None]:
    """Run `server` on an event loop of its own until the block ends."""
    is_up, loop, end = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        async with server:
            is_up.set()
            await end.wait()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    is_up.wait()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
