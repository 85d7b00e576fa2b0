"""Numbers that grow, by label values. Written by one thread alone, and cheap: a count costs one look-up."""

from bisect import bisect_left
from dataclasses import dataclass, field

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A number that was read just now."""

    name: str
    meaning: str
    value: float
    is_counter: bool = False


class Counts:
    """How often, or how much, for each combination of label values."""

    def __init__(self, name: str, meaning: str, labels: Labels) -> None:
        self.name = name
        self.meaning = meaning
        self.labels = labels
        self._values: dict[Labels, float] = {}

    def add(self, labels: Labels, amount: float = 1) -> None:
        self._values[labels] = self._values.get(labels, 0.0) + amount

    def values(self) -> dict[Labels, float]:
        """Return a copy, which any thread may read."""
        return self._values.copy()


@dataclass(slots=True)
class Spread:
    """How many times fell into each bucket, the last without an upper bound, and their sum."""

    counts: list[int]
    sum_s: float = field(default=0.0)


class Times:
    """How long, by buckets with the upper `bounds`, for each combination of label values."""

    def __init__(self, name: str, meaning: str, labels: Labels, bounds: tuple[float, ...]) -> None:
        self.name = name
        self.meaning = meaning
        self.labels = labels
        self.bounds = bounds
        self._values: dict[Labels, Spread] = {}
        if not labels:
            self._values[()] = self._new()

    def add(self, labels: Labels, seconds: float) -> None:
        spread = self._values.get(labels)
        if spread is None:
            spread = self._values[labels] = self._new()
        spread.counts[bisect_left(self.bounds, seconds)] += 1
        spread.sum_s += seconds

    def values(self) -> dict[Labels, Spread]:
        """Return a copy, which any thread may read; its rows go on growing."""
        return self._values.copy()

    def _new(self) -> Spread:
        return Spread([0] * (len(self.bounds) + 1))
