"""POST /v1/chat/compare described: the meaning of each request field, the answer, the stream's events."""

from collections.abc import Mapping, Sequence

from parley.catalog.catalog import MAX_NAME_LENGTH
from parley.domain.json import JsonObject
from reference.requests import TEMPLATE_FIELDS, Notes
from reference.shapes import (
    array,
    constant,
    count,
    flag,
    nullable,
    number,
    record,
    ref,
    text,
    words,
)
from reference.streams import StreamEvent

USUAL_MODELS = 10
_MODEL: JsonObject = {"minLength": 1, "maxLength": MAX_NAME_LENGTH, "pattern": r"\S", "examples": ["sandbox/terse"]}

BODIES: Mapping[str, Notes] = {
    "CompareBody": {
        "models": {
            "description": f"The models, 1 to {USUAL_MODELS} (`server.max_models`) after duplicates are dropped, first "
            "place kept.",
            "minItems": 1,
            "items": _MODEL,
        },
        "messages": {
            "description": "The conversation, as in a chat completion. Required unless `template` begins it.",
        },
        "model_overrides": {"description": "What holds for one model alone; each `model` must be one of `models`."},
        "comparison_model": {
            "description": "The model that compares. Default: `defaults.comparison_model` of the configuration, else "
            "the first model that answered.",
        },
        "comparison_instructions": {"description": "Added to the comparison's own instructions."},
        "temperature": {"description": "Sampling temperature of every model."},
        "max_tokens": {"description": "Most tokens of every model's answer; never of the comparison."},
        "stream": {"description": "Answer as an event stream.", "default": False},
        "skip_comparison": {"description": "Hand the answers back without a comparison.", "default": False},
        **TEMPLATE_FIELDS,
    },
    "OverrideBody": {
        "model": {**_MODEL, "description": "One of `models`."},
        "temperature": {"description": "Instead of the request's."},
        "max_tokens": {"description": "Instead of the request's."},
        "system_prompt": {"description": "Replaces the conversation's system message for this model."},
    },
}

FRAMES = (
    "Each event is a line `event: NAME`, a line `data: {json}` and a blank line; NAME stands in the JSON as `event` "
    "too. The last frame is `data: [DONE]`. Comment lines (`: keep-alive`) come after every 15 s of silence. Deltas "
    "may be merged. Null fields are left out. To clients whose `X-MeshAPI-SDK` begins with `python/` everything beyond "
    "ASCII is written as `\\uXXXX`; to those of `python/` and `java/` a failed model's sentence is `error_message` "
    "instead of `error`."
)

EVENTS = (
    StreamEvent("comparison_start", "ComparisonStart", "At once."),
    StreamEvent(
        "model_chunk", "ComparisonModelChunk", "With `skip_comparison`: every model's text as it comes, interleaved."
    ),
    StreamEvent(
        "model_stream_done",
        "ComparisonModelStreamDone",
        "With `skip_comparison`: a model has finished or failed; the stream goes on.",
    ),
    StreamEvent(
        "model_result",
        "ComparisonModelResult",
        "Without `skip_comparison`: a model has finished or failed; its text was not streamed.",
    ),
    StreamEvent("comparison_chunk", "ComparisonChunk", "Without `skip_comparison`: the comparison's text as it comes."),
    StreamEvent("done", "ComparisonDone", "The last event before `[DONE]`."),
    StreamEvent("error", "ComparisonError", "No model answered, or the server must stop; then `[DONE]`."),
)


def schemas() -> JsonObject:
    """Return the components of answers and events."""
    return {
        "CompareResponse": _response(),
        "CompareResult": record("What one model said, or why it could not.", _result(), ["warnings"]),
        **_events(),
    }


