"""The client libraries and how the driver of each is built. A build is repeated only where something changed.

What is built goes into folders that git ignores, or into a temporary one; nothing is fetched but by the language's own
package manager.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cli_process import environment
from clients.toolchains import GO, JAVAC, MAVEN, NODE, NPM, Program

CLIENTS = Path(__file__).parents[2] / "clients"
_BUILD_S = 540


@dataclass(frozen=True)
class Start:
    """How a driver is started."""

    command: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Language:
    """One column of the table. `build` gets an empty folder and returns how to start the driver."""

    name: str
    folder: Path
    programs: tuple[Program, ...]
    build: Callable[[Path], Start]

    def __str__(self) -> str:
        return self.name


def run(folder: Path, *command: str, env: dict[str, str] | None = None, timeout_s: float = _BUILD_S) -> str:
    """Run a command to its end and return what it printed; a failure shows both of its outputs."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(**(env or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    said = f"{done.stdout[-12000:]}\n{done.stderr[-12000:]}"
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode} in {folder}:\n{said}"
    return done.stdout


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other test run builds in `folder`."""
    lock = Path(tempfile.gettempdir()) / f"parley-build-{os.getuid()}-{folder.name}.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def node_modules(folder: Path) -> None:
    """Install what the lock file names, unless that is there."""
    installed = folder / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < (folder / "package-lock.json").stat().st_mtime:
        run(folder, "npm", "ci", "--no-audit", "--no-fund")


def built_typescript(folder: Path) -> None:
    """Build the TypeScript library, unless what is built is newer than its sources."""
    with alone_in(folder):
        node_modules(folder)
        sources = [*(folder / "src").rglob("*.ts"), folder / "package.json"]
        newest = max(path.stat().st_mtime for path in sources)
        built = [path.stat().st_mtime for path in (folder / "dist").rglob("*.js")]
        if not built or min(built) < newest:
            run(folder, "npm", "run", "build")


def _python(kind: str) -> Callable[[Path], Start]:
    folder = CLIENTS / "python"
    return lambda _folder: Start(
        (sys.executable, str(folder / "driver" / "driver.py"), kind), {"PYTHONPATH": str(folder / "src")}
    )


def _typescript(_folder: Path) -> Start:
    folder = CLIENTS / "typescript"
    built_typescript(folder)
    return Start(("node", str(folder / "driver" / "driver.mjs")))


def _go(folder: Path) -> Start:
    driver = folder / "driver"
    run(CLIENTS / "go", "go", "build", "-o", str(driver), "./internal/driver")
    return Start((str(driver),))


def _java(folder: Path) -> Start:
    """Build with Maven and copy the classes, so that another build does not pull them away under the driver."""
    source = CLIENTS / "java"
    with alone_in(source):
        run(source, "mvn", "-q", "-B", "test-compile")
        for name in ("classes", "test-classes"):
            shutil.copytree(source / "target" / name, folder / name)
        libraries = (source / "target" / "classpath.txt").read_text().strip()
    parts = [str(folder / "test-classes"), str(folder / "classes"), libraries]
    return Start(("java", "-cp", os.pathsep.join(part for part in parts if part), "dev.parley.client.Driver"))


PYTHON_SYNC = Language("python-sync", CLIENTS / "python", (), _python("sync"))
PYTHON_ASYNC = Language("python-async", CLIENTS / "python", (), _python("async"))
TYPESCRIPT = Language("typescript", CLIENTS / "typescript", (NODE, NPM), _typescript)
GO_LANGUAGE = Language("go", CLIENTS / "go", (GO,), _go)
JAVA = Language("java", CLIENTS / "java", (JAVAC, MAVEN), _java)

LANGUAGES = (PYTHON_SYNC, PYTHON_ASYNC, TYPESCRIPT, GO_LANGUAGE, JAVA)
