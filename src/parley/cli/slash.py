"""The slash commands of `parley chat`: what each is called, what it takes, what it is for, and what it does."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from parley.cli.chat_session import Session
from parley.cli.conversation import MERGED
from parley.cli.fault import CommandFault, misused
from parley.cli.material import Question, read_attachment, read_image
from parley.cli.questions import model_rows
from parley.cli.terminal import count, harmless
from parley.domain.json import JsonObject

_KEYS = """\
A line that ends in \\ goes on in the next one; what stands between two lines of three quotes is one message.
Ctrl-C stops a turn, Ctrl-D leaves."""


@dataclass(frozen=True, slots=True)
class Slash:
    """One command. `act` returns a sentence for the user, and sets what the session does next."""

    takes: str
    meaning: str
    act: Callable[[Session, str], str]


def act(session: Session, line: str) -> str:
    """Do what a line that begins with a slash says; returns what to tell the user, raises CommandFault."""
    name, _, rest = line[1:].partition(" ")
    found = [known for known in COMMANDS if known.startswith(name.lower())] if name else []
    if name.lower() in COMMANDS:
        found = [name.lower()]
    if len(found) != 1:
        could = f"it could be {' or '.join('/' + known for known in found)}" if found else "/help lists them"
        raise misused(f"/{harmless(name)} is no command; {could}. A message that begins with a slash is written //…")
    return COMMANDS[found[0]].act(session, rest.strip())


def complete(session: Session, line: str, word: str) -> Sequence[str]:
    """Return what `word`, at the end of `line`, could become: a command, or a model's name after /models."""
    if line == word and word.startswith("/"):
        return [f"/{name} " for name in COMMANDS if f"/{name}".startswith(word)]
    if not line.startswith(("/models ", "/judge ")):
        return []
    sign = word[:1] if word[:1] in {"+", "-"} else ""
    names = session.models if sign == "-" else _known_names(session)
    return [f"{sign}{name} " for name in names if f"{sign}{name}".startswith(word)]


def _known_names(session: Session) -> list[str]:
    """Return what can be asked; at TAB nothing may be said, so none if the server does not tell."""
    try:
        return [str(row["id"]) for row in model_rows(session.client) if not row.get("is_composite")]
    except CommandFault:
        return []


def _help(_session: Session, _rest: str) -> str:
    names = [f"/{name} {command.takes}".rstrip() for name, command in COMMANDS.items()]
    width = max(map(len, names))
    rows = [f"{name:{width}}  {command.meaning}" for name, command in zip(names, COMMANDS.values(), strict=True)]
    return "\n".join([*rows, "", _KEYS])


def _models(session: Session, rest: str) -> str:
    if rest:
        session.seat(_seated(session.models, rest.split()), model_rows(session.client))
    return f"The panel: {', '.join(session.models)}."


def _seated(models: Sequence[str], words: Sequence[str]) -> list[str]:
    """Return the panel with `+name` added and `-name` removed; bare names are a panel of their own."""
    is_change = all(word[0] in "+-" for word in words)
    seated = list(models) if is_change else []
    for word in words:
        name = word.removeprefix("+") if word[0] == "+" else word
        if word[0] == "-":
            if word[1:] not in seated:
                raise misused(f"{word[1:]} is not in the panel: {', '.join(seated)}.")
            seated.remove(word[1:])
        elif name not in seated:
            seated.append(name)
    if not seated:
        raise misused("A panel needs a model; /models +NAME adds one.")
    return seated


def _system(session: Session, rest: str) -> str:
    if rest:
        session.conversation.system = "" if rest == "-" else rest
    system = session.conversation.system
    return f"The system prompt: {system}" if system else "There is no system prompt; /system TEXT sets one."


def _merge(session: Session, rest: str) -> str:
    if rest not in {"", "on", "off"}:
        raise misused(f"/merge takes on or off, not {rest!r}.")
    session.is_merging = not session.is_merging if not rest else rest == "on"
    if session.is_merging:
        return "Answers are merged, and the conversation goes on with the consolidation."
    return "Answers are not merged: you pick the one that the conversation goes on with."


def _judge(session: Session, rest: str) -> str:
    if rest:
        session.judge = None if rest == "-" else rest
    return f"{session.judge or 'The first model that answered'} merges the answers."


def _pick(session: Session, rest: str) -> str:
    if not session.conversation.turns:
        raise misused("There is no answer yet to pick.")
    turn = session.conversation.turns[-1]
    if not rest:
        return session.choices(turn)
    session.conversation.choose(session.chosen_of(turn, rest))
    return session.goes_on(session.conversation.turns[-1])


def _undo(session: Session, _rest: str) -> str:
    if not session.conversation.turns:
        raise misused("There is nothing to take back.")
    turn = session.conversation.turns.pop()
    session.retried = turn.question
    return f"Took back: {_short(turn.question)}"


def _retry(session: Session, _rest: str) -> str:
    question = session.retried
    if question is None and session.conversation.turns:
        question = session.conversation.turns.pop().question
    if question is None:
        raise misused("There is nothing to ask again.")
    session.waiting = question
    return f"Asking again: {_short(question)}"


def _file(session: Session, rest: str) -> str:
    session.files.append(read_attachment(rest or _missing("/file", "FILE")))
    return f"{rest} goes with the next message."


def _image(session: Session, rest: str) -> str:
    session.images.append(read_image(rest or _missing("/image", "FILE or URL")))
    return f"{rest} goes with the next message ({count(len(session.images), 'image')})."


def _save(session: Session, rest: str) -> str:
    path = Path(rest or _missing("/save", "FILE"))
    if path.exists() and path not in session.saved:
        raise misused(f"{path} is there already; take another name.")
    document: JsonObject = session.conversation.document(session.models)
    try:
        as_json = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        path.write_text(as_json if path.suffix == ".json" else session.conversation.markdown(), encoding="utf-8")
    except OSError as error:
        raise misused(f"{path} can't be written: {error.strerror}.") from error
    session.saved.add(path)
    return f"Saved {count(len(session.conversation.turns), 'turn')} in {path}."


def _quit(session: Session, _rest: str) -> str:
    session.is_over = True
    return ""


def _missing(name: str, what: str) -> str:
    raise misused(f"{name} needs a {what}.")


def _short(question: Question) -> str:
    line = " ".join(question.text.split())
    return line if len(line) <= 60 else line[:59] + "…"


COMMANDS = {
    "help": Slash("", "this list", _help),
    "models": Slash("[+|-]NAME…", "show, replace, add to or take from the panel", _models),
    "system": Slash("TEXT|-", "show, set or drop the system prompt", _system),
    "merge": Slash("on|off", "merge the answers, or pick one", _merge),
    "judge": Slash("NAME|-", "who merges", _judge),
    "pick": Slash("N|NAME|" + MERGED, "go on with another answer of the last turn", _pick),
    "undo": Slash("", "take the last turn back", _undo),
    "retry": Slash("", "ask the last question again", _retry),
    "file": Slash("FILE", "add a text file to the next message", _file),
    "image": Slash("FILE|URL", "add an image to the next message", _image),
    "save": Slash("FILE", "write the conversation, as Markdown or as .json", _save),
    "quit": Slash("", "leave", _quit),
}
