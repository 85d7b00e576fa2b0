"""One run of load.c: so many connections that send one request again and again, and what they saw."""

import json
import subprocess
import tempfile
from dataclasses import dataclass

from bench.instruments.programs import LOAD
from bench.machine import pinned
from bench.work import Request


@dataclass(frozen=True, slots=True)
class Load:
    """`rate_per_s` is an open loop: latency counts from when a request was due; without it the loop is closed."""

    connections: int
    seconds: float
    rate_per_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a run saw. Latencies in ms; those of tokens from the stub's writing to our reading."""

    ok: int
    faults: int
    fault: str
    seconds: float
    per_s: float
    p50_ms: float
    p99_ms: float
    first_p50_ms: float
    tokens: int
    token_p50_ms: float
    token_p99_ms: float
    token_max_ms: float


def run_load(core: int, port: int, request: Request, load: Load) -> Loaded:
    """Run it on this core to its end."""
    with tempfile.NamedTemporaryFile() as body:
        body.write(request.body)
        body.flush()
        command = [str(LOAD), "-p", str(port), "-u", request.path, "-b", body.name, "-c", str(load.connections)]
        command += ["-t", str(load.seconds), "-r", str(load.rate_per_s)]
        for header in request.headers:
            command += ["-H", header]
        done = subprocess.run(pinned((core,), command), check=True, stdout=subprocess.PIPE)
    return _read(json.loads(done.stdout))


def _read(said: dict[str, float]) -> Loaded:
    return Loaded(
        ok=int(said["ok"]),
        faults=int(said["errs"]),
        fault=f"{said['errstatus']} {said['errsample']}",
        seconds=said["dur"],
        per_s=said["rps"],
        p50_ms=said["p50"],
        p99_ms=said["p99"],
        first_p50_ms=said["ttfb_p50"],
        tokens=int(said["tok_n"]),
        token_p50_ms=said["tok_p50"],
        token_p99_ms=said["tok_p99"],
        token_max_ms=said["tok_max"],
    )
