"""How many requests a key may make: the windows, and how full each is. Source: contracts/gateway.md, "Limits"."""

from enum import StrEnum

from parley.domain.quick import dataclass

MINUTE_S = 60
DAY_S = 86_400


class WindowName(StrEnum):
    """RPM is the last 60 s, sliding; RPD the calendar day, UTC."""

    RPM = "rpm"
    RPD = "rpd"


@dataclass(frozen=True, slots=True)
class Window:
    """At most `limit` requests in the time that `name` stands for."""

    name: WindowName
    limit: int

    @property
    def window_s(self) -> int:
        return MINUTE_S if self.name is WindowName.RPM else DAY_S


@dataclass(frozen=True, slots=True)
class LimitState:
    """How full a window is. `reset_s`: how long no more than `remaining` requests will be let in; above 0."""

    window: Window
    used: int
    reset_s: float

    @property
    def remaining(self) -> int:
        return max(0, self.window.limit - self.used)


def wait_s(states: tuple[LimitState, ...]) -> float:
    """Return how long until every window has a place again; 0 when each has one."""
    return max((state.reset_s for state in states if state.remaining == 0), default=0.0)
