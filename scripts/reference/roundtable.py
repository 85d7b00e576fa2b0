"""POST /v3/roundtable described: the meaning of each request field, the answer, the stream's events."""

from collections.abc import Mapping

from parley.catalog.catalog import MAX_NAME_LENGTH
from parley.domain.json import JsonObject
from parley.wire.roundtable import MOST_CHOICE_CHARACTERS, MOST_CHOICES
from reference.requests import Notes
from reference.shapes import (
    anything,
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

USUAL_SEATS = 32
_NOT_BLANK: JsonObject = {"minLength": 1, "pattern": r"\S"}
_MODEL: JsonObject = {**_NOT_BLANK, "maxLength": MAX_NAME_LENGTH, "examples": ["sandbox/thorough"]}

BODIES: Mapping[str, Notes] = {
    "RoundtableBody": {
        "input": {
            **_NOT_BLANK,
            "description": "The question. Every seat gets it byte for byte as its last user message.",
        },
        "models": {
            "description": f"The seats, 1 to {USUAL_SEATS} (`server.max_seats`). A bare string is a seat of that name; "
            "the same model may sit more than once.",
            "minItems": 1,
            "maxItems": USUAL_SEATS,
            "items": _MODEL,
        },
        "resolution": {
            "description": "What becomes of the answers: `summary` merges them with one more call, `fast` hands them "
            "back as they are, `multiple_choice` counts them as votes for one of `choices`.",
            "type": "string",
            "default": "summary",
        },
        "choices": {
            "description": "What can be voted for, distinct as written. Required with `multiple_choice`, "
            "an error with another resolution unless empty.",
            "minItems": 2,
            "maxItems": MOST_CHOICES,
            "uniqueItems": True,
            "items": {**_NOT_BLANK, "maxLength": MOST_CHOICE_CHARACTERS},
        },
        "instructions": {"description": "System prompt of every model call, the consolidation included."},
        "output_schema": {
            "description": "JSON Schema (draft 2020-12) that each answer and the consolidated one must be valid "
            "against. References inside the document only, 64 KiB and 64 levels at most; not together with "
            "`multiple_choice`.",
        },
        "summary_model": {
            "description": "The model that merges (`summary`) or breaks a tie (`multiple_choice`). "
            "Default: `defaults.summary_model` of the configuration, else the first seat's model.",
        },
        "stream": {"description": "Answer as an event stream.", "default": False},
        "max_retries": {
            "description": "Per seat: retries of transient errors and correction rounds together.",
            "default": 1,
        },
        "timeout_ms": {
            "description": "Milliseconds for each seat, its retries included; the consolidation has as much again.",
            "default": 120_000,
        },
    },
    "SeatBody": {
        "name": {**_MODEL, "description": "The model's name, as `GET /v1/models` lists it."},
        "temperature": {"description": "Sampling temperature; left to the provider where absent."},
        "max_tokens": {"description": "Most tokens of the answer."},
        "top_p": {"description": "Nucleus sampling; left to the provider where absent."},
        "reasoning": {
            "description": "How hard the model is to think, mapped onto each provider's own scale; what a model lacks "
            "is dropped and said in `warnings`.",
            "type": "string",
        },
    },
}

FRAMES = (
    "Each event is one line `data: {json}` and a blank line; `type` tells which. The last is `data: [DONE]`. "
    "Comment lines (`: keep-alive`) come after every 15 s of silence. Deltas may be merged: rely on their "
    "concatenation. Fields that would be null are left out, but `data` in `done`."
)

EVENTS = (
    StreamEvent("start", "RoundtableStart", "At once, before any model answers."),
    StreamEvent(
        "model_delta",
        "RoundtableModelDelta",
        "A seat's text as it arrives, seats interleaved; not in `multiple_choice`, not with `output_schema`.",
    ),
    StreamEvent("model_done", "RoundtableModelDone", "A seat has answered."),
    StreamEvent("model_error", "RoundtableModelError", "A seat has failed; the stream goes on."),
    StreamEvent(
        "summary_delta",
        "RoundtableSummaryDelta",
        "Text of the consolidation as it comes; not with `output_schema`.",
    ),
    StreamEvent("done", "RoundtableDone", "The whole plain response; the last event before `[DONE]`."),
    StreamEvent("error", "RoundtableError", "No seat answered, or the server must stop; then `[DONE]`."),
)


def schemas() -> JsonObject:
    """Return the components of answers and events."""
    return {
        "RoundtableResponse": record("What a roundtable came to.", _whole()),
        "RoundtableMeta": _meta(),
        "Vote": _vote(),
        "SeatResult": _seat_result(),
        "Usage": _usage(),
        **_events(),
    }


def _whole() -> JsonObject:
    return {
        "id": text("The roundtable's id: `rt_` and a ULID."),
        "data": anything(
            "The consolidated answer: text; or the JSON value where `output_schema` is set; or the winning choice. "
            "Null in `fast`, and where the consolidation failed (`meta.summary_error`)."
        ),
        "meta": ref("RoundtableMeta", "How the answer came about."),
        "model_results": array(ref("SeatResult"), "One entry per seat, in request order."),
    }


def _meta() -> JsonObject:
    fields: JsonObject = {
        "resolution": words(["summary", "fast", "multiple_choice"], "As asked for."),
        "models_used": array({"type": "string"}, "Names of the seats that answered, in request order."),
        "total_cost": number("US dollars for all calls whose price is known, failed and repeated ones included."),
        "total_duration_ms": count("Milliseconds from the plan to the answer."),
        "trace_uuid": {"type": "string", "format": "uuid", "description": "The trace's id; a `traceparent` sets it."},
        "partial": flag("Whether any seat failed or is schema-invalid."),
        "cost_complete": flag("Whether `total_cost` is all, that is, every price is known."),
        "summary_model": text("The model of the consolidation call that counts; absent if none was made."),
        "summary_usage": ref("Usage", "Tokens of all consolidation calls together."),
        "summary_fallback_used": flag("Whether another model than the one asked for had to consolidate."),
        "summary_error": record(
            "Why there is no consolidated answer, or why it breaks off.",
            {"code": ref("ErrorCode"), "message": text("What went wrong, as a sentence.")},
        ),
        "summary_truncated": {
            "type": "boolean",
            "const": True,
            "description": "The answers were cut evenly to fit the consolidation model's context.",
        },
        "vote": ref("Vote", "The count, in a `multiple_choice`."),
    }
    optional = ["summary_model", "summary_usage", "summary_error", "summary_truncated", "vote"]
    return record("How the answer came about.", fields, optional)


def _vote() -> JsonObject:
    tally = record(
        "The votes for one choice.",
        {
            "choice": text("The choice as written in the request."),
            "votes": count("How many seats chose it."),
            "seats": array({"type": "integer", "minimum": 0}, "Indices of those seats."),
        },
    )
    fields: JsonObject = {
        "tally": array(tally, "Every choice, in request order."),
        "tie": flag("Whether two or more choices had the most votes."),
        "tie_break": nullable(words(["judge", "seat_order"], "Who settled a tie; null without one.")),
        "share": {"type": "number", "minimum": 0, "maximum": 1, "description": "Winner's share of the valid votes."},
    }
    return record("The count of a `multiple_choice` roundtable.", fields)


def _seat_result() -> JsonObject:
    fields: JsonObject = {
        "index": count("The seat's place in the request, from 0."),
        "model": text("The model's name as asked for."),
        "data": anything(
            "The answer: text, or the JSON value with `output_schema` (the raw text where it is invalid), or the "
            "choice. Null where the seat failed."
        ),
        "duration_ms": count("Milliseconds that the seat took, retries included."),
        "finish_reason": words(["stop", "length", "tool_calls", "content_filter"], "Why the model stopped."),
        "cost": number("US dollars of all its attempts; absent where the price is not known."),
        "usage": ref("Usage", "Tokens of all its attempts."),
        "error": text("Why the seat failed, as a sentence."),
        "error_code": ref("ErrorCode", "Why it failed, as a slug."),
        "schema_valid": flag("With `output_schema`: whether the answer is valid."),
        "schema_error": text("Where and how the answer violates the schema."),
        "attempts": count("How many calls were made for this seat."),
        "warnings": array({"type": "string"}, "What the model could not be given and what was done instead."),
    }
    optional = ["finish_reason", "cost", "usage", "error", "error_code", "schema_valid", "schema_error", "warnings"]
    return record("What one seat said, or why it could not.", fields, optional)


def _usage() -> JsonObject:
    fields: JsonObject = {
        "input_tokens": count("All input, cached input included."),
        "output_tokens": count("All billable output, reasoning included."),
        "cache_read_tokens": count("Part of the input that was read from the provider's cache."),
        "cache_creation_tokens": count("Part of the input that was written to the provider's cache."),
        "reasoning_tokens": count("Part of the output that was spent on reasoning."),
        "estimated": flag("True where the provider gave no count and Parley counted from the text."),
    }
    return record(
        "Tokens used.", fields, ["cache_read_tokens", "cache_creation_tokens", "reasoning_tokens", "estimated"]
    )


def _events() -> JsonObject:
    index: JsonObject = {"model_index": count("The seat."), "model": text("The model's name.")}
    row = _seat_result()["properties"]
    assert isinstance(row, dict)
    told = ("data", "usage", "cost", "duration_ms", "finish_reason", "schema_valid", "schema_error", "error_code")
    done: JsonObject = {name: row[name] for name in told}
    failed: JsonObject = {
        "error": text("Why the seat failed, as a sentence."),
        "error_code": ref("ErrorCode", "Why it failed, as a slug."),
        "partial_text": text("What had arrived before it failed."),
    }
    stopped: JsonObject = {
        "error": text("What happened, as a sentence."),
        "error_code": text("`all_models_failed`, `shutting_down` or `internal_error`."),
        "details": array({"type": "object"}, "One entry for each failed seat."),
    }
    start: JsonObject = {
        "id": text("The roundtable's id."),
        "models": array({"type": "string"}, "The seats' models, in request order."),
    }
    delta: JsonObject = {"delta": text("The next piece of text.")}
    judge: JsonObject = {"model": text("The model that consolidates.")}
    optional = ["usage", "cost", "finish_reason", "schema_valid", "schema_error", "error_code"]
    return {
        "RoundtableStart": _event("start", start),
        "RoundtableModelDelta": _event("model_delta", {**index, **delta}),
        "RoundtableModelDone": _event("model_done", {**index, **done}, optional),
        "RoundtableModelError": _event("model_error", {**index, **failed}, ["partial_text"]),
        "RoundtableSummaryDelta": _event("summary_delta", {**judge, **delta}),
        "RoundtableDone": _event("done", _whole()),
        "RoundtableError": _event("error", stopped, ["details"]),
    }


def _event(kind: str, fields: JsonObject, optional: list[str] | None = None) -> JsonObject:
    return record(f"The event `{kind}`.", {"type": constant(kind, "Which event this is."), **fields}, optional or ())
