"""A server in front of another that keeps what it was asked.

with recording(url) as recorder:
    ... ask recorder.url ...
    recorder.taken()
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from relay import Exchange, relay


@dataclass
class Recorder:
    """`url` is to be asked in place of the server behind it."""

    url: str
    kept: list[Exchange] = field(default_factory=list)

    def taken(self) -> list[Exchange]:
        """Return the requests since the last time, in their order."""
        taken, self.kept = self.kept, []
        return taken


@contextmanager
def recording(upstream: str) -> Iterator[Recorder]:
    """Run a recorder until the block ends."""
    with relay(upstream, lambda exchange: recorder.kept.append(exchange)) as url:
        recorder = Recorder(url)
        yield recorder
