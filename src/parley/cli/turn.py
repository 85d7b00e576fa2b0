"""One turn of a conversation: every model of the panel is asked, live; then their answers are merged, or not."""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import cast

from parley.cli.board import Board, Judgement, Seat, SeatState
from parley.cli.client import Client
from parley.cli.fault import CommandFault, OutputFault
from parley.cli.material import Question
from parley.cli.merge import merge_of
from parley.cli.panel import COMPARE, Tell, feed_compare
from parley.domain.json import JsonObject, JsonValue

CHAT = "/v1/chat/completions"
# A panel as a model takes no fallbacks. Source: contracts/gateway.md, and docs/chat.md.
_PANEL_PREFIX = "panel/"


@dataclass(frozen=True, slots=True)
class Asking:
    """What one turn sends. `messages` end with the question; `judge` merges, else the first model that answered."""

    models: Sequence[str]
    messages: Sequence[JsonValue]
    question: Question
    is_merging: bool = True
    judge: str | None = None

    def board(self) -> Board:
        """Return the empty board of this turn."""
        names = list(dict.fromkeys(self.models))
        judgement = Judgement("Consolidation") if self.is_merging and len(names) > 1 else None
        return Board([Seat(name) for name in names], judgement)


def turn_steps(client: Client, asking: Asking, board: Board, tell: Tell) -> Generator[None, None, None]:
    """Feed the board event by event, and tell each; closing this before its end cancels what runs."""
    body: JsonObject = {
        "models": [*asking.models],
        "messages": [*asking.messages],
        "skip_comparison": True,
        "stream": True,
    }
    with client.stream(COMPARE, body) as events:
        for event in events:
            tell(event)
            feed_compare(board, event)
            yield
    if board.judgement is None or board.fault is not None:
        return
    answered = [seat for seat in board.seats if seat.state is SeatState.ANSWERED]
    if len(answered) > 1:
        yield from _merge_steps(client, asking, board, tell)
        return
    board.judgement = None
    if board.totals is not None:
        board.totals.notes = ("one answer, so there was nothing to merge",)


def _merge_steps(client: Client, asking: Asking, board: Board, tell: Tell) -> Generator[None, None, None]:
    """Stream the one reply; that there is none is the consolidation's problem and not the turn's."""
    judgement = cast(Judgement, board.judgement)
    answered = [seat for seat in board.seats if seat.state is SeatState.ANSWERED]
    judge, *others = dict.fromkeys([*([asking.judge] if asking.judge else []), *[seat.model for seat in answered]])
    judgement.model = judge
    merge = merge_of(asking.messages, asking.question, [(seat.model, seat.text) for seat in answered])
    body: JsonObject = {"model": judge, "messages": merge.messages, "stream": True}
    if others and not judge.startswith(_PANEL_PREFIX):
        body["models"] = [judge, *others]
    started = time.monotonic()
    try:
        with client.stream(CHAT, body) as events:
            written = ""
            for event in events:
                written += _hear(event, board, judgement)
                _show(merge.read(written), judgement, tell)
                yield
            _show(merge.read(written, is_whole=True), judgement, tell)
    except OutputFault:
        raise
    except CommandFault as fault:
        judgement.problem = f"{fault.code}: {fault.message}"
    if board.totals is not None:
        board.totals.duration_ms += round((time.monotonic() - started) * 1000)
    tell(
        {"event": "merge_done", "model": judgement.model, **({"error": judgement.problem} if judgement.problem else {})}
    )


def _hear(event: JsonObject, board: Board, judgement: Judgement) -> str:
    """Take over one chunk of a chat completion; returns its text."""
    error = event.get("error")
    if isinstance(error, dict):
        judgement.problem = f"{error.get('code')}: {error.get('message')}"
    judgement.model = str(event.get("model") or judgement.model)
    cost = event.get("cost")
    if board.totals is not None and isinstance(cost, str | float | int) and not isinstance(cost, bool):
        board.totals.cost_usd = (board.totals.cost_usd or 0) + float(cost)
    return _delta(event)


def _show(text: str, judgement: Judgement, tell: Tell) -> None:
    """Take over what the one reply is so far."""
    delta = text[len(judgement.text) :]
    judgement.text = text
    if delta:
        tell({"event": "merge_chunk", "model": judgement.model, "delta": delta})


def _delta(event: JsonObject) -> str:
    choices = event.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    delta = first.get("delta") if isinstance(first, dict) else None
    content = delta.get("content") if isinstance(delta, dict) else None
    return content if isinstance(content, str) else ""
