"""README and docs keep their word: their commands are run, their answers compared, their links and names looked up.

A fenced `bash` block behind a line `<!-- run -->` is run by a shell against a live server of the embedded models, with
PARLEY_URL and PARLEY_API_KEY set. The next block of the page, if it is `json` or `sse`, is what it must print; ids,
times, token counts and costs may differ. A `toml` block must be a configuration that starts.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer

from cli_process import Serving, environment, serving
from parley.catalog.vendors import VENDORS
from parley.cli.commands import make_app
from parley.config import load_config
from parley.domain.errors import FailureCode, RequestRefused

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONVENTIONS.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
SETTINGS = """\
[providers.sandbox]
tps = 0

[panels.reviewers]
models = ["sandbox/terse", "sandbox/thorough", "sandbox/contrarian"]
"""

_BLOCK = re.compile(r"^(?P<mark><!-- run -->\n+)?```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]\n]+\]\(([^)\s]+)\)")
_ULID = re.compile(r"\b(rt_|cmp_|req_|chatcmpl-|evt_|key_)[0-9A-HJKMNP-TV-Z]{26}\b")
_UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_MOMENT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*Z\b")
_KEY = re.compile(r"\bparley_[0-9A-Za-z]{49}\b")
_VARYING = re.compile(r"(.*_ms|created|cost|total_cost|.*_tokens)")


@dataclass(frozen=True)
class Block:
    kind: str
    text: str
    is_run: bool


@dataclass(frozen=True)
class Example:
    """One command of a page, and what the page says it prints (None: nothing is said)."""

    page: Path
    number: int
    command: str
    printed: Block | None

    def __str__(self) -> str:
        return f"{self.page.name}-{self.number}"


def blocks(page: Path) -> list[Block]:
    found = _BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [Block(match["kind"], match["text"], match["mark"] is not None) for match in found]


def examples() -> list[Example]:
    found = []
    for page in PAGES:
        listed = blocks(page)
        for number, block in enumerate(listed):
            if block.is_run:
                following = listed[number + 1] if number + 1 < len(listed) else None
                printed = following if following and following.kind in {"json", "sse"} else None
                found.append(Example(page, number, block.text, printed))
    return found


def toml_blocks() -> list[tuple[str, str]]:
    return [
        (f"{page.name}-{number}", block.text)
        for page in PAGES
        for number, block in enumerate(blocks(page))
        if block.kind == "toml"
    ]


def without_varying(value: Any, key: str = "") -> Any:
    """Return `value` with what differs from run to run replaced."""
    match value:
        case dict():
            return {name: without_varying(inner, name) for name, inner in value.items()}
        case list():
            return [without_varying(inner, key) for inner in value]
        case bool() | None:
            return value
        case _ if _VARYING.fullmatch(key):
            return "varies"
        case str():
            text = _ULID.sub(r"\1…", value)
            return _KEY.sub("parley_…", _MOMENT.sub("…Z", _UUID.sub("…", text)))
        case _:
            return value


def events(stream: str) -> list[Any]:
    """Return a stream's events in an order of their own, pieces of one text joined: nobody promises either."""
    joined: dict[str, Any] = {}
    for line in stream.splitlines():
        if not line.startswith("data: "):
            continue
        data = line.removeprefix("data: ")
        event = data if data == "[DONE]" else without_varying(json.loads(data))
        is_delta = isinstance(event, dict) and "delta" in event
        key = json.dumps({**event, "delta": ""} if is_delta else event, sort_keys=True)
        if is_delta and key in joined:
            event["delta"] = joined[key]["delta"] + event["delta"]
        joined[key] = event
    return [joined[key] for key in sorted(joined)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("server")
    (folder / "parley.toml").write_text(SETTINGS)
    with serving(folder, "serve", "--port", "0") as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands are run: what one writes, the next finds."""
    made = tmp_path_factory.mktemp("shell")
    (made / "parley.toml").write_text(SETTINGS)
    return made


@pytest.mark.skipif(
    shutil.which("curl") is None and "PARLEY_REQUIRE_ALL" not in os.environ,
    reason="the examples of the pages need curl; install it",
)
@pytest.mark.parametrize("example", examples(), ids=str)
def test_example_of_a_page_prints_what_the_page_shows(example: Example, server: Serving, folder: Path) -> None:
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-e", "-c", example.command],
        cwd=folder,
        env=environment(PATH=programs, PARLEY_URL=server.url, PARLEY_API_KEY=server.key, COLUMNS="100"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip()
    if example.printed is not None and example.printed.kind == "json":
        assert without_varying(json.loads(done.stdout)) == without_varying(json.loads(example.printed.text))
    elif example.printed is not None:
        assert events(done.stdout) == events(example.printed.text)


@pytest.mark.parametrize(("name", "text"), toml_blocks(), ids=[name for name, _ in toml_blocks()])
def test_configuration_in_a_page_is_one_that_starts(name: str, text: str, tmp_path: Path) -> None:
    for path in re.findall(r'^(?:path|ca_file) = "([^"]+)"', text, re.MULTILINE):
        (tmp_path / path).write_text("")
    page = tmp_path / f"{name}.toml"
    page.write_text(text, encoding="utf-8")
    assert load_config(page, {}).source == page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    # What looks like a link inside a program is none.
    for target in _LINK.findall(_BLOCK.sub("", page.read_text(encoding="utf-8"))):
        if target.startswith(("https:", "http:")):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(found), f"{page.name} links to {target}"


def anchors(page: Path) -> set[str]:
    """Return what headings can be linked by, as common renderers of Markdown name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_on_the_map() -> None:
    linked = set(_LINK.findall((ROOT / "docs" / "index.md").read_text(encoding="utf-8")))
    docs = ROOT / "docs"
    pages = {str(page.relative_to(docs)) for page in docs.rglob("*.md")} - {"index.md"}
    assert pages <= linked


def test_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150


def test_every_error_code_is_explained() -> None:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    missing = {code for code in codes() if f"`{code}`" not in text}
    assert not missing


def codes() -> set[str]:
    """Return every code that an answer can carry: of seats, of refusals, and those that are named where they occur."""
    kinds: list[type[RequestRefused]] = [RequestRefused]
    for kind in kinds:
        kinds += kind.__subclasses__()
    found = {kind.__dict__["code"] for kind in kinds if isinstance(kind.__dict__.get("code"), str)}
    named = re.compile(r'(?:NotServing|NotAcceptable)\(\s*"(\w+)"')
    for path in (ROOT / "src").rglob("*.py"):
        found |= set(named.findall(path.read_text(encoding="utf-8")))
    return found | {code.value for code in FailureCode} | {"internal_error", "all_models_failed"}


def test_every_setting_is_explained() -> None:
    example = (ROOT / "parley.example.toml").read_text(encoding="utf-8")
    keys = set(re.findall(r"^(?:# )?([a-z_0-9]+) = ", example, re.MULTILINE))
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert len(keys) > 40
    assert not {key for key in keys if f"`{key}`" not in text}


def test_every_vendor_is_described_as_the_catalog_has_it() -> None:
    text = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")
    for vendor in VENDORS:
        if vendor.is_local:
            assert f"`{vendor.name}`" in text
            assert str(vendor.local_port) in text
        else:
            dialect = vendor.dialect.value
            assert f"| `{vendor.name}` | {dialect} | `{vendor.base_url}` | `{vendor.api_key_env}` |" in text


def test_every_command_is_described_with_its_options() -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## `parley ([\w ]+)`\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    commands = dict(commands_of(typer.main.get_command(make_app())))
    assert set(sections) == set(commands)
    for name, options in commands.items():
        assert set(re.findall(r"`(--[\w-]+)", sections[name])) == options, name


def commands_of(command: Any, name: str = "") -> Iterator[tuple[str, set[str]]]:
    """Give each command that does something, with its long options; `--help` goes without saying."""
    inner = getattr(command, "commands", None)
    if inner is None:
        names = {option for one in command.params for option in one.opts if option.startswith("--")}
        yield name, names - {"--help"}
        return
    for word, one in inner.items():
        yield from commands_of(one, f"{name} {word}".strip())
