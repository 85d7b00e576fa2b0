"""Draws the growth curves of a run: `python -m bench.plots FIGURES.json`. Knows the JSON alone, and needs matplotlib.

Runs in an environment of its own, with bench/requirements.txt; the benchmark makes it when there is a curve to draw.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import matplotlib  # type: ignore[import-not-found]  # installed for this module alone

matplotlib.use("Agg")
from matplotlib import pyplot  # after the choice of a backend that needs no screen

_AXES = {"seats": "seats of a panel", "streams": "open panel streams of 3", "body": "size of the prompt, KB"}
_DRAWN = {
    "seats": ("call_cpu_ms", "cpu_ms", "p50_ms", "p99_ms"),
    "streams": ("most_mb", "token_cpu_us", "token_p99_ms", "token_max_ms"),
    "body": ("cpu_ms", "per_s", "p50_ms", "p99_ms"),
}
_NAMES = {
    "call_cpu_ms": "CPU per model called, ms",
    "cpu_ms": "CPU per panel, ms",
    "p50_ms": "latency, median, ms",
    "p99_ms": "latency, 99 %, ms",
    "most_mb": "most memory (PSS), MB",
    "token_cpu_us": "CPU per token, µs",
    "token_p99_ms": "a token's way, 99 %, ms",
    "token_max_ms": "a token's way, slowest, ms",
    "per_s": "panels/s",
}

Points = list[tuple[int, dict[str, Any]]]


def draw(path: Path) -> list[Path]:
    """Draw a picture beside the file for each curve that has more than one point; return them."""
    found = json.loads(path.read_text())
    drawn = []
    for curve, figures in _DRAWN.items():
        targets = _targets_of(found, curve)
        if len({row["at"] for row in found["scenarios"].values() if row["curve"] == curve}) < 2 or not targets:
            continue
        image, places = pyplot.subplots(2, 2, figsize=(11, 7.5), layout="constrained")
        for place, figure in zip(places.flat, figures, strict=True):
            _draw_figure(place, figure, {name: _points(found, curve, figure, name) for name in targets})
            place.set_xlabel(_AXES[curve])
        image.suptitle(f"{_AXES[curve].capitalize()}: {found['commit']}, {found['at'][:10]}")
        drawn.append(path.with_name(f"{curve}.png"))
        image.savefig(drawn[-1], dpi=110)
        pyplot.close(image)
    return drawn


def _draw_figure(place: Any, figure: str, by_target: dict[str, Points]) -> None:
    for name, points in by_target.items():
        if points:
            at = [x for x, _ in points]
            (line,) = place.plot(at, [row["median"] for _, row in points], marker="o", label=name)
            lows, highs = [row["low"] for _, row in points], [row["high"] for _, row in points]
            place.fill_between(at, lows, highs, alpha=0.2, color=line.get_color())
    place.set_title(_NAMES[figure])
    place.set_xscale("log")
    place.set_ylim(bottom=0)
    place.grid(visible=True, alpha=0.3)
    place.legend()


def _points(found: dict[str, Any], curve: str, figure: str, target: str) -> Points:
    scenarios = found["scenarios"]
    rows = [row for row in found["figures"] if row["figure"] == figure and row["target"] == target]
    by_at = defaultdict(dict, {scenarios[row["scenario"]]["at"]: row for row in rows if _is_of(scenarios, row, curve)})
    return sorted(by_at.items())


def _targets_of(found: dict[str, Any], curve: str) -> list[str]:
    rows = [row for row in found["figures"] if _is_of(found["scenarios"], row, curve)]
    return list(dict.fromkeys(row["target"] for row in rows))


def _is_of(scenarios: dict[str, Any], row: dict[str, Any], curve: str) -> bool:
    return bool(scenarios[row["scenario"]]["curve"] == curve)


if __name__ == "__main__":
    for picture in draw(Path(sys.argv[1])):
        print(picture)
