"""Builds stub.c and load.c with the system's compiler, again only where a source is newer than its program."""

import subprocess
from pathlib import Path

from bench.machine import ARTIFACTS

_SOURCES = Path(__file__).parent
STUB = ARTIFACTS / "stub"
LOAD = ARTIFACTS / "load"


def build_programs() -> None:
    """Raises CalledProcessError with the compiler's words on standard error."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    for program in (STUB, LOAD):
        source = _SOURCES / f"{program.name}.c"
        if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
            subprocess.run(["gcc", "-O2", "-o", program, source], check=True)
