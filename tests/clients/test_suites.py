"""Each library's own tests and checks, run as its authors run them, one test a command."""

import sys
from pathlib import Path

import pytest

from clients.languages import CLIENTS, alone_in, node_modules, run
from clients.toolchains import GO, JAVAC, MAVEN, NODE, NPM, need

_PYTHON = CLIENTS / "python"
_PYTHON_COMMANDS = {
    "tests": ("-m", "pytest", "-p", "no:cacheprovider"),
    "format": ("-m", "ruff", "format", "--check", "."),
    "lint": ("-m", "ruff", "check", "."),
    "types": ("-m", "mypy"),
}


@pytest.mark.parametrize("check", _PYTHON_COMMANDS)
def test_python_suite_passes(check: str) -> None:
    run(_PYTHON, sys.executable, *_PYTHON_COMMANDS[check])


@pytest.mark.parametrize("script", ["check", "test"])
def test_typescript_suite_passes(script: str) -> None:
    need(NODE, NPM)
    with alone_in(CLIENTS / "typescript"):
        node_modules(CLIENTS / "typescript")
        run(CLIENTS / "typescript", "npm", "run", script)


@pytest.mark.parametrize("command", ["go vet ./...", "go test -race ./..."])
def test_go_suite_passes(command: str) -> None:
    need(GO)
    run(CLIENTS / "go", *command.split())


def test_go_files_are_formatted() -> None:
    need(GO)
    assert run(CLIENTS / "go", "gofmt", "-l", ".") == ""


def test_java_suite_passes() -> None:
    need(JAVAC, MAVEN)
    with alone_in(CLIENTS / "java"):
        run(CLIENTS / "java", "mvn", "-q", "-B", "verify")


@pytest.mark.parametrize(
    ("folder", "pattern"),
    [("python/src", "*.py"), ("typescript/src", "*.ts"), ("go", "*.go"), ("java/src/main", "*.java")],
)
def test_library_is_small(folder: str, pattern: str) -> None:
    """Under 1,500 lines each, tests, driver and examples apart."""
    files = [path for path in (CLIENTS / folder).rglob(pattern) if _is_library(path.relative_to(CLIENTS))]
    lines = sum(len(path.read_text().splitlines()) for path in files)
    assert 0 < lines < 1500, f"{folder} has {lines} lines"


def _is_library(path: Path) -> bool:
    return not path.name.endswith("_test.go") and {"examples", "internal", "node_modules"}.isdisjoint(path.parts)
