"""How one thing is measured on a server; a trial returns figures by name, with units in the names."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Protocol

from bench import process_tree
from bench.instruments import Load, Loaded, run_load
from bench.stage import Stage
from bench.target import Running, Target, send, started, wait_until_answered
from bench.work import Upstream, Work, is_answered

Figures = dict[str, float]

_SLOW_MODEL_US = 20_000
_POLL_S = 0.25


class TrialFailed(Exception):
    """The server did not do the work, so that there is nothing to measure; the message says what it did."""


class Trial(Protocol):
    """A way to measure. `upstreams` are the models it needs; a warm-up is a round whose figures do not count.

    `measure` raises TrialFailed.
    """

    needs_warm_up: ClassVar[bool]

    @property
    def upstreams(self) -> tuple[Upstream, ...]: ...

    def measure(self, stage: Stage, target: Target) -> Figures: ...


@dataclass(frozen=True, slots=True)
class UnderLoad:
    """Work again and again, on the server that all such trials share; `load` counts units of work, not requests."""

    needs_warm_up: ClassVar[bool] = True
    work: Work
    load: Load

    @property
    def upstreams(self) -> tuple[Upstream, ...]:
        return (self.work.upstream,)

    def measure(self, stage: Stage, target: Target) -> Figures:
        server = stage.server(target)
        check(server, self.work)
        return try_load(stage, server, self.work, self.load)


@dataclass(frozen=True, slots=True)
class HalfLoad:
    """Latency beyond a model that takes 20 ms, at half of the rate that saturates the server."""

    needs_warm_up: ClassVar[bool] = True
    work: Work
    load: Load

    @property
    def upstreams(self) -> tuple[Upstream, ...]:
        return (self._slow.upstream, self.work.upstream)

    @property
    def _slow(self) -> Work:
        return replace(self.work, upstream=Upstream(first_us=_SLOW_MODEL_US))

    def measure(self, stage: Stage, target: Target) -> Figures:
        server = stage.server(target)
        check(server, self._slow)
        most_per_s = try_load(stage, server, self.work, replace(self.load, seconds=self.load.seconds / 2))["per_s"]
        at_half = replace(self.load, connections=8 * self.load.connections, rate_per_s=most_per_s / 2)
        figures = try_load(stage, server, self._slow, at_half)
        model_ms = _model_ms(stage, self._slow.upstream, at_half)
        return {
            "rate_per_s": most_per_s / 2,
            "added_p50_ms": figures["p50_ms"] - model_ms,
            "added_p99_ms": figures["p99_ms"] - model_ms,
            "cpu_ms": figures["cpu_ms"],
        }


@dataclass(frozen=True, slots=True)
class OpenStreams:
    """So many streams at once on a server of their own: what they hold of memory, and the longest way of a token.

    They begin one after the other within `ramp_s`, and each lasts longer than that.
    """

    needs_warm_up: ClassVar[bool] = False
    work: Work
    streams: int
    ramp_s: float

    @property
    def upstreams(self) -> tuple[Upstream, ...]:
        return (self.work.upstream,)

    def measure(self, stage: Stage, target: Target) -> Figures:
        load = Load(self.streams, self.ramp_s, rate_per_s=self.streams / self.ramp_s)
        with stage.fresh(target) as server:
            check(server, self.work)
            before_mb = process_tree.pss_mb(server.pid)
            with _watched(server.pid) as samples_mb:
                figures = try_load(stage, server, self.work, load, share=1.0)
        most_mb = max(samples_mb)
        held = {"most_mb": most_mb, "stream_kb": (most_mb - before_mb) * 1e3 / self.streams}
        return held | {name: value for name, value in figures.items() if name.startswith(("core", "token"))}


@dataclass(frozen=True, slots=True)
class StartUp:
    """From the command to the first answer: with a folder that was never served from, and again."""

    needs_warm_up: ClassVar[bool] = False
    work: Work

    @property
    def upstreams(self) -> tuple[Upstream, ...]:
        return (self.work.upstream,)

    def measure(self, stage: Stage, target: Target) -> Figures:
        with TemporaryDirectory(prefix="parley-bench-") as folder:
            first_s = self._start(stage, target, Path(folder))
            return {"first_ever_s": first_s, "first_answer_s": self._start(stage, target, Path(folder))}

    def _start(self, stage: Stage, target: Target, folder: Path) -> float:
        began = time.monotonic()
        launch = target.launch(folder)
        with started(launch, stage.cores.server) as process:
            wait_until_answered(launch, process, target.request(self.work, target.first_key), {200})
            return time.monotonic() - began


@dataclass(frozen=True, slots=True)
class WarmMemory:
    """Memory of a fresh server after each kind of work."""

    needs_warm_up: ClassVar[bool] = False
    works: tuple[Work, ...]
    load: Load

    @property
    def upstreams(self) -> tuple[Upstream, ...]:
        return tuple(work.upstream for work in self.works)

    def measure(self, stage: Stage, target: Target) -> Figures:
        with stage.fresh(target) as server:
            before_mb = process_tree.pss_mb(server.pid)
            for work in self.works:
                check(server, work)
                try_load(stage, server, work, self.load)
            return {"warm_mb": process_tree.pss_mb(server.pid), "before_mb": before_mb}


@dataclass(frozen=True, slots=True)
class Installed:
    """Size of what is installed, without the installer itself. Does not run the server."""

    needs_warm_up: ClassVar[bool] = False
    upstreams: tuple[Upstream, ...] = field(default=(), init=False)

    def measure(self, stage: Stage, target: Target) -> Figures:
        del stage
        size_mb = target.installed_mb()
        return {} if size_mb is None else {"installed_mb": size_mb}


def try_load(stage: Stage, server: Running, work: Work, load: Load, share: float | None = None) -> Figures:
    """Put the load on the server and return its figures, per unit of the work and per token; any fault fails it."""
    request = server.request(work)
    spread_out = Load(
        connections=load.connections * request.per_unit,
        seconds=load.seconds * (stage.share if share is None else share),
        rate_per_s=load.rate_per_s * request.per_unit,
    )
    before_s = process_tree.cpu_s(server.pid)
    seen = run_load(stage.cores.tools, server.port, request, spread_out)
    cpu_s = process_tree.cpu_s(server.pid) - before_s
    if seen.faults or not seen.whole:
        asked = seen.answered + seen.faults
        raise TrialFailed(f"{server.target.name} failed {seen.faults} of {asked} requests: {seen.fault}")
    units = seen.answered / request.per_unit
    return {
        "cpu_ms": cpu_s * 1e3 / units,
        "call_cpu_ms": cpu_s * 1e3 / units / work.calls,
        "per_s": units / seen.seconds,
        "core_percent": cpu_s * 100 / seen.seconds,
        "p50_ms": seen.whole.p50,
        "p99_ms": seen.whole.p99,
        **(_token_figures(work, units, cpu_s, seen) if work.is_stream else {}),
    }


def _token_figures(work: Work, units: float, cpu_s: float, seen: Loaded) -> Figures:
    tokens = round(units * work.tokens)
    figures = {"token_cpu_us": cpu_s * 1e6 / tokens, "tokens_per_s": tokens / seen.seconds}
    if seen.token:
        if seen.token.count != tokens:
            raise TrialFailed(f"{tokens} tokens were sent, {seen.token.count} arrived")
        figures |= {"token_p50_ms": seen.token.p50, "token_p99_ms": seen.token.p99, "token_max_ms": seen.token.max}
    return figures


def check(server: Running, work: Work) -> None:
    """Ask once and look at the answer: nothing is measured that only looks like one. Raises TrialFailed."""
    request = server.request(work)
    status, body = send(server.port, request)
    if status != 200 or not is_answered(work, body, work.calls // request.per_unit):
        raise TrialFailed(f"{server.target.name} answered {request.path} with {status}: {body[-1000:].decode()}")


def _model_ms(stage: Stage, upstream: Upstream, load: Load) -> float:
    """Return how long the model itself takes at this load, asked without a server in between."""
    straight = stage.straight(upstream)
    if straight is None:
        return _SLOW_MODEL_US / 1e3
    seen = run_load(stage.cores.tools, stage.stub_port, straight, replace(load, seconds=1.0))
    return seen.whole.p50 if seen.whole else 0.0


@contextmanager
def _watched(pid: int) -> Iterator[list[float]]:
    """Sample the memory of a tree of processes while the block lasts."""
    samples_mb = [process_tree.pss_mb(pid)]
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(_POLL_S):
            samples_mb.append(process_tree.pss_mb(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield samples_mb
    finally:
        is_over.set()
        watcher.join()
