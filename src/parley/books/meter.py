"""The meter: reads a run's events and adds up what was used, also when the run is cut short."""

from decimal import Decimal

from parley.domain.events import AttemptEnded, CallRole, Event


class Meter:
    """What one run has cost so far, call by call as the ledger bills it: all attempts of a seat are one call.

    A call of which any attempt's price is not known has no cost; then `is_complete` is false.
    """

    def __init__(self) -> None:
        self._calls: dict[tuple[CallRole, int], Decimal | None] = {}

    def __call__(self, event: Event) -> None:
        if not isinstance(event, AttemptEnded):
            return
        call = (event.role, event.seat_index)
        known = self._calls.get(call, Decimal(0))
        if event.cost_usd is not None and known is not None:
            self._calls[call] = known + event.cost_usd
        elif event.usage.total_tokens:
            self._calls[call] = None

    @property
    def cost_usd(self) -> Decimal:
        """What is known, added up."""
        return sum((cost for cost in self._calls.values() if cost is not None), Decimal(0))

    @property
    def is_complete(self) -> bool:
        return all(cost is not None for cost in self._calls.values())
