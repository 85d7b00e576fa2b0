"""Money as the store keeps it: whole picodollars (1e-12 US dollars), so that sums are exact."""

from decimal import ROUND_HALF_EVEN, Decimal

_PICO = Decimal(1_000_000_000_000)


def to_pico(usd: Decimal) -> int:
    """Return `usd` in picodollars; the cost of a call is rounded to them where it is computed, in `Price`."""
    return int((usd * _PICO).to_integral_value(ROUND_HALF_EVEN))


def from_pico(pico: int) -> Decimal:
    """Return picodollars as US dollars, without trailing zeros and without an exponent."""
    usd = Decimal(pico) / _PICO
    return usd.quantize(Decimal(1)) if usd == usd.to_integral_value() else usd.normalize()


def usd_text(pico: int | None) -> str | None:
    """Return picodollars as the decimal string of contracts/gateway.md, None where they are not known."""
    return None if pico is None else format(from_pico(pico), "f")
