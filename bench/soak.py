"""The soak: a million upstream calls, plain and streamed, with faults and clients that leave, while memory is watched.

`make soak`, or `python -m bench.soak --calls 50000` for less. Exit status 1 if memory grew by more than 3 % after the
first tenth of the calls.
"""

import argparse
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench import process_tree
from bench.instruments import Load, build_programs, run_load, running_stub
from bench.machine import settle_on, split_cores
from bench.parley import ADMIN, Parley, Setup
from bench.target import Running, running, send
from bench.work import Request, Upstream, Work

_MOST_GROWTH = 0.03
_POLL_S = 1.0
_LEG_S = 10.0
"""How long one load generator runs before a new one takes its place, with new connections."""

_CUT_OFF, _UNAVAILABLE, _GARBAGE = 2, 1, 3
_SHORT = Upstream(tokens=20)
_PACED = Upstream(tokens=20, gap_us=5_000)


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of caller among all: work, how many at once, and whether some of them leave."""

    work: Work
    connections: int
    leave_each: int = 0


def _faulty(fault: int) -> Upstream:
    return Upstream(tokens=20, fault=fault, fault_each=5)


_MIX = (
    Part(Work(), 4),
    Part(Work(seats=1, is_chat=True), 4),
    Part(Work(has_summary=True), 4),
    Part(Work(_SHORT, is_stream=True), 4),
    Part(Work(_SHORT, seats=1, is_chat=True, is_stream=True), 4),
    Part(Work(_PACED, is_stream=True), 16),
    Part(Work(_PACED, is_stream=True), 8, leave_each=2),
    Part(Work(_faulty(_UNAVAILABLE)), 16),
    Part(Work(_faulty(_CUT_OFF), is_stream=True), 16),
    Part(Work(_faulty(_GARBAGE), is_stream=True), 16),
)


@dataclass(slots=True)
class Course:
    """What was seen: upstream calls so far with memory at that time, and how the requests ended."""

    samples: list[tuple[int, float]] = field(default_factory=list)
    answered: int = 0
    failed: int = 0
    left: int = 0

    @property
    def calls(self) -> int:
        return self.samples[-1][0] if self.samples else 0

    def memory_mb(self, since: int, until: int) -> float:
        """Return the median between two counts of calls, or the nearest sample before."""
        found = [memory for calls, memory in self.samples if since <= calls <= until]
        return median(found) if found else [memory for calls, memory in self.samples if calls <= until][-1]


def main() -> None:
    """Run it and say what was seen."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000, help="upstream calls, retries included; 1000000")
    given = parser.parse_args()
    build_programs()
    cores = split_cores(1)
    settle_on(cores.tools)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="parley-soak-")))
        stub_port = stack.enter_context(running_stub(cores.tools))
        upstreams = dict.fromkeys(part.work.upstream for part in _MIX)
        server = stack.enter_context(running(Parley(Setup(tuple(upstreams), stub_port)), folder, cores.server))
        course = _soak(server, cores.tools, given.calls)
    sys.exit(_report(course, given.calls))


def _soak(server: Running, core: int, calls: int) -> Course:
    course = Course()
    with _callers(server, core, course):
        while course.calls < calls:
            time.sleep(_POLL_S)
            course.samples.append((_upstream_calls(server), process_tree.pss_mb(server.pid)))
            if sys.stderr.isatty():
                print(f"\r{course.calls:,} calls, {course.samples[-1][1]:.1f} MB", end="", file=sys.stderr, flush=True)
    return course


@contextmanager
def _callers(server: Running, core: int, course: Course) -> Iterator[None]:
    """Keep every part of the mix busy while the block lasts."""
    is_over, lock = threading.Event(), threading.Lock()

    def keep_busy(part: Part) -> None:
        load = Load(part.connections, _LEG_S, leave_each=part.leave_each)
        while not is_over.is_set():
            seen = run_load(core, server.port, server.request(part.work), load)
            with lock:
                course.answered += seen.answered
                course.failed += seen.faults
                course.left += seen.left

    threads = [threading.Thread(target=keep_busy, args=(part,)) for part in _MIX]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def _upstream_calls(server: Running) -> int:
    status, text = send(server.port, Request("/metrics", b"", ADMIN))
    if status != 200:
        raise SystemExit(f"GET /metrics was answered with {status}")
    rows = [line for line in text.decode().splitlines() if line.startswith("parley_attempts_total")]
    return round(sum(float(row.rpartition(" ")[2]) for row in rows))


def _report(course: Course, calls: int) -> int:
    tenth = calls // 10
    early_mb = course.memory_mb(tenth, tenth + tenth // 2)
    late_mb = course.memory_mb(course.calls - tenth // 2, course.calls)
    growth = late_mb / early_mb - 1
    for part in range(1, 11):
        print(f"{part * tenth:>9,} calls: {course.memory_mb(part * tenth - tenth // 4, part * tenth):7.1f} MB")
    print(f"{course.calls:,} upstream calls for {course.answered:,} requests with 200, {course.failed:,} with another")
    print(f"status or none, {course.left:,} whose client left.")
    verdict = "kept" if growth <= _MOST_GROWTH else "MISSED"
    print(f"Memory after the first {tenth:,}: {early_mb:.1f} MB, at the end {late_mb:.1f} MB: {growth:+.1%}; ", end="")
    print(f"at most {_MOST_GROWTH:+.0%}: {verdict}")
    return 0 if growth <= _MOST_GROWTH else 1


if __name__ == "__main__":
    main()
