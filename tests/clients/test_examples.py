"""The examples of the client libraries run as they stand and print the same; the page of examples shows these files."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import write_client_page
from clients.languages import CLIENTS, GO_LANGUAGE, JAVA, PYTHON_SYNC, TYPESCRIPT, Language, Start, run
from clients.live import Live
from clients.toolchains import need
from write_client_page import PAGE, SHELVES, TASKS, Shelf

_QUESTION = "Should a small team start with a monolith?"
_MODELS = ["sandbox/terse", "sandbox/thorough", "sandbox/contrarian"]
_MOST_LINES = 40

Ask = Callable[[str, dict[str, Any]], Any]


def _class_path(start: Start) -> str:
    """Take the library's class path from how the driver is started."""
    return start.command[start.command.index("-cp") + 1]


_RUNS: dict[str, tuple[Language, Callable[[Start, Path], tuple[str, ...]]]] = {
    "python": (PYTHON_SYNC, lambda _start, file: (sys.executable, "-W", "error", str(file))),
    "typescript": (TYPESCRIPT, lambda _start, file: ("node", str(file))),
    "go": (GO_LANGUAGE, lambda _start, file: ("go", "run", str(file))),
    "java": (JAVA, lambda start, file: ("java", "-cp", _class_path(start), str(file))),
}


@pytest.fixture(scope="module")
def ask(live: Live) -> Ask:
    """Ask the server without any library."""
    key = live.new_key()
    return lambda path, body: live.plain(key, "POST", path, body)


@pytest.fixture(scope="module", params=SHELVES, ids=lambda shelf: shelf.folder)
def shelf(request: pytest.FixtureRequest) -> Shelf:
    found: Shelf = request.param
    return found


@pytest.fixture(scope="module")
def built(shelf: Shelf, build: Callable[[Language], Start]) -> Start:
    language, _ = _RUNS[shelf.folder]
    need(*language.programs)
    return build(language)


def expected(name: str, ask: Ask) -> list[str]:
    """Return the lines that an example owes."""
    panel = {"input": _QUESTION, "models": _MODELS}
    match name:
        case "ask" | "stream":
            answer = ask("/v3/roundtable", panel)
            texts = [(row["model"], row["data"]) for row in answer["model_results"]]
            return [*_labelled(texts), f"summary: {answer['data']}", f"cost: {answer['meta']['total_cost']} USD"]
        case "vote":
            question = {"input": "Is a monolith the better start for a team of five?", "models": _MODELS}
            vote = {"resolution": "multiple_choice", "choices": ["yes", "no", "it depends"]}
            answer = ask("/v3/roundtable", {**question, **vote})
            counts = [(row["choice"], row["votes"]) for row in answer["meta"]["vote"]["tally"]]
            return [*_labelled(counts), f"winner: {answer['data']}"]
        case "structured":
            question = {"input": "Is a monolith the better start? Say how sure you are.", "models": _MODELS}
            answer = ask("/v3/roundtable", {**question, "output_schema": _VERDICT})
            return _labelled((field, answer["data"][field]) for field in ("verdict", "confidence"))
        case _:
            messages = [{"role": "user", "content": _QUESTION}]
            answer = ask("/v1/chat/compare", {"models": _MODELS, "messages": messages})
            texts = [(row["model"], row["content"]) for row in answer["results"]]
            return [*_labelled(texts), answer["comparison"]]


_VERDICT = {
    "type": "object",
    "properties": {"verdict": {"type": "string", "enum": ["yes", "no"]}, "confidence": {"type": "number"}},
    "required": ["verdict", "confidence"],
    "additionalProperties": False,
}


def _labelled(pairs: Any) -> list[str]:
    return [f"{label}: {value}" for label, value in pairs]


def told(text: str) -> dict[str, Any]:
    """Return what was printed by its labels, without what differs from run to run.

    The consolidation sees the answers in an order drawn by lot, so that its text and its cost are not always the same;
    numbers are written as each language writes them, and a stream comes in pieces.
    """
    answers, _, evaluation = text.strip().partition("\n## ")
    said: dict[str, Any] = {"evaluation": re.findall(r"^## (\w+)$", f"## {evaluation}", re.MULTILINE)}
    for label, piece in _LABELLED.findall(answers):
        said[label] = said.get(label, "") + re.sub(r"\s", "", piece)
    if "summary" in said:
        said["summary"] = bool(said["summary"])
    if "cost" in said:
        said["cost"] = 0 < float(said["cost"].removesuffix("USD")) < 0.01
    if "confidence" in said:
        said["confidence"] = float(said["confidence"])
    return said


_LABEL = "sandbox/\\w+|yes|no|it depends|winner|verdict|confidence|summary|cost"
_LABELLED = re.compile(rf"^({_LABEL}): (.*?)(?=^(?:{_LABEL}): |\Z)", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_example_prints_what_the_server_says(
    shelf: Shelf, built: Start, live: Live, ask: Ask, task: write_client_page.Task
) -> None:
    file = shelf.example(task)
    _, command = _RUNS[shelf.folder]
    env = {**built.env, "PARLEY_URL": live.url, "PARLEY_API_KEY": live.new_key()}
    printed = run(CLIENTS / shelf.folder, *command(built, file), env=env)
    said, owed = told(printed), told("\n".join(expected(task.name, ask)))
    assert said == owed
    assert list(said) == list(owed) or task.name == "stream"


def test_example_of_errors_tells_code_and_request(shelf: Shelf, built: Start, live: Live) -> None:
    _, command = _RUNS[shelf.folder]
    [task] = [task for task in TASKS if task.name == "compare"]
    env = {**built.env, "PARLEY_URL": live.url, "PARLEY_API_KEY": "not-a-key"}
    with pytest.raises(AssertionError, match=r"unauthorized in request req_[0-9A-Z]{26}: "):
        run(CLIENTS / shelf.folder, *command(built, shelf.example(task)), env=env)


def test_examples_are_short(shelf: Shelf) -> None:
    for task in TASKS:
        assert len(shelf.example(task).read_text().splitlines()) < _MOST_LINES


def test_page_shows_the_examples_as_they_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == write_client_page.page(), "run scripts/write_client_page.py"
