"""Each library's own tests and checks, run as its authors run them, one test a command."""

import sys

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
