"""What a screen shows of one run: its seats, the judge's text, the vote. Fed from events or from a plain answer."""

import time
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import assert_never, cast

from parley.cli.fault import CommandFault, ExitCode
from parley.cli.replies import (
    CompareDone,
    CompareError,
    CompareEvent,
    CompareReply,
    ComparisonChunk,
    ModelChunk,
    ModelDelta,
    ModelDone,
    ModelError,
    ModelResult,
    ModelStreamDone,
    ResultRow,
    RoundtableDone,
    RoundtableError,
    RoundtableEvent,
    RoundtableReply,
    SeatRow,
    SummaryDelta,
    TokenUsage,
    VoteRow,
)
from parley.cli.terminal import answer_text
from parley.domain.json import JsonValue

_OTHER_JUDGE = "the first choice of judge failed, another one wrote this"


class SeatState(Enum):
    ASKED = auto()
    ANSWERED = auto()
    FAILED = auto()


@dataclass(slots=True)
class Seat:
    """One model's place on the screen. `problem` says why a failed seat failed, or what is wrong with an answer."""

    model: str
    started: float = field(default_factory=time.monotonic)
    text: str = ""
    state: SeatState = SeatState.ASKED
    duration_ms: int | None = None
    cost_usd: float | None = None
    usage: TokenUsage | None = None
    problem: str = ""
    error_code: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def elapsed_ms(self) -> float:
        """Time from asking to the end, or to now."""
        return (time.monotonic() - self.started) * 1000 if self.duration_ms is None else self.duration_ms

    def answer(self, text: str, duration_ms: int, usage: TokenUsage | None, cost_usd: float | None) -> None:
        self.state = SeatState.ANSWERED
        self.text = text
        self.duration_ms = duration_ms
        self.usage = usage
        self.cost_usd = cost_usd

    def fail(self, error_code: str, sentence: str, duration_ms: int | None = None) -> None:
        self.state = SeatState.FAILED
        self.error_code = error_code
        self.problem = sentence
        self.duration_ms = round(self.elapsed_ms) if duration_ms is None else duration_ms


