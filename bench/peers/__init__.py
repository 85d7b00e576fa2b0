"""Other gateways as servers under test, each in an environment of its own. Three single calls make a panel of three."""

from collections.abc import Callable

from bench.parley import Setup
from bench.peers.bifrost import Bifrost
from bench.peers.litellm import LiteLLM
from bench.peers.portkey import Portkey
from bench.target import Target

PEERS: dict[str, Callable[[Setup], Target]] = {"bifrost": Bifrost, "litellm": LiteLLM, "portkey": Portkey}
