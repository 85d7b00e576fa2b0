"""What the tests of the client libraries share: a driver of each language, servers, and the table of the run."""

import functools
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from clients.conformance_table import Table
from clients.drivers import Driver
from clients.languages import LANGUAGES, Language, Start
from clients.live import Live, live_server
from clients.suites import SUITES, Suites
from clients.toolchains import is_there, need
from clients.wire import Wire, running_wire

_TABLE = pytest.StashKey[Table]()
_SKIPPED = pytest.StashKey[set[str]]()
_JUDGED = ("test_transcripts.py", "test_hostile_wire.py", "test_retries.py", "test_conformance.py", "test_refusals.py")
_WRITTEN = Path(__file__).parents[2] / ".artifacts" / "conformance.txt"


@pytest.fixture(scope="session", params=LANGUAGES, ids=str)
def language(request: pytest.FixtureRequest) -> Language:
    found: Language = request.param
    need(*found.programs)
    return found


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Language], Start]:
    """Build the driver of a language, once; returns how it is started."""
    return functools.cache(lambda language: language.build(tmp_path_factory.mktemp(f"driver-{language}")))


@pytest.fixture(scope="session")
def start(language: Language, build: Callable[[Language], Start]) -> Start:
    return build(language)


@pytest.fixture(scope="session")
def driver(start: Start) -> Iterator[Driver]:
    """One driver for all tests of its language."""
    with Driver(start.command, start.env) as running:
        yield running


@pytest.fixture
def wire() -> Iterator[Wire]:
    with running_wire() as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def suites(request: pytest.FixtureRequest) -> Iterator[Suites]:
    """The libraries' own suites, as many as are asked for, under way from the first test on."""
    params = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    wanted = [str(given["suite"]) for given in params if "suite" in given]
    with Suites([name for name in wanted if is_there(*SUITES[name].programs)]) as running:
        yield running


@pytest.fixture(scope="session")
def live() -> Iterator[Live]:
    """One server with keys for all tests."""
    with live_server() as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if isinstance(report.longrepr, tuple):
        item.config.stash.setdefault(_SKIPPED, set()).add(report.longrepr[2].removeprefix("Skipped: "))
    counts = report.when == "call" or not report.passed
    if counts and isinstance(item, pytest.Function) and item.path.name in _JUDGED:
        _note(item, report)
    return report


def _note(item: pytest.Function, report: pytest.TestReport) -> None:
    """Put a result into the table: the row is the test's name as a sentence, the part its other parameters."""
    language = str(item.callspec.params["language"])
    row = item.originalname.removeprefix("test_").replace("_", " ")
    part = item.callspec.id.replace(language, "", 1).strip("-")
    table = item.config.stash.setdefault(_TABLE, Table(tuple(str(one) for one in LANGUAGES)))
    table.add((row, part), language, {"passed": "ok", "failed": "FAILED", "skipped": "skipped"}[report.outcome])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    table = config.stash.get(_TABLE, None)
    skipped: set[str] = config.stash.get(_SKIPPED, set())
    lines = [f"Not tried: {sentence}." for sentence in sorted(skipped)]
    if table is not None:
        _WRITTEN.parent.mkdir(exist_ok=True)
        _WRITTEN.write_text(table.text())
        lines += [*table.totals(table.languages), f"The table, case by language, is in {_WRITTEN}."]
    if lines:
        terminalreporter.section("the client libraries")
        terminalreporter.write_line("\n".join(lines))
