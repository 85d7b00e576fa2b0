"""The meter: reads a run's events and adds up what was used, also when the run is cut short."""

from decimal import Decimal

from parley.domain.events import AttemptEnded, Event


class Meter:
    """What one run has cost so far. `is_complete` is false once a call's price was not known."""

    def __init__(self) -> None:
        self.cost_usd = Decimal(0)
        self.is_complete = True

    def __call__(self, event: Event) -> None:
        if not isinstance(event, AttemptEnded):
            return
        price = event.deployment.price
        if price is not None:
            self.cost_usd += price.cost_usd(event.usage)
        elif event.usage.total_tokens:
            self.is_complete = False
