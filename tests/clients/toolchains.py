"""The programs that each client library is built and run with: found on the path, old enough to be of use or not.

Where one is missing the test is skipped with a sentence that says what to install, or fails with PARLEY_REQUIRE_ALL.
"""

import functools
import os
import re
import shutil
import subprocess
from dataclasses import dataclass

import pytest

_COLOUR = re.compile(r"\x1b\[\d*m")
_VERSION = re.compile(r"(\d+)(?:\.(\d+))?")


@dataclass(frozen=True)
class Program:
    """A program that must be there; `says` are the arguments that make it print its version."""

    name: str
    says: tuple[str, ...]
    least: tuple[int, int]
    advice: str


_NODE_ADVICE = "install Node.js with npm (Debian: apt-get install nodejs npm)"
_JDK_ADVICE = "install a JDK (Debian: apt-get install default-jdk-headless)"

NODE = Program("node", ("--version",), (18, 0), _NODE_ADVICE)
NPM = Program("npm", ("--version",), (8, 0), _NODE_ADVICE)
GO = Program(
    "go", ("version",), (1, 23), "install Go as its own site says (Debian 13 and newer: apt-get install golang)"
)
JAVAC = Program("javac", ("-version",), (17, 0), _JDK_ADVICE)
MAVEN = Program("mvn", ("-v",), (3, 6), "install Maven (Debian: apt-get install maven)")


def need(*programs: Program) -> None:
    """Skip the test, or fail it with PARLEY_REQUIRE_ALL, unless all of `programs` are there."""
    for program in programs:
        if (fault := _fault(program)) is None:
            continue
        if os.environ.get("PARLEY_REQUIRE_ALL"):
            pytest.fail(fault)
        pytest.skip(fault)


def is_there(*programs: Program) -> bool:
    return all(_fault(program) is None for program in programs)


@functools.cache
def _fault(program: Program) -> str | None:
    """Say what keeps `program` from being used."""
    least = ".".join(str(part) for part in program.least)
    if shutil.which(program.name) is None:
        return f"{program.name} is not installed; {program.advice}, version {least} or newer"
    done = subprocess.run([program.name, *program.says], capture_output=True, text=True, timeout=60, check=False)
    said = _COLOUR.sub("", done.stdout + done.stderr)
    if (found := _VERSION.search(said)) is None:
        return f"{program.name} {' '.join(program.says)} names no version: {said[:200]!r}; {program.advice}"
    version = (int(found[1]), int(found[2] or 0))
    if version < program.least:
        return f"{program.name} is version {found[0]}; {program.advice}, version {least} or newer"
    return None
