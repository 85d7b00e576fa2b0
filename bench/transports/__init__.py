"""HTTP clients that could stand behind `providers/transport.py`, measured on the same calls to the same stub.

`python -m bench.transports` does it. Each client is a module here with a class `Client`, behind the protocol below, and
runs in processes of its own, in an environment that the server does not share.
"""

from collections.abc import AsyncIterator
from typing import Protocol

__all__ = ["AUTHORITY", "HEADERS", "Transport"]

AUTHORITY = "127.0.0.1"
HEADERS = {
    "authorization": "Bearer sk-benchmark",
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
    "accept-encoding": "identity",
    "user-agent": "parley-benchmark",
}


class Transport(Protocol):
    """What the server needs of a client. Made in a running loop; no redirects, nothing from the environment."""

    async def whole(self, path: str, body: bytes) -> bytes:
        """POST and return the whole body of the answer."""
        ...

    def reads(self, path: str, body: bytes) -> AsyncIterator[bytes]:
        """POST and yield the body as it comes; closing the iterator closes the connection."""
        ...

    async def close(self) -> None: ...
