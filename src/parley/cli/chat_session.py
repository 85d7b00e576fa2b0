"""A chat under way: whom it asks, how, and what has been said. Neither reads input nor draws."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from parley.cli.client import Client
from parley.cli.conversation import MERGED, Conversation, Turn
from parley.cli.fault import misused
from parley.cli.material import Question
from parley.cli.turn import Asking
from parley.domain.json import JsonObject


@dataclass(slots=True)
class Session:
    """`files` and `images` go with the next message; `waiting` is a question to ask before anything is read."""

    client: Client
    models: list[str]
    conversation: Conversation
    is_merging: bool = True
    judge: str | None = None
    files: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    waiting: Question | None = None
    retried: Question | None = None
    saved: set[Path] = field(default_factory=set)
    is_over: bool = False

    def next_waiting(self) -> Question | None:
        """Return the question that waits to be asked, which then waits no more."""
        question, self.waiting = self.waiting, None
        return question

    def take(self, text: str) -> Question:
        """Return the next question: what was typed, and what was laid beside it."""
        question = Question("\n\n".join([text, *self.files]), tuple(self.images))
        self.files, self.images = [], []
        return question

    def asking(self, question: Question) -> Asking:
        """Return what this turn sends."""
        messages = self.conversation.messages(question)
        return Asking(self.models, messages, question, self.is_merging, self.judge)

    def seat(self, models: list[str], rows: Sequence[JsonObject]) -> None:
        """Take these models for the panel; a name of no known provider is refused."""
        prefixes = {str(row["id"]).partition("/")[0] for row in rows}
        listed = {str(row["id"]) for row in rows}
        for name in models:
            if name not in listed and name.partition("/")[0] not in prefixes:
                raise misused(f"{name} is not known here; `parley models --search WORD` finds names.")
        self.models = models

    def choices(self, turn: Turn) -> str:
        """Return the answers of a turn, numbered, with the one that the conversation goes on with."""
        names = [reply.model for reply in turn.given] + ([MERGED] if turn.merged else [])
        rows = [f"{number}  {name}{'  ←' if name == turn.chosen else ''}" for number, name in enumerate(names, 1)]
        return "\n".join(rows)

    def chosen_of(self, turn: Turn, said: str) -> str:
        """Return which answer `said`, a number or a name, means."""
        names = [reply.model for reply in turn.given] + ([MERGED] if turn.merged else [])
        if said.isdecimal() and 1 <= int(said) <= len(names):
            return names[int(said) - 1]
        found = [name for name in names if said == name] or [name for name in names if said in name]
        if len(found) != 1:
            raise misused(f"{said!r} is no answer of the last turn; there are 1 to {len(names)}: {', '.join(names)}.")
        return found[0]

    def goes_on(self, turn: Turn) -> str:
        """Return the sentence that says with which answer the conversation goes on."""
        chosen = "the consolidation" if turn.chosen == MERGED else f"the answer of {turn.chosen}"
        return f"The conversation goes on with {chosen}."
