"""A run's findings as text for people and as JSON for plots and later comparison."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.figures import Findings, Found
from bench.machine import ROOT
from bench.scenarios import Budget, Scenario


def table(scenarios: list[Scenario], targets: list[str], findings: Findings) -> str:
    """Return medians with [lowest … highest], and each median as a multiple of the floor's where that was measured."""
    lines: list[str] = []
    for scenario in scenarios:
        lines += ["", f"{scenario.name}: {scenario.about}"]
        lines += [f"  FAILED: {why}" for (name, _), why in findings.failures.items() if name == scenario.name]
        budgets = {budget.figure: budget for budget in scenario.budgets}
        for figure in findings.figures(scenario.name):
            cells = [_cell(scenario.name, figure, target, findings) for target in targets]
            budget = _verdict(scenario.name, budgets.get(figure), targets[0], findings)
            lines.append(f"  {figure:15} {''.join(cells)}{budget}".rstrip())
    return "\n".join(lines).strip() + "\n"


def heading(targets: list[str]) -> str:
    """Return the line above a table's columns."""
    return " " * 18 + "".join(f"{target:44}" for target in targets)


def _cell(scenario: str, figure: str, target: str, findings: Findings) -> str:
    found = findings.find(scenario, figure, target)
    if found is None:
        return " " * 44
    floor = findings.find(scenario, figure, "floor")
    ratio = f" ×{found.median / floor.median:.1f}" if floor and floor.median > 0 and target != "floor" else ""
    return f"{_number(found.median):>9} [{_number(found.low)} … {_number(found.high)}]{ratio}".ljust(44)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def _verdict(scenario: str, budget: Budget | None, target: str, findings: Findings) -> str:
    if budget is None:
        return ""
    words = []
    if budget.most is not None:
        words.append(f"at most {budget.most:g}")
    if budget.least is not None:
        words.append(f"at least {budget.least:g}")
    if budget.of_floor is not None and findings.find(scenario, budget.figure, "floor"):
        words.append(f"at most {budget.of_floor:g} × floor")
    if budget.of_other is not None and findings.find(budget.of_other[0], budget.figure, target):
        words.append(f"at most {budget.of_other[1]:g} × {budget.of_other[0]}")
    if not words:
        return ""
    is_within = findings.is_within(scenario, budget, target)
    return f"{', '.join(words)}: {'kept' if is_within else 'MISSED'}"


def document(scenarios: list[Scenario], findings: Findings, options: dict[str, Any]) -> dict[str, Any]:
    """Return everything that was found, each round's values included, and where."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": _machine(),
        "options": options,
        "scenarios": {each.name: {"about": each.about, "curve": each.curve, "at": each.at} for each in scenarios},
        "failures": [
            {"scenario": name, "target": target, "why": why} for (name, target), why in findings.failures.items()
        ],
        "figures": [
            {"scenario": scenario, "figure": figure, "target": target, **_numbers(Found(tuple(values)))}
            for (scenario, figure, target), values in findings.rounds.items()
        ],
    }


def write(folder: Path, text: str, found: dict[str, Any]) -> Path:
    """Write table and JSON to the folder; return the JSON file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "table.txt").write_text(text)
    path = folder / "figures.json"
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return path


def _numbers(found: Found) -> dict[str, Any]:
    return {"median": found.median, "low": found.low, "high": found.high, "rounds": found.values}


def _commit() -> str:
    asked = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    return asked.stdout.strip()


def _machine() -> dict[str, Any]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = {line.partition(": ")[2] for line in lines if line.startswith("model name")}
    return {
        "processor": ", ".join(sorted(models)),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }
