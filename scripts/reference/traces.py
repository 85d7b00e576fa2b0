"""/v3/traces described: traces, spans, query parameters."""

from parley.domain.json import JsonObject, JsonValue
from reference.keys import moment, money
from reference.models import query
from reference.shapes import anything, array, count, flag, nullable, number, record, ref, text, words

_MOMENT: JsonObject = {"type": "string", "format": "date-time"}


def schemas() -> JsonObject:
    """Return the components of traces."""
    page: JsonObject = {
        "traces": array(ref("TraceSummary"), "The traces, newest first."),
        "limit": count("As asked for.", 1),
        "offset": count("As asked for."),
        "has_more": flag("Whether there are more behind this page."),
    }
    calls = array(ref("TraceCalls"), "What was called: seats in their order, then judges. With `include=calls` alone.")
    return {
        "TraceSummary": record("A trace without its spans.", {**_summary(), "calls": calls}, optional=("calls",)),
        "TraceCalls": record("The calls of one role and key to one model, added up.", _calls()),
        "TracePage": record("A page of traces.", page),
        "Trace": record("A trace.", {**_summary(), "spans": array(ref("Span"), "Its spans.")}),
        "Span": _span(),
    }


def parameters() -> tuple[JsonValue, ...]:
    """Return the query parameters of GET /v3/traces."""
    return (
        query("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "Most traces of a page."),
        query("offset", {"type": "integer", "minimum": 0, "maximum": 1_000_000, "default": 0}, "Traces to pass over."),
        query("name", {"type": "string", "maxLength": 256}, "A part of the trace's name, such as `roundtable`."),
        query("status", {"type": "string", "enum": ["ok", "error", "cancelled"]}, "How a request of it ended. Ours."),
        query("since", _MOMENT, "Begun then or later. Ours."),
        query("until", _MOMENT, "Begun before. Ours."),
        query("model", {"type": "string", "maxLength": 256}, "A model that was called, as seat or judge. Ours."),
        query("request_id", {"type": "string", "maxLength": 256}, "The `X-Request-Id` of an answer. Ours."),
        query("key_id", {"type": "string", "maxLength": 256}, "Whose traces, for admin keys. Ours."),
        query(
            "include", {"type": "string", "enum": ["calls"]}, "`calls`: with what the ledger has of each trace. Ours."
        ),
    )


def _summary() -> JsonObject:
    return {
        "id": {"type": "string", "format": "uuid", "description": "The trace's id: `trace_uuid` of an answer."},
        "name": text("What was asked."),
        "span_count": count("How many spans it has."),
        "status": words(["ok", "error", "cancelled"], "How it ended."),
        **_times(),
    }


def _calls() -> JsonObject:
    return {
        "role": words(["seat", "consolidation", "chat"], "What the model was called for."),
        "model": text("The model."),
        "key_name": text("The key's name."),
        "calls": count("How many calls; retries are not counted apart."),
        "failed_calls": count("How many of them gave no answer."),
        "input_tokens": count("Tokens read."),
        "output_tokens": count("Tokens written."),
        "cost_usd": money("What they cost, as far as prices are known."),
        "cost_complete": flag("Whether every price is known."),
    }


def _span() -> JsonObject:
    fields: JsonObject = {
        "id": text("The span's id."),
        "parent_id": nullable(text("The span above it; of a request's root the caller's own, null without.")),
        "request_id": text("The request, as in `X-Request-Id`."),
        "name": text("What it covers: the request, a seat, an attempt, the consolidation."),
        "kind": text("Its kind, in OpenTelemetry's words."),
        "status": words(["ok", "error", "cancelled"], "How it ended."),
        **_times(),
        "attributes": {
            "type": "object",
            "additionalProperties": anything("A value."),
            "description": "Model, provider, tokens, cost and more, by OpenTelemetry's names. No prompt and no "
            "answer unless the operator keeps them.",
        },
    }
    return record("One step of a request.", fields)


def _times() -> JsonObject:
    return {
        "start_time": moment("When it began."),
        "end_time": moment("When it ended."),
        "duration_ms": number("Milliseconds."),
    }
