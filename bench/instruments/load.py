"""One run of load.c: so many connections that send one request again and again, and what they saw."""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Any

from bench.instruments.programs import LOAD
from bench.machine import pinned
from bench.work import Request


@dataclass(frozen=True, slots=True)
class Load:
    """`rate_per_s` is an open loop: latency counts from when a request was due; without it the loop is closed.

    One client of `leave_each` leaves as soon as its answer begins, none if 0.
    """

    connections: int
    seconds: float
    rate_per_s: float = 0.0
    leave_each: int = 0


@dataclass(frozen=True, slots=True)
class Spread:
    """Times in ms."""

    count: int
    p50: float
    p90: float
    p99: float
    max: float
    mean: float


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a run saw: whole answers with status 200, their first byte, and paced tokens from the stub to the reader."""

    seconds: float
    whole: Spread | None
    first: Spread | None
    token: Spread | None
    faults: int
    fault: str
    left: int

    @property
    def answered(self) -> int:
        return self.whole.count if self.whole else 0


def run_load(core: int, port: int, request: Request, load: Load) -> Loaded:
    """Run it on this core to its end."""
    with tempfile.NamedTemporaryFile() as body:
        body.write(request.body)
        body.flush()
        command = [str(LOAD), "-p", str(port), "-u", request.path, "-b", body.name, "-c", str(load.connections)]
        command += ["-t", str(load.seconds), "-r", str(load.rate_per_s), "-l", str(load.leave_each)]
        for header in request.headers:
            command += ["-H", header]
        done = subprocess.run(pinned((core,), command), check=True, stdout=subprocess.PIPE)
    return _read(json.loads(done.stdout))


def _read(said: dict[str, Any]) -> Loaded:
    whole, first, token = (
        Spread(**said[name]) if said[name] else None for name in ("whole_ms", "first_ms", "token_ms")
    )
    fault = (
        f"{said['fault_status']} {said['fault']}" if said["fault_status"] else "the connection ended before the answer"
    )
    return Loaded(said["seconds"], whole, first, token, said["faults"], fault, said["left"])
