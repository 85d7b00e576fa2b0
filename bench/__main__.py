"""The command: `python -m bench --only panel_fast,chat --rounds 3 --quick`. Prints a table and keeps it, with JSON."""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import report
from bench.certificates import make_certificates
from bench.environments import ENVIRONMENTS, make_python
from bench.figures import Findings
from bench.floor import Floor
from bench.instruments import build_programs, running_stub
from bench.machine import ARTIFACTS, ROOT, settle_on, split_cores
from bench.parley import Parley, Setup
from bench.peers import PEERS
from bench.scenarios import SCENARIOS, Scenario, choose
from bench.services import LIMITERS, STORES
from bench.stage import Stage
from bench.target import Target
from bench.trial import Figures, TrialFailed


def main() -> None:
    """Measure what is named, every scenario on every target, round by round."""
    given = _arguments()
    scenarios = given.only
    with _stage(given, scenarios) as (stage, setup):
        targets = _targets(given, setup)
        findings = _measure(stage, scenarios, targets, given.rounds)
    names = [target.name for target in targets]
    text = f"{report.heading(names)}\n{report.table(scenarios, names, findings)}"
    options = {**vars(given), "only": [scenario.name for scenario in scenarios], "out": str(given.out)}
    path = report.write(given.out, text, report.document(scenarios, findings, options))
    print(text + f"\nKept in {path.parent}", flush=True)
    if any(scenario.curve for scenario in scenarios):
        python = make_python(
            ENVIRONMENTS / "plots", ["--require-hashes", "-r", str(ROOT / "bench" / "requirements.txt")]
        )
        subprocess.run([python, "-m", "bench.plots", path], cwd=ROOT, check=True)


def _measure(stage: Stage, scenarios: list[Scenario], targets: list[Target], rounds: int) -> Findings:
    """Go through the scenarios again and again, so that what disturbs the machine for a while disturbs them alike."""
    findings = Findings()
    for number in range(rounds + 1):
        ordered = targets if number % 2 else targets[::-1]
        for scenario in scenarios:
            if number == 0 and not scenario.trial.needs_warm_up:
                continue
            for target in ordered:
                _say(f"round {number} of {rounds}: {scenario.name} on {target.name}")
                if found := _try(stage, scenario, target, findings):
                    findings.add(scenario, target.name, found if number else {})
    _say("")
    return findings


def _try(stage: Stage, scenario: Scenario, target: Target, findings: Findings) -> Figures | None:
    """Measure once; a target that fails in a scenario is not asked again."""
    if (scenario.name, target.name) in findings.failures:
        return None
    try:
        return scenario.trial.measure(stage, target)
    except TrialFailed as error:
        findings.failures[scenario.name, target.name] = str(error)
        return None


@contextmanager
def _stage(given: argparse.Namespace, scenarios: list[Scenario]) -> Iterator[tuple[Stage, Setup]]:
    """Build the instruments, start what the servers need, and keep to the instruments' core."""
    build_programs()
    cores = split_cores(given.workers)
    settle_on(cores.tools)
    upstreams = dict.fromkeys(upstream for each in scenarios for upstream in each.trial.upstreams)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="parley-bench-")))
        certificates = make_certificates(folder) if given.tls else None
        shown = (certificates.server, certificates.key) if certificates else None
        stub_port = stack.enter_context(running_stub(cores.tools, shown))
        setup = Setup(
            tuple(upstreams),
            stub_port,
            store_url=stack.enter_context(STORES[given.store]()),
            limiter_url=stack.enter_context(LIMITERS[given.limiter]()),
            workers=given.workers,
            ca_file=str(certificates.authority) if certificates else "",
        )
        stage = Stage(cores, stub_port, 0.3 if given.quick else 1.0, given.tls)
        stack.callback(stage.close)
        yield stage, setup


def _targets(given: argparse.Namespace, setup: Setup) -> list[Target]:
    targets: list[Target] = [Parley(setup)]
    targets += [Parley(setup, Path(path).resolve(), path) for path in given.against]
    targets += [Floor(setup)] if given.floor else []
    targets += [PEERS[name](setup) for name in given.peer]
    return targets


def _say(what: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{what:70}", end="", file=sys.stderr, flush=True)


def _scenarios(text: str) -> list[Scenario]:
    try:
        return choose(text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    add = parser.add_argument
    every = ", ".join(SCENARIOS)
    add("--only", type=_scenarios, default=choose([]), metavar="NAMES", help=f"scenarios or whole curves, of {every}")
    add("--rounds", type=int, default=3, help="after one for warming up; 3")
    add("--quick", action="store_true", help="a third of the time for each measurement")
    add("--floor", action="store_true", help="measure the raw floor too, and tell every figure as a multiple of it")
    add("--peer", action="append", default=[], choices=sorted(PEERS), help="measure this one too; can be repeated")
    add("--against", action="append", default=[], metavar="CHECKOUT", help="measure another checkout of Parley too")
    add("--tls", action="store_true", help="upstreams speak TLS, with an authority made for the run")
    add("--store", choices=sorted(STORES), default="sqlite")
    add("--limiter", choices=sorted(LIMITERS), default="memory", help="redis is Valkey where only that is installed")
    add("--workers", type=int, default=1, help="above 1 with --limiter redis")
    add("--out", type=Path, default=ARTIFACTS / "runs" / time.strftime("%Y%m%d-%H%M%S"), metavar="FOLDER")
    given = parser.parse_args()
    if given.workers > 1 and given.limiter == "memory":
        parser.error("--workers above 1 needs --limiter redis")
    return given


if __name__ == "__main__":
    main()
