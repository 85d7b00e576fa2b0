"""Other gateways as servers under test, each in an environment of its own. Three single calls make a panel of three."""

from collections.abc import Callable

from bench.parley import Setup
from bench.target import Target

PEERS: dict[str, Callable[[Setup], Target]] = {}
