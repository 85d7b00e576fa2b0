"""The table of a conformance run, case by language: gathered test by test, printed and written down at the end."""

from collections.abc import Iterable
from dataclasses import dataclass, field

_WIDTH = 100
_WORST_FIRST = ("FAILED", "skipped", "ok")


@dataclass
class Table:
    """What became of each case in each language; a case that ran in several parts is as good as its worst."""

    languages: tuple[str, ...]
    cells: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def add(self, case: tuple[str, str], language: str, outcome: str) -> None:
        """Record one result: `case` is its group and what is special about it, `outcome` ok, FAILED or skipped."""
        row = self.cells.setdefault(case, {})
        row[language] = min(outcome, row.get(language, outcome), key=_WORST_FIRST.index)

    def text(self) -> str:
        """Return the table; empty without results."""
        asked = [name for name in self.languages if any(name in row for row in self.cells.values())]
        if not asked:
            return ""
        lines = [_line("", asked), _line("-" * _WIDTH, ["-" * len(name) for name in asked], asked)]
        group = ""
        for (title, special), row in self.cells.items():
            outcomes = [row.get(name, "") for name in asked]
            if special and title != group:
                lines.append(title)
            lines.append(_line(f"  {special}" if special else title, outcomes, asked))
            group = title
        return "\n".join([*lines, "", *self.totals(asked), ""])

    def totals(self, languages: Iterable[str]) -> list[str]:
        """Return one sentence for each language."""
        return [self._total(name) for name in languages]

    def _total(self, language: str) -> str:
        outcomes = [row[language] for row in self.cells.values() if language in row]
        counts = {name: outcomes.count(name) for name in reversed(_WORST_FIRST) if name in outcomes}
        return f"{language}: " + ", ".join(f"{count} {name}" for name, count in counts.items())


def _line(first: str, cells: list[str], widths: list[str] | None = None) -> str:
    padded = [cell.ljust(max(len(width), 7)) for cell, width in zip(cells, widths or cells, strict=True)]
    return "  ".join([first[:_WIDTH].ljust(_WIDTH), *padded]).rstrip()
