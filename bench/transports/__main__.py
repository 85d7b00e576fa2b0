"""The command: `python -m bench.transports --rounds 5`. Prints medians, and writes every figure beside the others."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median

from bench.certificates import make_certificates
from bench.environments import ENVIRONMENTS, make_python
from bench.instruments import build_programs, running_stub
from bench.machine import ARTIFACTS, ROOT, bare_environment, pinned, settle_on, split_cores
from bench.transports import AUTHORITY

_PACKAGES = [
    "aiohttp==3.14.5",
    "pyreqwest==0.15.1",
    "aiohappyeyeballs==2.7.1",
    "httptools==0.9.0",
    "msgspec==0.22.0",
    "uvloop==0.23.0",
]
_CLIENTS = {
    "ours": ("parley.providers.pool, parley.providers.coding", ("aiohappyeyeballs", "httptools")),
    "aiohttp_client": (
        "aiohttp",
        (
            "aiohttp",
            "aiohappyeyeballs",
            "aiosignal",
            "attrs",
            "frozenlist",
            "idna",
            "multidict",
            "propcache",
            "yarl",
        ),
    ),
    "pyreqwest_client": ("pyreqwest.client", ("pyreqwest",)),
}
"""What each client imports, and the distributions that it is installed with."""

_SIZE = (
    "import sys; from importlib.metadata import files; "
    "print(sum(one.size or 0 for name in sys.argv[1:] for one in files(name)))"
)

Found = dict[tuple[str, str], dict[str, list[float]]]


def main() -> None:
    given = _arguments()
    build_programs()
    cores = split_cores(1)
    settle_on(cores.tools)
    python = make_python(ENVIRONMENTS / "transports", _PACKAGES)
    found: Found = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as name:
        folder = Path(name)
        made = make_certificates(folder)
        with running_stub(cores.tools) as plain, running_stub(cores.tools, (made.server, made.key)) as secure:
            urls = {"plain": f"http://{AUTHORITY}:{plain}", "TLS": f"https://{AUTHORITY}:{secure}"}
            for number in range(given.rounds):
                for what in ("work", "memory") if number == 0 else ("work",):
                    for client in given.only:
                        for wire, url in urls.items():
                            command = [str(python), "-m", "bench.transports.child", client, url, str(folder), what]
                            said = _run(pinned(cores.server, command))
                            for figure, value in json.loads(said).items():
                                found[client, wire][figure].append(value)
        for client in given.only:
            found[client, "plain"] |= _at_rest(python, client, cores.server)
    _print(found)
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    rows = [{"client": client, "wire": wire, **figures} for (client, wire), figures in found.items()]
    (ARTIFACTS / "transports.json").write_text(json.dumps(rows, indent=1))


def _at_rest(python: Path, client: str, cores: tuple[int, ...]) -> dict[str, list[float]]:
    """Return what the client costs before it does anything: CPU of its import, and room on the disk."""
    modules, distributions = _CLIENTS[client]
    script = (
        f"import asyncio, ssl, uvloop, time; t = time.process_time(); import {modules}; print(time.process_time() - t)"
    )
    times = [float(_run(pinned(cores, [str(python), "-c", script]))) * 1e3 for _ in range(7)]
    size_bytes = int(_run([str(python), "-c", _SIZE, *distributions]))
    return {"import_ms": times, "installed_mb": [size_bytes / 1e6]}


def _run(command: list[str]) -> str:
    environment = bare_environment(PYTHONPATH=f"{ROOT}:{ROOT / 'src'}")
    done = subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}; it says why above.")
    return done.stdout


def _print(found: Found) -> None:
    figures = list(dict.fromkeys([figure for row in found.values() for figure in row]))
    width = max(map(len, figures)) + 2
    for (client, wire), row in found.items():
        print(f"{client}, {wire}")
        for figure, values in row.items():
            print(f"  {figure:{width}}{median(values):10.3f}  [{min(values):.3f} … {max(values):.3f}]")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.transports", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(_CLIENTS), metavar="CLIENTS")
    return parser.parse_args(sys.argv[1:])


main()
