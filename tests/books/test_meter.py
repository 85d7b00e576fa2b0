"""The meter adds up calls as the ledger bills them."""

from decimal import Decimal

from parley.books.meter import Meter
from parley.domain.events import AttemptEnded, CallRole
from parley.domain.models import Deployment
from parley.domain.usage import Price, Rates, Usage

PRICED = Deployment("p", "m", price=Price(Rates(Decimal(1), Decimal(2))))
UNPRICED = Deployment("q", "m")


def ended(deployment: Deployment, seat: int, usage: Usage, role: CallRole = CallRole.SEAT) -> AttemptEnded:
    cost = None if deployment.price is None else deployment.price.cost_usd(usage)
    return AttemptEnded(role, seat, 1, deployment, usage, 1, None, None, cost)


def read(*events: AttemptEnded) -> Meter:
    meter = Meter()
    for event in events:
        meter(event)
    return meter


def test_attempts_of_all_calls_are_added_up() -> None:
    used = Usage(1_000_000, 1_000_000)
    meter = read(ended(PRICED, 0, used), ended(PRICED, 0, used), ended(PRICED, 0, used, CallRole.CONSOLIDATION))
    assert (meter.cost_usd, meter.is_complete) == (Decimal(9), True)


def test_call_with_an_attempt_of_unknown_price_has_no_cost_at_all() -> None:
    used = Usage(1_000_000)
    meter = read(ended(PRICED, 0, used), ended(UNPRICED, 0, used), ended(PRICED, 1, used))
    assert (meter.cost_usd, meter.is_complete) == (Decimal(1), False)


def test_call_that_used_nothing_needs_no_price() -> None:
    meter = read(ended(UNPRICED, 0, Usage()), ended(PRICED, 0, Usage(1_000_000)))
    assert (meter.cost_usd, meter.is_complete) == (Decimal(1), True)
