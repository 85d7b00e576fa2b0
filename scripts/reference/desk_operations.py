"""The endpoints that ask no model: keys, usage, templates, traces, metrics."""

from parley.domain.json import JsonObject, JsonValue
from reference import traces
from reference.answers import answer, file, gone
from reference.errors import pick
from reference.operations import BODY, KEYED, Operation
from reference.shapes import array, ref

_STORED = (*KEYED, "StoreUnavailable")
_WRITTEN = (*BODY, "StoreUnavailable", "InvalidRequest422")


def key_operations() -> tuple[Operation, ...]:
    """Return the endpoints of /v1/keys."""
    made: JsonObject = {"201": answer(ref("MadeKey"), "The new key."), **pick(*_WRITTEN, "AdminOnly")}
    listed: JsonObject = {"200": answer(ref("KeyList"), "The keys."), **pick(*_STORED, "AdminOnly")}
    one: JsonObject = {"200": answer(ref("Key"), "The key."), **pick(*_STORED, "AdminOnly", "NotFound")}
    changed: JsonObject = {"200": answer(ref("Key"), "The key."), **pick(*_WRITTEN, "AdminOnly", "NotFound")}
    by_id = (_id("key_id", "The key's id."),)
    rows: tuple[tuple[str, str, str, str, str, JsonObject, str | None], ...] = (
        ("post", "", "createKey", "Make a key", "The key itself is shown in this answer alone.", made, "KeyBody"),
        ("get", "", "listKeys", "List keys", "With what each has spent, and when it was last used.", listed, None),
        ("get", "/{key_id}", "retrieveKey", "Describe a key", "As in the list.", one, None),
        (
            "patch",
            "/{key_id}",
            "changeKey",
            "Change a key",
            "What is left out stays as it is; null takes a limit away. Every process follows within a second.",
            changed,
            "KeyPatch",
        ),
        (
            "delete",
            "/{key_id}",
            "disableKey",
            "Disable a key",
            "The key is refused from now on; it stays in the list, as its usage does, and a PATCH lets it in again.",
            one,
            None,
        ),
    )
    return tuple(
        Operation(method, "/v1/keys" + end, "Keys", name, title, meaning, answers, body, by_id if end else ())
        for method, end, name, title, meaning, answers, body in rows
    )


def me_operation() -> Operation:
    """Return the question whose key this is."""
    return Operation(
        "get",
        "/v1/me",
        "Keys",
        "showMe",
        "See whose key this is",
        "Name, limits and rights of the calling key.",
        {"200": answer(ref("Me"), "The calling key."), **pick(*KEYED)},
    )


def usage_operations() -> tuple[Operation, ...]:
    """Return the endpoints of /v1/usage, and /v1/balance."""
    filtered = pick(*_WRITTEN, "ForeignKey")
    return (
        Operation(
            "post",
            "/v1/usage",
            "Usage",
            "sumUsage",
            "Sum up usage",
            "Requests by outcome, tokens by kind, cost, in all and for each model; by day and by key with `breakdown`.",
            {"200": answer(ref("UsageTotals"), "The totals."), **filtered},
            "UsageBody",
        ),
        Operation(
            "post",
            "/v1/usage/events",
            "Usage",
            "listUsageEvents",
            "List usage events",
            "One for each model call: a panel of three with a consolidation leaves four. Their costs add up to the "
            "cost in the answer, to the last digit.",
            {"200": answer(ref("UsageEvents"), "A page of events."), **filtered},
            "EventsBody",
        ),
        Operation(
            "get",
            "/v1/usage/events/{event_id}/attempts",
            "Usage",
            "listAttempts",
            "List an event's attempts",
            "Every upstream call behind one event.",
            {"200": answer(ref("Attempts"), "The attempts."), **pick(*_STORED, "NotFound")},
            None,
            (_id("event_id", "The event's id."),),
        ),
        Operation(
            "get",
            "/v1/usage/rate-limits",
            "Usage",
            "showRateLimits",
            "See how full the limits are",
            "Every window of the calling key. Asking is not counted.",
            {"200": answer(ref("RateLimits"), "The windows."), **pick(*KEYED, "LimiterUnavailable")},
        ),
        Operation(
            "get",
            "/v1/balance",
            "Usage",
            "showBalance",
            "See what is left to spend",
            "Of the calling key's cap.",
            {"200": answer(ref("Balance"), "The balance."), **pick(*_STORED)},
        ),
    )


