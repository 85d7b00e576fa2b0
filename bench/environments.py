"""Environments of their own for what is measured or draws, made when they are first needed, under .artifacts/."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.machine import ARTIFACTS

ENVIRONMENTS = ARTIFACTS / "environments"


def make_python(folder: Path, packages: list[str]) -> Path:
    """Install the packages, given as arguments of pip, unless these very arguments were installed; return Python."""
    python = folder / "bin" / "python"
    if _is_new(folder, packages):
        _say(f"Installing {' '.join(packages)}")
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True
        )
        _mark(folder, packages)
    return python


def make_node(folder: Path, packages: Mapping[str, str], overrides: Mapping[str, str]) -> Path:
    """Install packages of these versions with npm, `overrides` for what they depend on; return the modules' folder."""
    wanted = [f"{name}@{version}" for name, version in (*packages.items(), *overrides.items())]
    if _is_new(folder, wanted):
        _say(f"Installing {' '.join(wanted)}")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(json.dumps({"dependencies": {**packages}, "overrides": {**overrides}}))
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
        _mark(folder, wanted)
    return folder / "node_modules"


def make_go(folder: Path, package: str) -> Path:
    """Build the program of a Go package, with its version; return it."""
    program = folder / package.partition("@")[0].rpartition("/")[2]
    if not program.exists():
        _say(f"Building {package}")
        folder.mkdir(parents=True, exist_ok=True)
        built = subprocess.run(["go", "install", package], env={**os.environ, "GOBIN": str(folder)})
        if built.returncode:
            raise SystemExit(f"{package} can't be built here; Go says why above.")
    return program


def size_mb(folder: Path, but: tuple[str, ...] = ()) -> float:
    """Return the size of the files in 10⁶ bytes, without those of the distributions named in `but`."""
    size_bytes = 0
    for parent, _, names in os.walk(folder):
        parts = {part.partition("-")[0] for part in Path(parent).relative_to(folder).parts}
        if parts.isdisjoint(but):
            size_bytes += sum(os.lstat(os.path.join(parent, name)).st_size for name in names)
    return size_bytes / 1e6


def _is_new(folder: Path, packages: list[str]) -> bool:
    return not _marked(folder, packages).exists()


def _mark(folder: Path, packages: list[str]) -> None:
    _marked(folder, packages).touch()


def _marked(folder: Path, packages: list[str]) -> Path:
    text = "_".join(packages)
    return folder / ("installed-" + "".join(letter if letter.isalnum() else "-" for letter in text)[-150:])


def _say(what: str) -> None:
    print(f"{what} …", file=sys.stderr, flush=True)
