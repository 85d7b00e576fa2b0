"""A conversation with a panel: what was asked, what each model said, and with which answer it goes on."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from parley.cli.board import Board, Seat, SeatState
from parley.cli.material import Question
from parley.domain.json import JsonObject, JsonValue

MERGED = "merged"
"""What `chosen` says of a turn that goes on with the consolidation."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What one model said in a turn, or why it could not."""

    model: str
    text: str
    error_code: str = ""
    error: str = ""
    cost_usd: float | None = None
    duration_ms: int | None = None

    def document(self) -> JsonObject:
        """Return it as `--json` has it."""
        said: JsonObject = {"model": self.model, "content": None if self.error_code else self.text}
        if self.error_code:
            said |= {"error_code": self.error_code, "error": self.error}
        return {**said, "cost": self.cost_usd, "duration_ms": self.duration_ms}


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answers. `chosen`, a model's name or MERGED, says which `text` is gone on with."""

    question: Question
    replies: tuple[Reply, ...]
    merged: str
    merged_by: str
    chosen: str
    cost_usd: float | None = None

    @property
    def text(self) -> str:
        if self.chosen == MERGED:
            return self.merged
        return next(reply.text for reply in self.replies if reply.model == self.chosen)

    @property
    def given(self) -> list[Reply]:
        """The answers to choose from."""
        return [reply for reply in self.replies if not reply.error_code]

    def document(self) -> JsonObject:
        """Return the turn as `--json` has it."""
        merged: JsonValue = {"model": self.merged_by, "content": self.merged} if self.merged else None
        return {
            "input": self.question.text,
            "images": len(self.question.images),
            "results": [reply.document() for reply in self.replies],
            "merged": merged,
            "chosen": self.chosen,
            "answer": self.text,
            "total_cost": self.cost_usd,
        }


@dataclass(slots=True)
class Conversation:
    """The turns so far. Every model gets the same ones: the questions, and the answer that each went on with."""

    system: str = ""
    turns: list[Turn] = field(default_factory=list)

    def messages(self, question: Question) -> list[JsonValue]:
        """Return the conversation with one more question, as chat messages."""
        said: list[JsonValue] = [{"role": "system", "content": self.system}] if self.system else []
        for turn in self.turns:
            said.append({"role": "user", "content": turn.question.content})
            said.append({"role": "assistant", "content": turn.text})
        return [*said, {"role": "user", "content": question.content}]

    def choose(self, chosen: str) -> Turn:
        """Let the newest turn go on with another answer."""
        self.turns[-1] = replace(self.turns[-1], chosen=chosen)
        return self.turns[-1]

    def document(self, models: Sequence[str]) -> JsonObject:
        """Return all of it as `--json` has it."""
        return {"models": [*models], "system": self.system or None, "turns": [turn.document() for turn in self.turns]}

    def markdown(self) -> str:
        """Return all of it for people to read again."""
        parts = [f"> {line}" for line in self.system.splitlines()] + [""] if self.system else []
        for number, turn in enumerate(self.turns, 1):
            images = [f"*({len(turn.question.images)} images)*", ""] if turn.question.images else []
            parts += [f"# {number}. You", "", turn.question.text, "", *images]
            for reply in turn.replies:
                mark = " (chosen)" if reply.model == turn.chosen else ""
                said = f"*{reply.error_code}: {reply.error}*" if reply.error_code else reply.text
                parts += [f"## {reply.model}{mark}", "", said, ""]
            if turn.merged:
                mark = " (chosen)" if turn.chosen == MERGED else ""
                parts += [f"## Consolidation by {turn.merged_by}{mark}", "", turn.merged, ""]
        return "\n".join(parts)


def turn_of(question: Question, board: Board) -> Turn | None:
    """Return the turn that a board shows at its end, None if no model answered."""
    replies = tuple(_reply(seat) for seat in board.seats)
    given = [reply for reply in replies if not reply.error_code]
    if not given:
        return None
    judgement = board.judgement
    is_merged = judgement is not None and bool(judgement.text) and not judgement.problem
    merged, by = (judgement.text, judgement.model) if judgement is not None and is_merged else ("", "")
    cost_usd = None if board.totals is None else board.totals.cost_usd
    return Turn(question, replies, merged, by, MERGED if merged else given[0].model, cost_usd)


def _reply(seat: Seat) -> Reply:
    failed = seat.state is not SeatState.ANSWERED
    return Reply(
        seat.model,
        seat.text,
        (seat.error_code or "cancelled") if failed else "",
        seat.problem if failed else "",
        seat.cost_usd,
        seat.duration_ms,
    )