@dataclass(slots=True)
class Judgement:
    """The consolidation's or comparison's text, so far or whole."""

    title: str
    model: str = ""
    text: str = ""
    problem: str = ""
    started: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class Totals:
    """What stands in the last line; `notes` are what the reader should know about the answer."""

    duration_ms: int
    cost_usd: float | None
    is_cost_complete: bool = True
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Board:
    """One run on the screen. `judgement` is None where none was asked for; `fault` ends the command."""

    seats: list[Seat]
    judgement: Judgement | None = None
    vote: VoteRow | None = None
    winner: str = ""
    totals: Totals | None = None
    fault: CommandFault | None = None

    @property
    def is_answered(self) -> bool:
        """Whether every seat has ended."""
        return all(seat.state is not SeatState.ASKED for seat in self.seats)

    def cut_short(self) -> None:
        """End the seats that have not ended: the run is over."""
        for seat in self.seats:
            if seat.state is SeatState.ASKED:
                seat.fail("cancelled", "The run ended before this model did.")

    def hear_roundtable(self, event: RoundtableEvent) -> None:
        match event:
            case ModelDelta():
                self.seats[event.model_index].text += event.delta
            case ModelDone():
                seat = self.seats[event.model_index]
                seat.answer(_text(event.data), event.duration_ms, event.usage, event.cost)
                seat.problem = event.schema_error or ""
            case ModelError():
                seat = self.seats[event.model_index]
                seat.text = event.partial_text or seat.text
                seat.fail(event.error_code, event.error)
            case SummaryDelta():
                self._judge(event.model, event.delta)
            case RoundtableDone():
                self.take_roundtable(event)
            case RoundtableError():
                self.fault = stream_fault(event.error_code, event.error)
            case unknown:
                assert_never(unknown)

    def take_roundtable(self, reply: RoundtableReply) -> None:
        """Take over the plain response: the last word on every seat."""
        for row in reply.model_results:
            _take_seat(self.seats[row.index], row)
        meta = reply.meta
        if meta.vote is not None:
            self.vote = meta.vote
            self.winner = _text(reply.data)
        notes = [_OTHER_JUDGE] if meta.summary_fallback_used else []
        notes += ["the answers were cut to fit the judge"] if meta.summary_truncated else []
        if self.judgement is not None and not (meta.summary_model or meta.summary_error):
            self.judgement = None
            notes.append("one answer, so there was nothing to merge")
        elif self.judgement is not None:
            error = meta.summary_error
            self.judgement.text = _text(reply.data)
            self.judgement.model = meta.summary_model or ""
            self.judgement.problem = "" if error is None else f"{error.code}: {error.message}"
        self.totals = Totals(meta.total_duration_ms, meta.total_cost, meta.cost_complete, tuple(notes))

    def hear_compare(self, event: CompareEvent) -> None:
        match event:
            case ModelChunk():
                self._seat_of(event.model).text += event.delta
            case ModelResult() | ModelStreamDone():
                _take_result(self._seat_of(event.model), event)
            case ComparisonChunk():
                self._judge(event.comparison_model, event.delta)
            case CompareDone():
                self._end_comparison(event)
            case CompareError():
                self.fault = stream_fault(event.error.code, event.error.message)
            case unknown:
                assert_never(unknown)

    def take_comparison(self, reply: CompareReply) -> None:
        """Take over the plain response."""
        for seat, row in zip(self.seats, reply.results, strict=True):
            _take_result(seat, row)
        if self.judgement is not None:
            self.judgement.text = reply.comparison or ""
        self._end_comparison(
            CompareDone(
                reply.comparison_model,
                reply.total_latency_ms,
                reply.partial,
                reply.comparison_fallback_used,
                None,
                reply.total_cost,
            )
        )

    def _end_comparison(self, end: CompareDone) -> None:
        if self.judgement is not None:
            self.judgement.model = end.comparison_model or self.judgement.model
            self.judgement.problem = end.error_code or ""
            if not self.judgement.text and end.comparison_fallback_used:
                self.judgement.problem = "no model could write the comparison"
        notes = (_OTHER_JUDGE,) if end.comparison_fallback_used and self.judgement and self.judgement.text else ()
        is_complete = all(seat.cost_usd is not None for seat in self.seats if seat.state is SeatState.ANSWERED)
        self.totals = Totals(end.total_latency_ms, end.total_cost, is_complete, notes)

    def _judge(self, model: str, delta: str) -> None:
        if self.judgement is not None:
            self.judgement.model = model
            self.judgement.text += delta

    def _seat_of(self, model: str) -> Seat:
        return next(seat for seat in self.seats if seat.model == model)


def stream_fault(code: str, message: str) -> CommandFault:
    """Return the fault of a stream that ended in an `error` event."""
    exit_code = ExitCode.ALL_FAILED if code == "all_models_failed" else ExitCode.UNREACHABLE
    return CommandFault(exit_code, code, message)


def _take_seat(seat: Seat, row: SeatRow) -> None:
    seat.warnings = tuple(row.warnings)
    seat.usage = row.usage
    seat.cost_usd = row.cost
    if row.error is not None:
        seat.fail(row.error_code or "upstream_error", row.error, row.duration_ms)
        return
    seat.answer(_text(row.data), row.duration_ms, row.usage, row.cost)
    seat.problem = row.schema_error or ""


def _take_result(seat: Seat, row: ResultRow) -> None:
    seat.warnings = tuple(row.warnings or ())
    if row.error_code is not None:
        seat.usage, seat.cost_usd = row.usage, row.cost
        seat.fail(row.error_code, row.error or row.error_code, row.latency_ms)
        return
    seat.answer(seat.text if row.content is None else row.content, row.latency_ms, row.usage, row.cost)


def _text(data: object) -> str:
    return answer_text(cast(JsonValue, data))
