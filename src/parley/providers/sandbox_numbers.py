"""Numbers that fit a schema: the nearest to a wish that keeps bounds and multiples."""

from fractions import Fraction

from parley.domain.json import JsonObject, JsonValue


def fit_number(wish: Fraction | None, schema: JsonObject, *, is_integer: bool, variant: int = 0) -> int | float:
    """Return the number nearest to `wish` (None: none) that `schema` allows; `variant` counts on from there."""
    low, high, step = _bounds(schema, is_integer=is_integer)
    value = _start(low, high) if wish is None else wish
    value = _clamp(value, low, high)
    if step:
        value = _on_step(value, step, low, high) + variant * step
        if high is not None and value > high:
            value = _on_step(_clamp(value - 2 * variant * step, low, high), step, low, high)
    else:
        value = _wrap(value + variant * _gap(low, high), low, high)
    if is_integer or value.denominator == 1:
        return value.numerator // value.denominator
    return float(value)


def _bounds(schema: JsonObject, *, is_integer: bool) -> tuple[Fraction | None, Fraction | None, Fraction | None]:
    step = _exact(schema.get("multipleOf"))
    step = step if step is not None and step > 0 else None
    if is_integer:
        step = Fraction(1) if step is None else Fraction(step.numerator)
    low, high = _exact(schema.get("minimum")), _exact(schema.get("maximum"))
    above, below = _exact(schema.get("exclusiveMinimum")), _exact(schema.get("exclusiveMaximum"))
    room = step or _gap(_largest(low, above), _smallest(high, below))
    if above is not None and (low is None or above >= low):
        low = above + room if step is None or (above / step).denominator == 1 else above
    if below is not None and (high is None or below <= high):
        high = below - room if step is None or (below / step).denominator == 1 else below
    return low, high, step


def _exact(value: JsonValue) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return Fraction(str(value))
    except ValueError:  # infinite, or not a number
        return None


def _largest(one: Fraction | None, two: Fraction | None) -> Fraction | None:
    return max((value for value in (one, two) if value is not None), default=None)


def _smallest(one: Fraction | None, two: Fraction | None) -> Fraction | None:
    return min((value for value in (one, two) if value is not None), default=None)


def _gap(low: Fraction | None, high: Fraction | None) -> Fraction:
    """Return a small distance that stays inside the bounds."""
    return (high - low) / 128 if low is not None and high is not None and high > low else Fraction(1)


def _start(low: Fraction | None, high: Fraction | None) -> Fraction:
    """Return where to begin without a wish: 0, or the middle of what is allowed."""
    if low is not None and high is not None:
        return (low + high) / 2
    return _clamp(Fraction(0), low, high)


def _clamp(value: Fraction, low: Fraction | None, high: Fraction | None) -> Fraction:
    if low is not None and value < low:
        return low
    return high if high is not None and value > high else value


def _wrap(value: Fraction, low: Fraction | None, high: Fraction | None) -> Fraction:
    """Return `value`, of one that has passed `high` what is left of it from `low` on, or below `high`."""
    if high is None or value <= high:
        return value
    if low is None:
        return 2 * high - value
    return low + (value - low) % (high - low) if high > low else low


def _on_step(value: Fraction, step: Fraction, low: Fraction | None, high: Fraction | None) -> Fraction:
    nearest = round(value / step) * step
    if low is not None and nearest < low:
        return nearest + step
    return nearest - step if high is not None and nearest > high else nearest
