"""The engine on a scripted provider and on virtual time: no socket, no waiting, the same run every time."""

import asyncio
import random
import selectors
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from parley.catalog.catalog import Catalog
from parley.domain.errors import FailureCode, SeatFailure, UpstreamFailure
from parley.domain.events import Event
from parley.domain.messages import Role, text_message
from parley.domain.models import Dialect
from parley.domain.run import PanelRequest, PanelResult, SeatRequest, Summary
from parley.domain.settings import DeploymentSettings, ModelSettings, PanelPreset, PanelSettings, ProviderSettings
from parley.domain.usage import Price, Rates
from parley.gate.admission import Admission
from parley.gate.keyring import Caller
from parley.gate.limits import MemoryLimiter
from parley.gateway import Gateway, Origin
from parley.panel.breaker import Breakers
from parley.panel.plan import Planner
from parley.panel.seat import SeatTools
from parley.providers.provider import CallLimits
from parley.providers.scripted import Script, ScriptedProvider

T = TypeVar("T")
CALLER = Caller("key_test", "test", is_admin=False)
PRICE = Price(Rates(Decimal(1), Decimal(2)))


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for a timer, moves the clock to it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("nothing is left to wait for: the test would hang")
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes at once."""

    def __init__(self) -> None:
        self.jumping = _JumpingSelector()
        super().__init__(self.jumping)

    def time(self) -> float:
        return self.jumping.now


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end on virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def failing(
    code: FailureCode = FailureCode.UPSTREAM_ERROR,
    *,
    is_transient: bool = False,
    trips_breaker: bool = False,
    retry_after_s: float | None = None,
) -> UpstreamFailure:
    """Return a failure as a provider raises it."""
    failure = SeatFailure(code, f"The provider says {code}.", retry_after_s=retry_after_s)
    return UpstreamFailure(failure, is_transient=is_transient, trips_breaker=trips_breaker, status=500)


@dataclass
class Bench:
    """One engine: models `a`, `b`, … each a script (or several, one per call) of the provider `p`."""

    scripts: dict[str, Sequence[Script]]
    deployments: dict[str, tuple[str, ...]] = field(default_factory=dict)
    context_length: int | None = None
    settings: PanelSettings = field(default_factory=PanelSettings)
    seed: int = 7

    def __post_init__(self) -> None:
        self.provider = ScriptedProvider(self.scripts)
        self.events: list[Event] = []
        names = {name: (name,) for name in self.scripts} | self.deployments
        models = [
            ModelSettings(
                name,
                tuple(DeploymentSettings("p", place) for place in places),
                price=PRICE,
                context_length=self.context_length,
                supports_structured_output=True,
            )
            for name, places in names.items()
        ]
        self._models = models
        catalog = self.catalog_with(())
        rng = random.Random(self.seed)
        self.tools = SeatTools(
            providers={"p": self.provider},
            breakers=Breakers(self.now),
            limits=CallLimits(),
            clock=self.now,
            sleep=asyncio.sleep,
            rng=rng,
        )
        self.gateway = Gateway(Planner(catalog, self.settings, rng), self.tools, Admission(MemoryLimiter(time.time)))

    def catalog_with(self, panels: Sequence[PanelPreset]) -> Catalog:
        provider = ProviderSettings("p", Dialect.OPENAI, base_url="http://127.0.0.1:1/v1")
        return Catalog([provider], self._models, panels)

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def run(self, request: PanelRequest) -> PanelResult:
        ticket = await self.gateway.open(Origin(CALLER, "req_test"), request)
        return await self.gateway.run(ticket, self.events.append)

    def ask(self, request: PanelRequest) -> PanelResult:
        """Run one request on virtual time."""
        return run_virtual(self.run(request))

    def of(self, kind: type[T]) -> list[T]:
        """Return the events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]


def panel(*models: str, **fields: Any) -> PanelRequest:
    """Return a request of `models` with a one-line question; `fields` override any field of PanelRequest."""
    given: dict[str, Any] = {
        "panel_id": "rt_test",
        "seats": tuple(SeatRequest(model) for model in models),
        "conversation": (text_message(Role.USER, "What is the capital of France?"),),
        "resolution": Summary(),
    }
    return PanelRequest(**{**given, **fields})
