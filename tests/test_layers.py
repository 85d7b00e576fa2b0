"""The direction of the arrows: which room may import which. A new arrow is a design change, reviewed as one."""

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "parley"

# Room -> the rooms it may import, besides itself. Two columns, gate/books/store and panel/providers/catalog, which
# never touch: only gateway.py and app.py see both.
ALLOWED = {
    "domain": set(),
    "store": {"domain"},
    "books": {"store", "domain"},
    "gate": {"books", "store", "domain"},
    "catalog": {"domain"},
    "providers": {"catalog", "domain"},
    "panel": {"providers", "catalog", "domain"},
    "gateway": {"gate", "books", "panel", "catalog", "domain"},
    "wire": {"gateway", "gate", "books", "panel", "catalog", "domain"},
    "config": {"catalog", "domain"},
    "server": {"app", "config", "wire", "domain"},
    "app": {"config", "wire", "gateway", "gate", "books", "store", "panel", "providers", "catalog", "domain"},
    "workers": set(),
    "cli": {"workers", "server", "app", "config", "catalog", "domain"},
    "__main__": {"cli"},
    "__init__": set(),
}

FILES = sorted(SOURCE.rglob("*.py"))
SCRIPTS = sorted(path for path in (SOURCE / "console").rglob("*.js") if path.parent.name != "vendor")


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports_of(tree: ast.AST) -> list[str]:
    """Names of Parley's own modules that `tree` imports, also `from parley import config` as parley.config."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [f"parley.{alias.name}" for alias in node.names] if node.module == "parley" else [node.module]
    return [name for name in found if name.split(".")[0] == "parley"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_file_imports_only_what_its_room_may(path: Path) -> None:
    room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    named = [name for name in imports_of(ast.parse(path.read_text())) if name != "parley.__version__"]
    rooms = {room_of(name) for name in named} - {room}
    assert rooms <= ALLOWED[room], f"{path.name} in {room} must not import {sorted(rooms - ALLOWED[room])}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_environment_is_read_by_the_configuration_alone(path: Path) -> None:
    text = path.read_text()
    if path.name not in {"config.py", "__main__.py"}:
        assert "os.environ" not in text
        assert "getenv" not in text


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_and_functions_keep_their_size(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 500, f"{path.name} has over 500 lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{path.name}: {node.name} has over 60 lines"
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            is_command = path.parent.name == "cli"  # typer reads a command's options from its parameters
            count = len([argument for argument in arguments if argument.arg not in {"self", "cls"}])
            assert is_command or count <= 6, f"{path.name}: {node.name} has {count} parameters"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_module_says_what_it_holds(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), f"{path.name} has no docstring"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(SOURCE)))
def test_scripts_of_the_console_keep_the_same_rules(path: Path) -> None:
    lines = path.read_text().split("\n")
    opening = next(number for number, line in enumerate(lines) if not line.startswith("//"))
    assert 1 <= opening <= 4, f"{path.name} opens with {opening} lines that say what it holds"
    assert len(lines) <= 500, f"{path.name} has over 500 lines"
    for number, line in enumerate(lines):
        if re.match(r"(export )?(async )?function |(export )?const \w+ = .*=> \{$", line):
            end = next(place for place in range(number, len(lines)) if lines[place].startswith("}"))
            assert end - number < 60, f"{path.name}: over 60 lines from {line}"