def _response() -> JsonObject:
    fields: JsonObject = {
        "comparison_id": text("The comparison's id: `cmp_` and a ULID."),
        "object": constant("compare.completion", "Always `compare.completion`."),
        "created": count("When, in seconds since 1970."),
        "models": array({"type": "string"}, "The models as asked for, without duplicates."),
        "results": array(ref("CompareResult"), "One entry per model, in the order of `models`."),
        "comparison": nullable(
            text("The comparison: accuracy, completeness, clarity, recommendation, under these headings. Null without.")
        ),
        "comparison_model": nullable(text("The model that compared, or was tried last.")),
        "comparison_usage": nullable(ref("ChatUsage", "Tokens of the comparison.")),
        "comparison_fallback_used": flag("Whether another model than the one asked for had to compare."),
        "total_latency_ms": count("Milliseconds from the plan to the answer."),
        "partial": flag("Whether any model failed."),
        "skip_comparison": flag("As asked for."),
        "total_cost": number("US dollars for all calls whose price is known."),
        "trace_uuid": {"type": "string", "format": "uuid", "description": "The trace's id; a `traceparent` sets it."},
    }
    return record("What a comparison came to.", fields)


def _result() -> JsonObject:
    return {
        "model": text("The model's name."),
        "response_body": nullable(
            ref("ChatCompletion", "The answer as a chat completion; null where the model failed.")
        ),
        "content": nullable(text("The answer's text; null where the model failed.")),
        "latency_ms": count("Milliseconds that the model took, its retry included."),
        "error": nullable(text("Why the model failed, as a sentence.")),
        "error_code": nullable(ref("ErrorCode", "Why the model failed.")),
        "usage": nullable(ref("ChatUsage", "Tokens of all attempts.")),
        "request_id": text("The request's id, as in `X-Request-Id`."),
        "finish_reason": nullable(words(["stop", "length", "tool_calls", "content_filter"], "Why the model stopped.")),
        "cost": nullable(number("US dollars of all attempts; null where the price is not known.")),
        "warnings": array({"type": "string"}, "What the model could not be given and what was done instead."),
    }


def _events() -> JsonObject:
    start: JsonObject = {
        "comparison_id": text("The comparison's id."),
        "models": array({"type": "string"}, "The models, without duplicates."),
        "skip_comparison": flag("As asked for."),
    }
    model: JsonObject = {"model": text("The model's name.")}
    delta: JsonObject = {"delta": text("The next piece of text.")}
    result = _result()
    told: JsonObject = {key: value for key, value in result.items() if key not in {"model", "response_body"}}
    told["error_message"] = _sentence()
    row: JsonObject = {**result, "error_message": _sentence()}
    judge: JsonObject = {"comparison_model": text("The model that compares.")}
    done: JsonObject = {
        "comparison_id": text("The comparison's id."),
        **judge,
        "usage": ref("ChatUsage", "Tokens of the comparison."),
        "total_latency_ms": count("Milliseconds from the plan to the end."),
        "partial": flag("Whether any model failed."),
        "comparison_fallback_used": flag("Whether another model than the one asked for had to compare."),
        "skip_comparison": flag("As asked for."),
        "total_cost": number("US dollars for all calls whose price is known."),
        "error_code": ref("ErrorCode", "Why the comparison breaks off, or why there is none."),
    }
    fatal: JsonObject = {
        "error": record("What happened.", {"code": text("As in the envelope."), "message": text("A sentence.")}),
    }
    never_left_out = ("model", "latency_ms", "request_id")
    return {
        "ComparisonStart": _event("comparison_start", start),
        "ComparisonModelChunk": _event("model_chunk", {**model, **delta}),
        "ComparisonModelStreamDone": _event("model_stream_done", {**model, **told}, _but(told, never_left_out)),
        "ComparisonModelResult": _event("model_result", row, _but(row, never_left_out)),
        "ComparisonChunk": _event("comparison_chunk", {**judge, **delta}),
        "ComparisonDone": _event("done", done, ["comparison_model", "usage", "error_code"]),
        "ComparisonError": _event("error", fatal),
    }


def _sentence() -> JsonObject:
    return text("Instead of `error`, to clients that would take that for the stream's end.")


def _but(fields: JsonObject, kept: Sequence[str]) -> list[str]:
    return [name for name in fields if name not in kept]


def _event(kind: str, fields: JsonObject, optional: Sequence[str] = ()) -> JsonObject:
    return record(f"The event `{kind}`.", {"event": constant(kind, "Which event this is."), **fields}, optional)
