"""The table of a conformance run, case by language: gathered test by test, printed and written down at the end."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

_WIDTH = 90
_LEAST = 12


@dataclass
class Table:
    """What became of each case in each language, and the names of the parts of cases that did not pass."""

    languages: tuple[str, ...]
    cells: dict[str, dict[str, Counter[str]]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def add(self, case: tuple[str, str], language: str, outcome: str) -> None:
        """Record one result: `case` is its row and which part of it, `outcome` ok, FAILED or skipped."""
        row, part = case
        self.cells.setdefault(row, {}).setdefault(language, Counter())[outcome] += 1
        if outcome == "FAILED":
            self.faults.append(f"{language}: {row} [{part}]")

    def text(self) -> str:
        """Return the table, then what failed, then a sentence for each language."""
        asked = [name for name in self.languages if any(name in row for row in self.cells.values())]
        rule = _line("-" * _WIDTH, ["-" * max(len(name), _LEAST) for name in asked])
        rows = [_line(title, [_cell(row.get(name)) for name in asked]) for title, row in self.cells.items()]
        return "\n".join([_line("", asked), rule, *rows, rule, *self.faults, *self.totals(asked), ""])

    def totals(self, languages: Iterable[str]) -> list[str]:
        """Return one sentence for each of `languages` that took part."""
        return [self._total(name) for name in languages if any(name in row for row in self.cells.values())]

    def _total(self, language: str) -> str:
        counts: Counter[str] = sum((row.get(language, Counter()) for row in self.cells.values()), Counter())
        return f"{language}: " + ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())


def _cell(counts: Counter[str] | None) -> str:
    """Say how many parts of a case passed: `ok` for one, `47 ok` for many, `FAILED 1 of 47`."""
    if not counts:
        return ""
    for outcome in ("FAILED", "skipped"):
        if counts[outcome]:
            return f"{outcome} {counts[outcome]} of {counts.total()}"
    return "ok" if counts.total() == 1 else f"{counts.total()} ok"


def _line(first: str, cells: list[str]) -> str:
    return "  ".join([first[:_WIDTH].ljust(_WIDTH), *(cell.ljust(_LEAST) for cell in cells)]).rstrip()
