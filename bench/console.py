"""How smoothly the console draws while models write: `python -m bench.console`, of the test environment (`make test`).

Each scene runs in a headless Chromium against a server of its own. A frame's gap is the time between two frames as the
page itself sees them; beside the scenes stands an idle page, so that the machine's own stutter can be told apart.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench.machine import ARTIFACTS, ROOT, bare_environment, free_port
from bench.target import Launch, started, wait_until_answered
from bench.work import Request

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
_CONFIG = '[server]\nauth = "open"\n[providers.sandbox]\ndialect = "sandbox"\n'
_QUESTION = "Should a small team start with a monolith? A monolith is simple to deploy. It can grow hard to change."
_LONG_GAP_MS = 100
_PATIENCE_MS = 240_000

_RECORD = """() => {
    const gaps = [], tasks = [];
    let last = performance.now();
    const frame = (now) => { gaps.push(now - last); last = now; window.recorded.on && requestAnimationFrame(frame); };
    const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((task) => task.duration)));
    observer.observe({ type: "longtask" });
    window.recorded = { gaps, tasks, observer, on: true };
    requestAnimationFrame((now) => { last = now; requestAnimationFrame(frame); });
}"""
_READ = """() => {
    const { gaps, tasks, observer } = window.recorded;
    tasks.push(...observer.takeRecords().map((task) => task.duration));
    observer.disconnect();
    window.recorded.on = false;
    return { gaps, tasks };
}"""
_TYPE = """() => new Promise((done) => {
    const box = document.getElementById("prompt"), began = performance.now();
    box.value += "x";
    box.dispatchEvent(new InputEvent("input", { bubbles: true }));
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began)));
})"""


@dataclass(frozen=True, slots=True)
class Scene:
    """A panel, and how long it is looked at: `watch_s`, or to its end if that is 0."""

    name: str
    models: tuple[str, ...]
    watch_s: float


@dataclass(frozen=True, slots=True)
class Smoothness:
    """What was seen of one scene; gaps between frames in milliseconds."""

    scene: str
    frames: int
    median_gap_ms: float
    p99_gap_ms: float
    longest_gap_ms: float
    gaps_over_100_ms: int
    longest_task_ms: float
    slowest_key_ms: float
    characters: int


_SCENES = (
    Scene("an idle page", (), 10),
    Scene("three models at 100 tokens/s", ("sandbox/chatty?tps=100",) * 3, 20),
    Scene("twelve models at 100 tokens/s", ("sandbox/chatty?tps=100",) * 12, 20),
    Scene("one answer of 20,000 tokens at 1,000 tokens/s", ("sandbox/chatty?tps=1000",), 0),
    Scene("three answers of 20,000 tokens, at once", ("sandbox/chatty?tps=0",) * 3, 0),
)


def main() -> None:
    """Look at every scene, or at those whose names hold a word, and keep what was seen."""
    parser = argparse.ArgumentParser(description="Measures how smoothly the console draws growing answers.")
    parser.add_argument("--only", default="", help="a word in the names of the scenes to look at")
    parser.add_argument("--rounds", type=int, default=1, help="looks at each scene; the calmest is kept")
    given = parser.parse_args()
    with _server() as url, _chromium() as browser:
        seen = [_calmest(browser, url, scene, given.rounds) for scene in _SCENES if given.only in scene.name]
    for row in seen:
        print("  ".join(f"{name}: {value}" for name, value in asdict(row).items()))
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    (ARTIFACTS / "console.json").write_text(json.dumps([asdict(row) for row in seen], indent=2) + "\n")


@contextmanager
def _server() -> Iterator[str]:
    with TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        config = folder / "parley.toml"
        config.write_text(_CONFIG)
        command = [sys.executable, "-m", "parley", "serve", "--config", str(config), "--port", str(port)]
        launch = Launch(command, folder, bare_environment(PYTHONPATH=str(ROOT / "src")), port)
        with started(launch, tuple(sorted(os.sched_getaffinity(0)))) as process:
            wait_until_answered(launch, process, Request("/healthz", b""), {200})
            yield f"http://127.0.0.1:{port}/"


@contextmanager
def _chromium() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        raise SystemExit(f"None of {', '.join(_NAMES)} is on the path; install Chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()


def _calmest(browser: Browser, url: str, scene: Scene, rounds: int) -> Smoothness:
    """Look several times: what else runs on the machine can only add to a gap."""
    return min((_look(browser, url, scene) for _ in range(rounds)), key=lambda seen: seen.longest_gap_ms)


def _look(browser: Browser, url: str, scene: Scene) -> Smoothness:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(_PATIENCE_MS)
    seats = [{"name": name} for name in scene.models]
    draft = json.dumps({"input": _QUESTION, "seats": seats, "resolution": "fast"})
    page.add_init_script(f"sessionStorage.getItem('parley.ask') ?? sessionStorage.setItem('parley.ask', {draft!r})")
    page.goto(url)
    page.wait_for_selector("#prompt")
    page.evaluate(_RECORD)
    if scene.models:
        page.locator("#prompt").press("Control+Enter")
    keys = _type_until(page, scene)
    seen = page.evaluate(_READ)
    written = sum(len(text) for text in page.locator(".answer-body").all_text_contents())
    page.close()
    return _sum_up(scene, seen, keys, written)


def _type_until(page: Page, scene: Scene) -> list[float]:
    """Press a key each half second until the scene is over; return how long each took to be drawn."""
    keys = []
    while True:
        keys.append(float(page.evaluate(_TYPE)))
        page.wait_for_timeout(500)
        if scene.watch_s and len(keys) >= scene.watch_s * 2:
            return keys
        if not scene.watch_s and page.locator(".totals").count():
            return keys


def _sum_up(scene: Scene, seen: dict[str, Any], keys: list[float], written: int) -> Smoothness:
    gaps = sorted(float(gap) for gap in seen["gaps"])
    return Smoothness(
        scene=scene.name,
        frames=len(gaps),
        median_gap_ms=round(gaps[len(gaps) // 2], 1),
        p99_gap_ms=round(gaps[len(gaps) * 99 // 100], 1),
        longest_gap_ms=round(gaps[-1], 1),
        gaps_over_100_ms=sum(gap > _LONG_GAP_MS for gap in gaps),
        longest_task_ms=round(max(seen["tasks"], default=0.0), 1),
        slowest_key_ms=round(max(keys), 1),
        characters=written,
    )


if __name__ == "__main__":
    main()
