"""The scenarios by name: each line of what is measured is one."""

from dataclasses import dataclass

from bench.instruments import Load
from bench.work import Upstream, Work

_PACED = Upstream(tokens=200, gap_us=10_000)
_WARM_UP_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Scenario:
    """Work under a load; with the time for one round of it."""

    name: str
    about: str
    work: Work
    load: Load

    def load_of(self, target_calls: int, share: float) -> Load:
        """Return the load where one unit of the work takes `target_calls` requests, for a share of the time."""
        return Load(self.load.connections * target_calls, self.load.seconds * share, self.load.rate_per_s)


_ALL = (
    Scenario("panel_fast", "panel of 3, `fast`, plain, at saturation", Work(), Load(32, 4)),
    Scenario("token_paced", "16 panel streams of 3, a token each 10 ms", Work(_PACED, is_stream=True), Load(16, 4)),
    Scenario("token_burst", "panel streams of 3, 200 tokens at once", Work(is_stream=True), Load(16, 4)),
    Scenario("chat", "chat completion, one model, plain, at saturation", Work(seats=1, is_chat=True), Load(32, 4)),
)
SCENARIOS = {scenario.name: scenario for scenario in _ALL}
