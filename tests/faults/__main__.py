"""The fault runs in full: `make faults`, or `PYTHONPATH=tests python -m faults NAME … --share 0.1` for a part.

Each prints one line of what was seen, and each fault that was found; any fault is exit status 1.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from faults import disconnects, kill, limits, panels, rolling, trouble
from services import new_database, postgresql, redis_server


def _kill_sqlite(folder: Path, share: float) -> kill.Findings:
    return kill.run(kill.Place(folder, f"sqlite:///{folder}/parley.db"), round(50 * share))


def _kill_postgresql(folder: Path, share: float) -> kill.Findings:
    with postgresql() as service:
        return kill.run(kill.Place(folder, service.url), round(50 * share))


def _exact(window: str) -> Callable[[Path, float], limits.Outcome]:
    def run(folder: Path, _share: float) -> limits.Outcome:
        with redis_server() as redis:
            return limits.exact(folder, redis.url, window)

    return run


def _restarted(on_failure: str) -> Callable[[Path, float], limits.Outcome]:
    def run(folder: Path, _share: float) -> limits.Outcome:
        with redis_server(appendonly=True) as redis:
            return limits.restarted(folder, redis, on_failure)

    return run


def _disk_full(folder: Path, _share: float) -> trouble.Outcome:
    with trouble.small_disk(folder) as disk:
        return trouble.disk_full(disk)


def _stopped(folder: Path, _share: float) -> trouble.Outcome:
    with postgresql() as service:
        return trouble.stopped(folder, service, new_database(service.url, "trouble"))


RUNS: dict[str, Callable[[Path, float], kill.Findings | limits.Outcome | trouble.Outcome]] = {
    "kill-sqlite": _kill_sqlite,
    "kill-postgresql": _kill_postgresql,
    "limits-rpm": _exact("rpm"),
    "limits-rpd": _exact("rpd"),
    "limiter-closed": _restarted("closed"),
    "limiter-open": _restarted("open"),
    "panels": lambda folder, share: panels.run(folder, round(10_000 * share)),
    "disconnects": lambda folder, share: disconnects.run(folder, round(1_000 * share)),
    "locked": lambda folder, _share: trouble.locked(folder),
    "disk-full": _disk_full,
    "postgresql-stopped": _stopped,
    "rolling": lambda folder, share: rolling.run(folder, max(round(10 * share), 1)),
}


def main() -> int:
    """Make the runs that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(RUNS)}; none means all")
    parser.add_argument("--share", type=float, default=1.0, help="how much of the full number of kills and panels")
    given = parser.parse_args()
    unknown = set(given.names) - set(RUNS)
    if unknown:
        parser.error(f"there is no run {', '.join(sorted(unknown))}; there are {', '.join(RUNS)}")
    faults = 0
    for name in given.names or RUNS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="parley-faults-") as folder:
            outcome = RUNS[name](Path(folder), given.share)
        print(f"{name} ({time.monotonic() - began:.0f} s): {outcome.summary()}", flush=True)
        for fault in outcome.faults:
            print(f"  {fault}", flush=True)
        faults += len(outcome.faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
