"""`parley demo`: a real server with the embedded models, asked over HTTP; it leaves nothing behind.

The database lives in a temporary folder, which goes when the command ends, however it ends.
"""

import logging
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from parley.app import Fittings, House
from parley.cli.client import Client
from parley.cli.ending import orderly_end
from parley.cli.options import Json
from parley.cli.panel import COMPARE, ROUNDTABLE, Panel, feed_compare, feed_roundtable, make_board, steps
from parley.cli.questions import ABOUT_EMBEDDED, EMBEDDED
from parley.cli.replies import read_comparison
from parley.cli.screen import Screen
from parley.cli.terminal import is_animated, make_console, say, write_json
from parley.config import Config
from parley.domain.json import JsonObject, JsonValue
from parley.domain.models import Dialect
from parley.domain.settings import ProviderSettings, ServerSettings, StoreSettings
from parley.server import local_server

_JUDGE = "sandbox/judge"
_WATCHED_TOKENS_PER_S = 70
_UNWATCHED_TOKENS_PER_S = 1000

_DATABASE = "Our team has ten users and one small server. Should we take SQLite or PostgreSQL?"
_REVIEW = (
    "How did this guest like it?\n\n"
    "The room was small and noisy. But the breakfast was excellent and the staff were very kind."
)
_VERDICTS = ("liked it", "mixed", "did not like it")
_MEETING = (
    "What is the main point?\n\n"
    "The team met on Monday to talk about the release. Testing found eleven bugs, and two of them lose data. "
    "Maria proposed to ship on Friday anyway. After a long discussion the team decided to wait one week. "
    "The two bugs that lose data will be fixed first. Nobody has said yet who tells the customers."
)
_REMOTE = "Should we work from home or in the office?"


@dataclass(frozen=True, slots=True)
class Scene:
    """One request of the demo; `key` names it in the JSON document."""

    key: str
    title: str
    question: str
    panel: Panel
    is_streamed: bool = True

    @property
    def body(self) -> JsonObject:
        return {**self.panel.body, "models": [*EMBEDDED]}


def demo(is_json: Json = False) -> None:
    """Watch the embedded models at work: no key, no cost."""
    console = make_console()
    speed = _WATCHED_TOKENS_PER_S if is_animated(console) and not is_json else _UNWATCHED_TOKENS_PER_S
    with orderly_end(signal.SIGTERM, signal.SIGHUP), _server(speed) as client:
        if is_json:
            write_json(_document(client))
            return
        _welcome(console, client)
        for number, scene in enumerate(_scenes(), 1):
            _play(number, scene, client, console)
        _what_next(console)


def _scenes() -> tuple[Scene, ...]:
    ask: JsonObject = {"input": _DATABASE, "summary_model": _JUDGE}
    vote: JsonObject = {"input": _REVIEW, "resolution": "multiple_choice", "choices": [*_VERDICTS]}
    return (
        Scene("roundtable", "A roundtable", _DATABASE, Panel(ROUNDTABLE, ask, feed_roundtable, "Consolidation")),
        Scene("vote", "A vote", _REVIEW, Panel(ROUNDTABLE, vote, feed_roundtable, is_vote=True)),
        Scene("comparison", "A comparison", _MEETING, _comparison(_MEETING), is_streamed=False),
        Scene("streamed_comparison", "A comparison, streamed", _REMOTE, _comparison(_REMOTE)),
    )


def _comparison(question: str) -> Panel:
    message: JsonValue = {"role": "user", "content": question}
    return Panel(COMPARE, {"messages": [message], "comparison_model": _JUDGE}, feed_compare, "Comparison")


@contextmanager
def _server(tokens_per_s: float) -> Iterator[Client]:
    """Run a server in this process that knows the embedded models alone."""
    houses: list[House] = []
    with TemporaryDirectory(prefix="parley-demo-") as folder:
        config = Config(
            server=ServerSettings(shutdown_grace_s=0),
            store=StoreSettings(f"sqlite:///{Path(folder, 'parley.db')}"),
            providers=(ProviderSettings("sandbox", Dialect.SANDBOX, is_local=True, tokens_per_s=tokens_per_s),),
        )
        with local_server(config, Fittings(log_level=logging.ERROR), houses.append) as url:
            yield Client(url, houses[0].made_key)


def _play(number: int, scene: Scene, client: Client, console: Console) -> None:
    title = Text.assemble((f"{number}  {scene.title}", "bold"), (f"  POST {scene.panel.path}", "dim"))
    console.print(Rule(title, align="left", style="dim") if console.is_terminal else Text("# ") + title)
    say(console, Text(scene.question, "italic"))
    console.print()
    board = make_board(scene.panel, [*EMBEDDED])
    screen = Screen(console, board, is_vote=scene.panel.is_vote)
    if scene.is_streamed:
        with closing(steps(client, scene.panel, scene.body, board)) as taken:
            screen.follow(taken)
    else:
        with console.status("three models answer, a fourth compares them"):
            answer = client.post(scene.panel.path, scene.body)
        board.take_comparison(read_comparison(answer))
        screen.show()
    if board.fault is not None:
        raise board.fault
    console.print()


def _document(client: Client) -> JsonObject:
    """Return all answers; those of a stream as the list of its events."""
    found: JsonObject = {"url": client.url, "note": ABOUT_EMBEDDED}
    for scene in _scenes():
        if scene.key != "streamed_comparison":
            found[scene.key] = client.post(scene.panel.path, scene.body)
            continue
        with client.stream(scene.panel.path, {**scene.body, "stream": True}) as events:
            found[scene.key] = [*events]
    return found


def _welcome(console: Console, client: Client) -> None:
    start = Text.assemble(("Parley", "bold"), f" runs on {client.url}, with its database in a temporary folder.")
    say(console, start)
    about = f"{ABOUT_EMBEDDED} They need no key, no network and no money; the prices shown are made up."
    say(console, Text(about, "yellow"))
    console.print()


def _program() -> str:
    """Return what to type for this command where it is not on the PATH, as under `make demo`."""
    if shutil.which("parley"):
        return "parley"
    return sys.argv[0] if Path(sys.argv[0]).name == "parley" else f"{sys.executable} -m parley"


def _what_next(console: Console) -> None:
    program = _program()
    body = '{"input": "Tea or coffee?", "models": ["sandbox/terse", "sandbox/contrarian"], "stream": true}'
    header = '-H "Authorization: Bearer $PARLEY_API_KEY" -H "Content-Type: application/json"'
    title = Text("What next", "bold")
    console.print(Rule(title, align="left", style="dim") if console.is_terminal else Text("# ") + title)
    lines = (
        "Start a server of your own; on its first start it prints a key for the second line:",
        f"  {program} serve",
        "  export PARLEY_API_KEY=…",
        f"  curl -N http://127.0.0.1:8080/v3/roundtable {header} -d '{body}'",
        f"  curl http://127.0.0.1:8080/v1/models {header.partition(' -H ')[0]}",
        "Real models join when their key is there, such as OPENAI_API_KEY or ANTHROPIC_API_KEY, or Ollama runs:",
        f"  {program} doctor",
        f'  {program} ask "Which of our plans is riskier?" -m openai/gpt-5-mini -m anthropic/claude-haiku-4-5',
    )
    for line in lines:
        console.print(Text(line, "cyan" if line.startswith(" ") else ""), soft_wrap=True)
