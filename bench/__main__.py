"""The command: `python -m bench --only panel_fast,chat --rounds 3 --quick`. Prints a table of medians."""

import argparse
import os
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.certificates import make_certificates
from bench.instruments import build_programs, running_stub
from bench.machine import split_cores
from bench.parley import Parley, Setup
from bench.scenarios import SCENARIOS
from bench.target import running
from bench.trial import Figures, try_load


def main() -> None:
    """Measure what is named, every scenario on every target, round by round."""
    given = _arguments()
    build_programs()
    cores = split_cores(1)
    os.sched_setaffinity(0, {cores.tools})
    scenarios = [SCENARIOS[name] for name in given.only]
    share = 0.3 if given.quick else 1.0
    found: dict[tuple[str, str], list[Figures]] = defaultdict(list)
    with ExitStack() as stack:
        certificates = make_certificates(_folder(stack)) if given.tls else None
        shown = (certificates.server, certificates.key) if certificates else None
        stub = stack.enter_context(running_stub(cores.tools, shown))
        upstreams = tuple({scenario.work.upstream for scenario in scenarios})
        setup = Setup(upstreams, stub, ca_file=str(certificates.authority) if certificates else "")
        targets = [Parley(setup)]
        targets += [Parley(setup, Path(path).resolve(), path) for path in given.against]
        servers = []
        for target in targets:
            servers.append(stack.enter_context(running(target, _folder(stack), cores.server)))
        for number in range(given.rounds + 1):
            for scenario in scenarios:
                for server in servers:
                    load = scenario.load_of(1, share if number else share / 2)
                    figures = try_load(server, cores.tools, scenario.work, load)
                    if number:
                        found[scenario.name, server.target.name].append(figures)
    for (name, target), rounds in found.items():
        for figure in rounds[0]:
            values = sorted(row[figure] for row in rounds)
            print(f"{name:14} {target:10} {figure:14} {median(values):10.3f}  [{values[0]:.3f} … {values[-1]:.3f}]")


def _folder(stack: ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-bench-")))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = ",".join(SCENARIOS)
    parser.add_argument(
        "--only", type=lambda text: text.split(","), default=list(SCENARIOS), metavar="NAMES", help=names
    )
    parser.add_argument("--rounds", type=int, default=5, help="after one for warming up")
    parser.add_argument("--quick", action="store_true", help="a third of the time for each round")
    parser.add_argument(
        "--against", action="append", default=[], metavar="CHECKOUT", help="another checkout to measure"
    )
    parser.add_argument("--tls", action="store_true", help="upstreams speak TLS, with a local authority")
    return parser.parse_args()


main()
