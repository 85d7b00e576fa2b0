"""What a run found: a figure's values over the rounds, their median and spread, and its budget."""

from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median

from bench.scenarios import Budget, Scenario
from bench.trial import Figures


@dataclass(frozen=True, slots=True)
class Found:
    """One figure of one scenario on one target."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def low(self) -> float:
        return min(self.values)

    @property
    def high(self) -> float:
        return max(self.values)


@dataclass(slots=True)
class Findings:
    """All figures of a run, by scenario, figure and target; and what failed, by scenario and target."""

    rounds: dict[tuple[str, str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, scenario: Scenario, target: str, figures: Figures) -> None:
        for figure, value in figures.items():
            self.rounds[scenario.name, figure, target].append(value)

    def find(self, scenario: str, figure: str, target: str) -> Found | None:
        values = self.rounds.get((scenario, figure, target))
        return Found(tuple(values)) if values else None

    def figures(self, scenario: str) -> list[str]:
        """Return the names of a scenario's figures, in the order in which they were measured."""
        return list(dict.fromkeys(figure for name, figure, _ in self.rounds if name == scenario))

    def is_within(self, scenario: str, budget: Budget, target: str) -> bool | None:
        """Say whether a target keeps a budget, as far as what it is held against was measured; None without figures."""
        found = self.find(scenario, budget.figure, target)
        if found is None:
            return None
        most = [budget.most] if budget.most is not None else []
        floor = self.find(scenario, budget.figure, "floor")
        if budget.of_floor is not None and floor is not None:
            most.append(budget.of_floor * floor.median)
        if budget.of_other is not None and (other := self.find(budget.of_other[0], budget.figure, target)):
            most.append(budget.of_other[1] * other.median)
        return all(found.median <= each for each in most) and (budget.least is None or found.median >= budget.least)
