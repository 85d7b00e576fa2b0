"""A proxy that loses answers: the server has given them, and the client is cut off.

with losing_proxy(live.url, answers=1) as proxy:
    ... call proxy.url: the first answer is lost, the next ones pass ...
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from relay import Exchange, Lost, relay


@dataclass
class Proxy:
    """`answers` are those that the server gave, lost ones too: status and whether it was a replay."""

    url: str
    answers: list[tuple[int, bool]] = field(default_factory=list)


@contextmanager
def losing_proxy(upstream: str, answers: int) -> Iterator[Proxy]:
    """Run a proxy in front of `upstream` that loses the first so many answers."""

    def see(exchange: Exchange) -> None:
        proxy.answers.append((exchange.status, exchange.answered["Idempotent-Replayed"] == "true"))
        if len(proxy.answers) <= answers:
            raise Lost

    with relay(upstream, see) as url:
        proxy = Proxy(url)
        yield proxy
