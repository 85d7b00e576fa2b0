"""Runs what "Show as" shows, as whoever copied it would: one build for each language, then one by one."""

import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clients.languages import CLIENTS, JAVA, built_typescript, run
from clients.toolchains import GO, JAVAC, MAVEN, NODE, NPM, Program

CURL = Program("curl", ("--version",), (7, 0), "install curl (Debian: apt-get install curl)")


@dataclass(frozen=True)
class Shelf:
    """One language. `play` gets an empty folder, the texts and the environment, and runs the texts one by one."""

    name: str
    programs: tuple[Program, ...]
    play: Callable[[Path, Sequence[str], Mapping[str, str]], None]

    def __str__(self) -> str:
        return self.name


def _curl(folder: Path, texts: Sequence[str], env: Mapping[str, str]) -> None:
    for index, text in enumerate(texts):
        file = folder / f"case{index}.sh"
        file.write_text(text)
        run(folder, "bash", "-eu", str(file), env=dict(env))


def _python(folder: Path, texts: Sequence[str], env: Mapping[str, str]) -> None:
    given = {**env, "PYTHONPATH": str(CLIENTS / "python" / "src")}
    for index, text in enumerate(texts):
        file = folder / f"case{index}.py"
        file.write_text(text)
        run(folder, sys.executable, "-W", "error", str(file), env=given)


def _typescript(folder: Path, texts: Sequence[str], env: Mapping[str, str]) -> None:
    """Check the types of all, then run them as JavaScript, which they are too."""
    library = CLIENTS / "typescript"
    built_typescript(library)
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "parley-client").symlink_to(library)
    (folder / "package.json").write_text('{"type": "module"}')
    for index, text in enumerate(texts):
        (folder / f"case{index}.ts").write_text(text)
        (folder / f"case{index}.js").write_text(text)
    compiler = str(library / "node_modules" / ".bin" / "tsc")
    options = (
        "--noEmit",
        "--strict",
        "--module",
        "nodenext",
        "--target",
        "es2022",
        "--lib",
        "es2022,dom",
        "--types",
        "",
    )
    run(folder, compiler, *options, *(f"case{index}.ts" for index in range(len(texts))))
    for index in range(len(texts)):
        run(folder, "node", f"case{index}.js", env=dict(env))


def _go(folder: Path, texts: Sequence[str], env: Mapping[str, str]) -> None:
    """Build them with the library as its README says for a checkout; `go fmt` names the files that it changes."""
    for index, text in enumerate(texts):
        file = folder / f"case{index}" / "main.go"
        file.parent.mkdir()
        file.write_text(text)
    run(folder, "go", "mod", "init", "snippets")
    library = "parley.dev/clients/go"
    run(folder, "go", "mod", "edit", "-require", f"{library}@v0.1.0", "-replace", f"{library}={CLIENTS / 'go'}")
    changed = run(folder, "go", "fmt", "./...")
    assert not changed, f"gofmt would lay these out anew: {changed}"
    (folder / "built").mkdir()
    run(folder, "go", "build", "-o", "built/", "./...")
    for index in range(len(texts)):
        run(folder, str(folder / "built" / f"case{index}"), env=dict(env))


def _java(folder: Path, texts: Sequence[str], env: Mapping[str, str]) -> None:
    """Compile them together, each class under a name of its own, and call one `main` after the other."""
    command = JAVA.build(folder).command
    class_path = command[command.index("-cp") + 1]
    names = [f"Case{index}" for index in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        (folder / f"{name}.java").write_text(
            re.sub(r"^public class \w+ ", f"public class {name} ", text, flags=re.MULTILINE)
        )
    calls = " ".join(f"{name}.main(arguments);" for name in names)
    (folder / "All.java").write_text(
        f"public class All {{ public static void main(String[] arguments) {{ {calls} }} }}"
    )
    files = [f"{name}.java" for name in (*names, "All")]
    run(folder, "javac", "-encoding", "US-ASCII", "-cp", class_path, "-d", "compiled", *files)
    run(folder, "java", "-cp", os.pathsep.join(["compiled", class_path]), "All", env=dict(env))


SHELVES = (
    Shelf("curl", (CURL,), _curl),
    Shelf("python", (), _python),
    Shelf("typescript", (NODE, NPM), _typescript),
    Shelf("go", (GO,), _go),
    Shelf("java", (JAVAC, MAVEN), _java),
)


def console_modules(folder: Path, source: Path) -> Path:
    """Copy the console to where Node takes its files for ES modules."""
    shutil.copytree(source, folder / "console")
    (folder / "package.json").write_text('{"type": "module"}')
    return folder / "console"
