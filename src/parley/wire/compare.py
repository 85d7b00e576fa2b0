"""Contract: POST /v1/chat/compare. Unknown fields are rejected, in messages kept. Source: contracts/compare.md."""

from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import msgspec

from parley.domain.events import ConsolidationDelta, Event, RunFinished, RunStarted, SeatDelta, SeatFinished
from parley.domain.ids import new_id
from parley.domain.json import JsonObject
from parley.domain.messages import Message
from parley.domain.run import Answer, Comparison, Nothing, PanelRequest, PanelResult, Sampling, SeatRequest, Verdict
from parley.domain.usage import Usage
from parley.wire.chat_body import read_sampling
from parley.wire.completion import encode_completion
from parley.wire.decoding import decode_body, fault, field_path, nearest, refuse, refuse_count, shown
from parley.wire.delta import MARK, DeltaFrame
from parley.wire.encoding import Wire, WireObject, encode_json, encode_openai_usage, escape_non_ascii
from parley.wire.exchange import DONE, Reply, RequestInfo
from parley.wire.messages import read_messages
from parley.wire.problems import Problem, failed_panel
from parley.wire.templated import opening_of, params_of, refuse_template, template_named, unknown_params_of

MODEL_TIMEOUT_S = 120.0
COMPARISON_TIMEOUT_S = 120.0
_RETRIES = 1

Temperature = Annotated[float, msgspec.Meta(ge=0, le=2)]
TokenBound = Annotated[int, msgspec.Meta(ge=1)]


class OverrideBody(msgspec.Struct, forbid_unknown_fields=True):
    """What holds for one model alone."""

    model: str
    temperature: Temperature | None = None
    max_tokens: TokenBound | None = None
    system_prompt: str | None = None


class CompareBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body as it stands on the wire; null means the default."""

    models: list[str]
    messages: list[dict[str, object]] | None = None
    model_overrides: list[OverrideBody] | None = None
    comparison_model: str | None = None
    comparison_instructions: str | None = None
    temperature: Temperature | None = None
    max_tokens: TokenBound | None = None
    stream: bool | None = None
    skip_comparison: bool | None = None
    cache: bool | None = None
    template: str | None = None
    variables: dict[str, str] | None = None


class CompareContract:
    """Bytes to PanelRequest and back."""

    validation_status = 422

    def template_named(self, body: bytes) -> str | None:
        return template_named(body)

    def decode(self, body: bytes, info: RequestInfo) -> "CompareExchange":
        """Check everything that can be checked without the catalog."""
        shape = decode_body(body, CompareBody)
        models = _models(shape.models, info.max_models)
        overrides = _overrides(shape.model_overrides or [], models)
        seats = tuple(_seat(name, shape, overrides.get(name)) for name in models)
        opening: tuple[Message, ...] = ()
        extra: JsonObject = {}
        if shape.template is not None:
            template = info.template or refuse_template(shape.template)
            opening = opening_of(template, shape.variables or {})
            usual = read_sampling(params_of(template))
            seats = tuple(replace(seat, sampling=seat.sampling.over(usual)) for seat in seats)
            extra = unknown_params_of(template)
        request = _request(shape, seats, read_messages(shape.messages, opening))
        scope = info.key_id if shape.cache else None
        return CompareExchange(replace(request, extra=extra, cache_scope=scope), info)


def _models(names: list[str], most: int) -> list[str]:
    """Return the models without duplicates, first place kept."""
    models = list(dict.fromkeys(names))
    if not 1 <= len(models) <= most:
        refuse_count(("models",), f"{len(models)} models", f"1 to {most}, duplicates not counted")
    for index, name in enumerate(names):
        if not name.strip():
            refuse(("models", index), name, "the name of a model, as GET /v1/models lists them")
    return models


def _overrides(given: list[OverrideBody], models: list[str]) -> dict[str, OverrideBody]:
    overrides: dict[str, OverrideBody] = {}
    for index, override in enumerate(given):
        loc = ("model_overrides", index, "model")
        if override.model not in models:
            hint = nearest(override.model, models)
            raise fault(loc, f"{field_path(loc)} is {shown(override.model)}; it must be one of `models`.{hint}")
        if override.model in overrides:
            refuse(loc, override.model, "named once: one entry holds all that is different for a model")
        overrides[override.model] = override
    return overrides


def _request(shape: CompareBody, seats: tuple[SeatRequest, ...], conversation: tuple[Message, ...]) -> PanelRequest:
    skips = bool(shape.skip_comparison)
    is_streamed = bool(shape.stream)
    comparison = Comparison(shape.comparison_model or None, shape.comparison_instructions or None)
    return PanelRequest(
        panel_id=new_id("cmp_"),
        seats=seats,
        conversation=conversation,
        resolution=Nothing() if skips else comparison,
        max_retries=_RETRIES,
        most_timeout_s=MODEL_TIMEOUT_S,
        judge_timeout_s=COMPARISON_TIMEOUT_S,
        is_streamed=is_streamed,
        seats_stream=is_streamed and skips,
    )


def _seat(name: str, shape: CompareBody, override: OverrideBody | None) -> SeatRequest:
    temperature, max_tokens, system_prompt = shape.temperature, shape.max_tokens, None
    if override is not None:
        temperature = temperature if override.temperature is None else override.temperature
        max_tokens = max_tokens if override.max_tokens is None else override.max_tokens
        system_prompt = override.system_prompt
    return SeatRequest(name, Sampling(temperature=temperature, max_tokens=max_tokens), system_prompt)


class StreamEvent(StrEnum):
    """Every event of a stream. Where the original documents no name, it is ours: start, result and error."""

    START = "comparison_start"
    MODEL_CHUNK = "model_chunk"
    MODEL_STREAM_DONE = "model_stream_done"
    MODEL_RESULT = "model_result"
    COMPARISON_CHUNK = "comparison_chunk"
    DONE = "done"
    ERROR = "error"


class CompareExchange:
    """One comparison under way."""

    starts_late = False

    def __init__(self, request: PanelRequest, info: RequestInfo) -> None:
        self.request = request
        self._info = info
        self._models = [seat.model for seat in request.seats]
        self._skips = isinstance(request.resolution, Nothing)
        self._deltas: dict[int, DeltaFrame] = {}

    def reply(self, result: PanelResult) -> Reply:
        if result.has_failed:
            return Reply(problem=failed_panel(result.answers))
        return Reply(encode_json(self._whole(result)))

    def event(self, event: Event) -> bytes | Problem:
        match event:
            case RunStarted(request=request):
                fields: WireObject = {"comparison_id": request.panel_id, "models": list(self._models)}
                return self._frame(StreamEvent.START, {**fields, "skip_comparison": self._skips})
            case SeatDelta(seat_index=seat, text=text):
                return self._escaped(self._delta(seat).of(text))
            case SeatFinished(answer=answer) if not answer.is_judge:
                return self._finished(answer)
            case ConsolidationDelta(model=model, text=text):
                return self._frame(StreamEvent.COMPARISON_CHUNK, {"comparison_model": model, "delta": text})
            case RunFinished(result=result) if result.has_failed:
                return failed_panel(result.answers)
            case RunFinished(result=result):
                return self._frame(StreamEvent.DONE, _ending(result, self._skips)) + DONE
            case _:
                return b""

    def error(self, problem: Problem) -> bytes:
        error: WireObject = {"code": problem.code, "message": problem.message}
        return self._frame(StreamEvent.ERROR, {"error": error}) + DONE

    def _finished(self, answer: Answer) -> bytes:
        row = self._row(answer)
        if answer.failure is not None and self._info.takes_error_as_fatal:
            row["error_message"] = row.pop("error")
        if not self._skips:
            return self._frame(StreamEvent.MODEL_RESULT, row)
        del row["response_body"]
        return self._frame(StreamEvent.MODEL_STREAM_DONE, row)

    def _whole(self, result: PanelResult) -> WireObject:
        verdict = result.verdict
        return {
            "comparison_id": result.request.panel_id,
            "object": "compare.completion",
            "created": self._info.created_s,
            "models": list(self._models),
            "results": [self._row(answer) for answer in result.answers],
            "comparison": verdict.text,
            "comparison_model": _judge_name(verdict),
            "comparison_usage": encode_openai_usage(_judges_usage(verdict)),
            "comparison_fallback_used": _is_fallback(verdict),
            "total_latency_ms": result.duration_ms,
            "partial": result.is_partial,
            "skip_comparison": self._skips,
            "total_cost": result.cost_usd,
            "trace_uuid": result.trace_id,
        }

    def _row(self, answer: Answer) -> WireObject:
        """Return one entry of `results`; every field but `warnings` is there, null where it says nothing."""
        failure = answer.failure
        is_answer = failure is None
        body = encode_completion(new_id("chatcmpl-"), self._info.created_s, answer) if is_answer else None
        row: WireObject = {
            "model": self._models[answer.seat_index],
            "response_body": body,
            "content": answer.text if is_answer else None,
            "latency_ms": answer.duration_ms,
            "error": failure.message if failure else None,
            "error_code": failure.code.value if failure else None,
            "usage": _usage(answer),
            "request_id": self._info.request_id,
            "finish_reason": answer.finish_reason.value if answer.finish_reason and is_answer else None,
            "cost": answer.cost_usd,
        }
        if answer.warnings:
            row["warnings"] = list(answer.warnings)
        return row

    def _frame(self, event: StreamEvent, fields: WireObject) -> bytes:
        name = event.value
        data = encode_json(_bare({"event": name, **fields}))
        return self._escaped(b"event: " + name.encode() + b"\ndata: " + data + b"\n\n")

    def _delta(self, seat: int) -> DeltaFrame:
        known = self._deltas.get(seat)
        if known is None:
            name = StreamEvent.MODEL_CHUNK.value
            whole: WireObject = {"event": name, "model": self._models[seat], "delta": MARK}
            known = self._deltas[seat] = DeltaFrame(b"event: " + name.encode() + b"\ndata: ", whole, b"\n\n")
        return known

    def _escaped(self, frame: bytes) -> bytes:
        return escape_non_ascii(frame) if self._info.is_python_client else frame


def _usage(answer: Answer) -> Wire:
    """Return what the model used; a call that was refused has used nothing, which is no usage."""
    is_nothing = answer.failure is not None and answer.usage is not None and not answer.usage.total_tokens
    return None if is_nothing else encode_openai_usage(answer.usage)


def _bare(value: Wire) -> Wire:
    """Return `value` without null fields, also inside of a model's completion."""
    match value:
        case dict():
            return {name: _bare(one) for name, one in value.items() if one is not None}
        case list():
            return [_bare(one) for one in value]
        case _:
            return value


def _ending(result: PanelResult, skips: bool) -> WireObject:
    verdict = result.verdict
    return {
        "comparison_id": result.request.panel_id,
        "comparison_model": _judge_name(verdict),
        "usage": encode_openai_usage(_judges_usage(verdict)),
        "total_latency_ms": result.duration_ms,
        "partial": result.is_partial,
        "comparison_fallback_used": _is_fallback(verdict),
        "skip_comparison": skips,
        "total_cost": result.cost_usd,
        "error_code": verdict.failure.code.value if verdict.failure else None,
    }


def _judge_name(verdict: Verdict) -> str | None:
    return verdict.judge.model if verdict.judge else None


def _judges_usage(verdict: Verdict) -> Usage | None:
    """Return what all comparison calls used together: their cost is in the total as well."""
    used = [answer.usage for answer in verdict.judge_answers if answer.usage is not None]
    return sum(used[1:], used[0]) if used else None


def _is_fallback(verdict: Verdict) -> bool:
    """Whether another model than the first stepped in, or would have had to: no model at all could compare."""
    return verdict.is_fallback or (verdict.failure is not None and verdict.text is None)