def template_operations() -> tuple[Operation, ...]:
    """Return the endpoints of /v1/templates."""
    path, by_id = "/v1/templates", (_id("template_id", "The template's id."),)
    one: JsonObject = {"200": answer(ref("Template"), "The template.")}
    rows: tuple[tuple[str, str, str, str, str, JsonObject, str | None], ...] = (
        (
            "post",
            "",
            "createTemplate",
            "Store a template",
            "Chat completions and comparisons begin with it where they name it.",
            {"201": answer(ref("Template"), "The template."), **pick(*_WRITTEN, "ForbiddenTemplate")},
            "TemplateBody",
        ),
        (
            "get",
            "",
            "listTemplates",
            "List templates",
            "The key's own and the global ones, as a bare array.",
            {"200": answer(array(ref("Template"), "The templates."), "The templates."), **pick(*_STORED)},
            None,
        ),
        (
            "get",
            "/{template_id}",
            "retrieveTemplate",
            "Get a template",
            "The key's own, or a global one.",
            {**one, **pick(*_STORED, "NotFound")},
            None,
        ),
        (
            "patch",
            "/{template_id}",
            "changeTemplate",
            "Change a template",
            "What is left out stays as it is; null empties it.",
            {**one, **pick(*_WRITTEN, "ForbiddenTemplate", "NotFound")},
            "TemplatePatch",
        ),
        (
            "delete",
            "/{template_id}",
            "deleteTemplate",
            "Delete a template",
            "For good.",
            {"204": gone(), **pick(*_STORED, "ForbiddenTemplate", "NotFound")},
            None,
        ),
    )
    return tuple(
        Operation(method, path + end, "Templates", name, title, meaning, answers, body, by_id if end else ())
        for method, end, name, title, meaning, answers, body in rows
    )


def trace_operations() -> tuple[Operation, ...]:
    """Return the endpoints of /v3/traces."""
    by_id = (_id("trace_id", "The trace's id: `trace_uuid` of an answer."),)
    return (
        Operation(
            "get",
            "/v3/traces",
            "Traces",
            "listTraces",
            "List traces",
            "The key's own, newest first; all of them for an admin key. A trace appears once its request has ended.",
            {"200": answer(ref("TracePage"), "A page of traces."), **pick(*_STORED, "InvalidRequest400")},
            None,
            traces.parameters(),
        ),
        Operation(
            "get",
            "/v3/traces/{trace_id}",
            "Traces",
            "retrieveTrace",
            "Get a trace with its spans",
            "One span for the request, each seat, each attempt, and the consolidation.",
            {"200": answer(ref("Trace"), "The trace."), **pick(*_STORED, "NotFound")},
            None,
            by_id,
        ),
        Operation(
            "delete",
            "/v3/traces/{trace_id}",
            "Traces",
            "deleteTrace",
            "Delete a trace",
            "Usage events stay.",
            {"204": gone(), **pick(*_STORED, "NotFound")},
            None,
            by_id,
        ),
    )


def metric_operations() -> tuple[Operation, ...]:
    """Return the endpoint of the metrics."""
    return (
        Operation(
            "get",
            "/metrics",
            "Operations",
            "getMetrics",
            "Scrape metrics",
            "In Prometheus' text format. Open where `server.metrics_open` is set, else for admin keys.",
            {"200": file("text/plain", description="The metrics."), **pick(*KEYED, "AdminOnly")},
        ),
    )


def _id(name: str, description: str) -> JsonValue:
    schema: JsonObject = {"type": "string", "minLength": 1, "maxLength": 200}
    return {"name": name, "in": "path", "required": True, "schema": schema, "description": description}
