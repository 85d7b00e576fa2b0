"""`parley mcp`: the panels as tools of a program that starts this command and speaks MCP over its standard streams.

Standard output carries the protocol alone. It ends with standard input, on SIGTERM, and when nobody reads any more.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stdout
from types import FrameType
from typing import BinaryIO

from parley.cli.connection import Target, connect
from parley.cli.fault import output_closed
from parley.cli.mcp_bridge import Bridge
from parley.cli.options import Config, Url

MOST_LINE_BYTES = 64 * 1024 * 1024
"""Of one message: far more than any server takes; a bound so that a stream without line ends can't fill memory."""


class _Ended(BaseException):
    """SIGTERM came."""


def mcp(url: Url = None, config: Config = None) -> None:
    """Serve the panels as tools to a program that speaks MCP over standard input and output."""
    out = sys.stdout.buffer
    try:
        with redirect_stdout(sys.stderr), _heeding_sigterm(), connect(Target(url, config)) as client:
            _serve(Bridge(client, out))
    except _Ended:
        return


def _serve(bridge: Bridge) -> None:
    with closing(bridge):
        for line in _lines(sys.stdin.buffer, bridge):
            bridge.take(line)
        bridge.finish()
    if bridge.is_unread:
        raise output_closed()


def _lines(stream: BinaryIO, bridge: Bridge) -> Iterator[bytes]:
    """Yield each message until the stream ends; one that is far too long is refused and passed over."""
    while line := stream.readline(MOST_LINE_BYTES):
        if line.endswith(b"\n") or len(line) < MOST_LINE_BYTES:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(MOST_LINE_BYTES)
        bridge.refuse(f"A message of over {MOST_LINE_BYTES} bytes was dropped; send less.")


@contextmanager
def _heeding_sigterm() -> Iterator[None]:
    """End the block in order on SIGTERM: calls are cancelled, and what they used is settled."""
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise _Ended
