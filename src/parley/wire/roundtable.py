"""Contract: POST /v3/roundtable. Unknown fields are rejected. Source: contracts/roundtable.md."""

from collections.abc import Sequence
from typing import Annotated, Literal, assert_never, cast

import msgspec

from parley.domain.errors import FailureCode
from parley.domain.events import ConsolidationDelta, Event, RunFinished, RunStarted, SeatDelta, SeatFinished
from parley.domain.ids import new_id
from parley.domain.json import JsonObject
from parley.domain.messages import Role, text_message
from parley.domain.models import Effort
from parley.domain.run import (
    Answer,
    Nothing,
    PanelRequest,
    PanelResult,
    Resolution,
    Sampling,
    SchemaFormat,
    SeatRequest,
    Summary,
    Verdict,
    Vote,
)
from parley.domain.usage import Usage
from parley.wire.decoding import decode_body, fault, refuse, refuse_count
from parley.wire.delta import MARK, DeltaFrame
from parley.wire.encoding import Wire, WireObject, encode_json, encode_usage, without_nulls
from parley.wire.exchange import DONE, Reply, RequestInfo
from parley.wire.problems import Problem, failed_panel

MOST_CHOICES = 100
MOST_CHOICE_CHARACTERS = 1_000
_MOST_RETRIES = 3
_MOST_TIMEOUT_MS = 300_000


class SeatBody(msgspec.Struct, forbid_unknown_fields=True):
    """One seat, with what holds for it alone."""

    name: str
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    top_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    reasoning: Literal["low", "medium", "high", "max"] | None = None


class RoundtableBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body as it stands on the wire; null means the default."""

    input: str
    models: list[str | SeatBody]
    resolution: Literal["summary", "fast", "multiple_choice"] | None = None
    choices: list[str] | None = None
    instructions: str | None = None
    output_schema: dict[str, object] | None = None
    summary_model: str | None = None
    stream: bool | None = None
    max_retries: Annotated[int, msgspec.Meta(ge=0, le=_MOST_RETRIES)] | None = None
    timeout_ms: Annotated[int, msgspec.Meta(ge=1, le=_MOST_TIMEOUT_MS)] | None = None


class RoundtableContract:
    """Bytes to PanelRequest and back."""

    validation_status = 400

    def template_named(self, _body: bytes) -> None:
        """Templates are of the other two APIs."""

    def decode(self, body: bytes, info: RequestInfo) -> "RoundtableExchange":
        """Check everything that can be checked without the catalog."""
        shape = decode_body(body, RoundtableBody)
        _check(shape, info.max_seats)
        return RoundtableExchange(_request(shape))


def _check(shape: RoundtableBody, max_seats: int) -> None:
    if not shape.input.strip():
        refuse(("input",), shape.input, "text that is not blank")
    if not 1 <= len(shape.models) <= max_seats:
        refuse_count(("models",), f"{len(shape.models)} seats", f"1 to {max_seats}")
    for index, seat in enumerate(shape.models):
        name, loc = (seat, ()) if isinstance(seat, str) else (seat.name, ("name",))
        if not name.strip():
            refuse(("models", index, *loc), name, "the name of a model, as GET /v1/models lists them")
    if shape.resolution == "multiple_choice":
        _check_choices(shape.choices)
        if shape.output_schema is not None:
            message = "output_schema can't be combined with multiple_choice, which answers with a choice; leave it out."
            raise fault(("output_schema",), message)
    elif shape.choices:
        refuse_count(("choices",), f"{len(shape.choices)} choices", "none unless the resolution is multiple_choice")


def _check_choices(choices: list[str] | None) -> None:
    if choices is None or not 2 <= len(choices) <= MOST_CHOICES:
        given = "no choices" if choices is None else f"{len(choices)} choices"
        refuse_count(("choices",), given, f"2 to {MOST_CHOICES} for a multiple_choice")
    for index, choice in enumerate(choices):
        if not choice.strip() or len(choice) > MOST_CHOICE_CHARACTERS:
            refuse(("choices", index), choice, f"text of 1 to {MOST_CHOICE_CHARACTERS} characters that is not blank")
        if choice in choices[:index]:
            refuse(("choices", index), choice, "different from every other choice")


def _request(shape: RoundtableBody) -> PanelRequest:
    resolution = _resolution(shape)
    is_streamed = bool(shape.stream)
    schema = shape.output_schema
    return PanelRequest(
        panel_id=new_id("rt_"),
        seats=tuple(_seat(seat) for seat in shape.models),
        conversation=(text_message(Role.USER, shape.input),),
        resolution=resolution,
        instructions=shape.instructions or None,
        output=None if schema is None else SchemaFormat(cast(JsonObject, schema)),
        max_retries=1 if shape.max_retries is None else shape.max_retries,
        timeout_s=None if shape.timeout_ms is None else shape.timeout_ms / 1000,
        is_streamed=is_streamed,
        seats_stream=is_streamed and schema is None and not isinstance(resolution, Vote),
    )


def _seat(seat: str | SeatBody) -> SeatRequest:
    if isinstance(seat, str):
        return SeatRequest(seat)
    effort = None if seat.reasoning is None else Effort(seat.reasoning)
    return SeatRequest(seat.name, Sampling(seat.temperature, seat.top_p, seat.max_tokens, effort=effort))


def _resolution(shape: RoundtableBody) -> Resolution:
    match shape.resolution:
        case "summary" | None:
            return Summary(shape.summary_model or None)
        case "fast":
            return Nothing()
        case "multiple_choice":
            return Vote(tuple(shape.choices or ()), shape.summary_model or None)
        case unknown:
            assert_never(unknown)


class RoundtableExchange:
    """One roundtable under way. The values of `type` in a stream are ours: the original documents none."""

    starts_late = False

    def __init__(self, request: PanelRequest) -> None:
        self.request = request
        self._models = [seat.model for seat in request.seats]
        self._deltas: dict[int, DeltaFrame] = {}

    def reply(self, result: PanelResult) -> Reply:
        if result.has_failed:
            return Reply(problem=failed_panel(result.answers))
        return Reply(encode_json(_whole(result)))

    def event(self, event: Event) -> bytes:
        match event:
            case RunStarted(request=request):
                return _frame("start", {"id": request.panel_id, "models": list(self._models)})
            case SeatDelta(seat_index=seat, text=text):
                return self._delta(seat).of(text)
            case SeatFinished(answer=answer):
                return self._finished(answer)
            case ConsolidationDelta(model=model, text=text):
                return _frame("summary_delta", {"model": model, "delta": text})
            case RunFinished(result=result) if result.has_failed:
                return self.error(failed_panel(result.answers))
            case RunFinished(result=result):
                return _frame("done", _whole(result)) + DONE
            case _:
                return b""

    def error(self, problem: Problem) -> bytes:
        fields: WireObject = {"error": problem.message, "error_code": problem.code}
        if problem.details:
            fields["details"] = cast(Wire, list(problem.details))
        return _frame("error", fields) + DONE

    def _delta(self, seat: int) -> DeltaFrame:
        known = self._deltas.get(seat)
        if known is None:
            whole: WireObject = {"type": "model_delta", "model_index": seat, "model": self._models[seat], "delta": MARK}
            known = self._deltas[seat] = DeltaFrame(b"data: ", whole, b"\n\n")
        return known

    def _finished(self, answer: Answer) -> bytes:
        if answer.is_judge:
            return b""
        fields: WireObject = {"model_index": answer.seat_index, "model": self._models[answer.seat_index]}
        if answer.failure is not None:
            fields |= {"error": answer.failure.message, "error_code": answer.failure.code.value}
            fields["partial_text"] = answer.text or None
            return _frame("model_error", without_nulls(fields))
        row = _row(answer, self._models[answer.seat_index], self.request)
        names = ("data", "usage", "cost", "duration_ms", "finish_reason", "schema_valid", "schema_error", "error_code")
        return _frame("model_done", fields | {name: row[name] for name in names if row.get(name) is not None})


def _frame(kind: str, fields: WireObject) -> bytes:
    return b"data: " + encode_json({"type": kind, **fields}) + b"\n\n"


def _whole(result: PanelResult) -> WireObject:
    request, verdict = result.request, result.verdict
    names = [seat.model for seat in request.seats]
    return {
        "id": request.panel_id,
        "data": _data(verdict, request),
        "meta": _meta(result, names),
        "model_results": [_row(answer, names[answer.seat_index], request) for answer in result.answers],
    }


def _data(verdict: Verdict, request: PanelRequest) -> Wire:
    return verdict.text if request.output is None else cast(Wire, verdict.value)


def _meta(result: PanelResult, names: Sequence[str]) -> WireObject:
    verdict = result.verdict
    judge = verdict.judge
    fields: WireObject = {
        "resolution": _resolution_name(result.request.resolution),
        "models_used": [names[answer.seat_index] for answer in result.answers if answer.failure is None],
        "total_cost": result.cost_usd,
        "total_duration_ms": result.duration_ms,
        "trace_uuid": result.trace_id,
        "partial": result.is_partial,
        "cost_complete": result.is_cost_complete,
        "summary_model": judge.model if judge else None,
        "summary_usage": encode_usage(_judges_usage(verdict)),
        "summary_fallback_used": verdict.is_fallback,
        "summary_truncated": True if verdict.is_truncated else None,
    }
    if verdict.failure is not None:
        fields["summary_error"] = {"code": verdict.failure.code.value, "message": verdict.failure.message}
    if verdict.vote is not None:
        fields["vote"] = {
            "tally": [
                {"choice": count.choice, "votes": count.votes, "seats": list(count.seats)}
                for count in verdict.vote.tally
            ],
            "tie": verdict.vote.is_tie,
            "tie_break": verdict.vote.tie_break,
            "share": verdict.vote.share,
        }
    return without_nulls(fields)


def _judges_usage(verdict: Verdict) -> Usage | None:
    """Return what all consolidation calls used together: their cost is in the total as well."""
    used = [answer.usage for answer in verdict.judge_answers if answer.usage is not None]
    return sum(used[1:], used[0]) if used else None


def _resolution_name(resolution: Resolution) -> str:
    match resolution:
        case Vote():
            return "multiple_choice"
        case Nothing():
            return "fast"
        case _:
            return "summary"


def _row(answer: Answer, model: str, request: PanelRequest) -> WireObject:
    """Return one entry of model_results; optional fields are left out, `data` never."""
    failure = answer.failure
    fields: WireObject = {
        "duration_ms": answer.duration_ms,
        "finish_reason": answer.finish_reason.value if answer.finish_reason and failure is None else None,
        "cost": answer.cost_usd,
        "usage": encode_usage(answer.usage),
        "error": failure.message if failure else None,
        "error_code": failure.code.value if failure else None,
        "attempts": answer.attempts,
        "warnings": list(answer.warnings) or None,
    }
    if answer.schema is not None:
        fields["schema_valid"] = answer.schema.is_valid
        fields["schema_error"] = answer.schema.error
        if not answer.schema.is_valid:
            fields["error_code"] = FailureCode.SCHEMA_INVALID.value
    data = None if failure else _answer_data(answer, request)
    return {"index": answer.seat_index, "model": model, "data": data, **without_nulls(fields)}


def _answer_data(answer: Answer, request: PanelRequest) -> Wire:
    match request.resolution:
        case Vote(choices=choices) if answer.choice_index is not None:
            return choices[answer.choice_index]
        case _ if answer.schema is not None and answer.schema.is_valid:
            return cast(Wire, answer.schema.value)
        case _:
            return answer.text
