"""Writes docs/clients/index.md from the examples of the client libraries, so that what the page shows is what is run.

python scripts/write_client_page.py            # write the page
python scripts/write_client_page.py --check    # say whether it is as the examples are
"""

import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
CLIENTS = ROOT / "clients"
PAGE = ROOT / "docs" / "clients" / "index.md"


@dataclass(frozen=True)
class Task:
    """One example that every library has under this name."""

    name: str
    title: str
    about: str


@dataclass(frozen=True)
class Shelf:
    """Where a library keeps its examples: `pattern` is filled with a task's name, `kind` names the code block."""

    folder: str
    title: str
    pattern: str
    kind: str

    def example(self, task: Task) -> Path:
        return CLIENTS / self.folder / "examples" / self.pattern.format(name=task.name, Name=task.name.capitalize())


TASKS = (
    Task("ask", "Ask a panel", "Three models answer, a fourth call merges what they said."),
    Task(
        "vote",
        "Take a vote",
        "Each model picks one of the choices; the counts and each seat's own vote are in the answer.",
    ),
    Task(
        "structured",
        "Get a typed answer",
        "The type gives the schema that every model is held to, and the merged answer comes back in it.",
    ),
    Task("stream", "Follow a panel as it writes", "Texts arrive interleaved; leaving the loop stops the models."),
    Task("compare", "Compare, and handle errors", "Answers side by side, with an evaluation by one more model."),
)
SHELVES = (
    Shelf("python", "Python", "{name}.py", "python"),
    Shelf("typescript", "TypeScript", "{name}.mjs", "js"),
    Shelf("go", "Go", "{name}/main.go", "go"),
    Shelf("java", "Java", "{Name}.java", "java"),
)
_HEAD = """\
# Client libraries

Four libraries with one shape, and the official clients of the [compare API](../compare.md) and of
[chat completions](../chat.md) keep working too. Each has a README of its own: [Python](../../clients/python/README.md),
[TypeScript](../../clients/typescript/README.md), [Go](../../clients/go/README.md),
[Java](../../clients/java/README.md). What all four do alike, from retries to closing streams, stands in
[clients/README.md](../../clients/README.md); that they do is shown case by case in [conformance](conformance.md).

The same five tasks follow in each language. The programs are whole: they read `PARLEY_URL` and `PARLEY_API_KEY`, ask
the [sandbox models](../sandbox-and-replay.md), and stand under `clients/*/examples/`, where the tests run them.
"""


def page() -> str:
    """Return the page as the examples make it."""
    return "\n".join([_HEAD, *(_section(task) for task in TASKS)])


def _section(task: Task) -> str:
    blocks = [f"### {shelf.title}: {task.name}\n\n```{shelf.kind}\n{_code(shelf, task)}```\n" for shelf in SHELVES]
    return "\n".join([f"## {task.title}\n\n{task.about}\n", *blocks])


def _code(shelf: Shelf, task: Task) -> str:
    return shelf.example(task).read_text(encoding="utf-8").strip() + "\n"


def main() -> None:
    text = page()
    if sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            raise SystemExit(f"{PAGE.relative_to(ROOT)} is not as the examples are; run scripts/write_client_page.py")
        return
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
