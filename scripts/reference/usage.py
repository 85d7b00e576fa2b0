"""/v1/usage and /v1/balance described: filters, events, attempts, totals, windows, balance."""

from collections.abc import Mapping

from parley.books.token_kinds import TOKEN_KINDS
from parley.domain.json import JsonObject, JsonValue
from parley.wire.usage import MOST_BREAKDOWN_DAYS
from reference.keys import moment, money
from reference.requests import Notes
from reference.shapes import array, count, flag, nullable, record, ref, text, words

_OUTCOMES = ("ok", "failed", "cancelled", "abandoned", "running")

_FILTER: Notes = {
    "since": {"description": "Events from this time on, in RFC 3339.", "examples": ["2026-11-01T00:00:00Z"]},
    "until": {"description": "Events before this time, in RFC 3339."},
    "model": {"description": "Events of this model."},
    "status": {"description": "Events with this outcome."},
    "key_id": {"description": "Events of this key; an ordinary key may name its own alone."},
}
_PAGE: Notes = {
    "panel_id": {"description": "Events of this panel (`rt_…`, `cmp_…`)."},
    "request_id": {"description": "Events of this request (`req_…`)."},
    "limit": {"description": "Most events of a page.", "default": 50},
    "offset": {"description": "Events to pass over.", "default": 0},
}
_PARTS: Notes = {
    "breakdown": {
        "description": "Also tell the totals apart by day, by key and by model; asks for `since`, at most "
        f"{MOST_BREAKDOWN_DAYS} days before `until`. Not in the original API.",
        "default": False,
    }
}
BODIES: Mapping[str, Notes] = {"UsageBody": {**_FILTER, **_PARTS}, "EventsBody": {**_FILTER, **_PAGE}}


def schemas() -> JsonObject:
    """Return the components of usage."""
    page: JsonObject = {
        "events": array(ref("UsageEvent"), "The events, newest first."),
        "total": count("How many events there are in all."),
        "limit": count("As asked for.", 1),
        "offset": count("As asked for."),
    }
    return {
        "UsageTotals": _totals(),
        "UsageEvent": _event(),
        "UsageEvents": record("A page of usage events.", page),
        "TokenCounts": _tokens(),
        "Attempts": record(
            "The upstream attempts of one event.",
            {"event_id": text("The event."), "attempts": array(_attempt(), "Its attempts, in order.")},
        ),
        "RateLimits": _rate_limits(),
        "Balance": _balance(),
    }


def _tokens() -> JsonObject:
    said = {
        "input_tokens": "All input, cached input included.",
        "output_tokens": "All billable output, reasoning included.",
        "cache_read_tokens": "Part of the input that was read from the provider's cache.",
        "cache_creation_tokens": "Part of the input that was written to the provider's cache.",
        "reasoning_tokens": "Part of the output that was spent on reasoning.",
    }
    return record("Tokens by kind.", {kind: count(said[kind]) for kind in TOKEN_KINDS})


def _totals() -> JsonObject:
    by_outcome: JsonObject = {name: count(f"Those with the outcome `{name}`.") for name in _OUTCOMES}
    tokens = _tokens()["properties"]
    assert isinstance(tokens, dict)
    share: JsonObject = {
        "events": count("The events."),
        **tokens,
        "cost_usd": money("What they cost, as far as prices are known."),
    }
    day: JsonObject = {
        "day": text("The day, in UTC: `2026-11-22`."),
        "model": nullable(text("The model; null for all models together that are not among the dearest of the span.")),
        **share,
    }
    key: JsonObject = {"key_id": text("The key."), "key_name": text("The name it had last."), **share}
    row: JsonObject = {"model": text("The model."), **share, **_figures()}
    fields: JsonObject = {
        "requests": record(
            "Requests; one may be counted under several outcomes.", {"total": count("All."), **by_outcome}
        ),
        "events": record("Events: one for each model call, retries within it.", {"total": count("All."), **by_outcome}),
        "tokens": ref("TokenCounts", "Tokens by kind."),
        "total_cost_usd": money("What all of them cost, as far as prices are known."),
        "cost_complete": flag("Whether every price is known."),
        "by_model": array(record("One model's share.", row, list(_figures())), "The same for each model."),
        "by_day": array(
            record("One model's share of one day.", day),
            "With `breakdown`: each day's models, days in order; days without events are left out.",
        ),
        "by_key": array(record("One key's share.", key), "With `breakdown`: the same for each key, dearest first."),
    }
    return record("Totals of the events that were asked for.", fields, ["by_day", "by_key"])


def _figures() -> JsonObject:
    by_outcome: JsonObject = {name: count(f"Those with the outcome `{name}`.") for name in _OUTCOMES}
    timed = "of whole calls that ended well and were not answered from the cache, in milliseconds"
    return {
        "outcomes": record("With `breakdown`: its events by outcome.", by_outcome),
        "cached": count("With `breakdown`: events answered from the cache."),
        "unpriced": count("With `breakdown`: events that used something whose price is not known."),
        "latency_p50_ms": nullable(count(f"With `breakdown`: the median {timed}; null where there was none.")),
        "latency_p95_ms": nullable(count(f"With `breakdown`: the 95th percentile {timed}.")),
    }


def _event() -> JsonObject:
    fields: JsonObject = {
        "id": text("The event's id."),
        "time": moment("When the call was opened."),
        "key_id": text("The key that asked."),
        "key_name": text("Its name."),
        "request_id": text("The request, as in `X-Request-Id`."),
        "panel_id": nullable(text("The panel; null for a chat completion.")),
        "role": words(["seat", "consolidation", "chat"], "What the call was for."),
        "seat_index": nullable(count("The seat; null or 0 where there is none.")),
        "attempts": count("How many upstream calls were made."),
        "model": text("The model."),
        "provider": nullable(text("Where it was called.")),
        "usage": ref("TokenCounts", "Tokens by kind."),
        "cost": nullable(money("US dollars; null where the price is not known.")),
        "upstream_cost": nullable(money("US dollars by the provider's own account, where it gives one.")),
        "estimated": flag("Whether tokens were counted from the text, for want of the provider's count."),
        "cached": flag("Whether the answer came from the cache and cost nothing."),
        "latency_ms": nullable(count("Milliseconds, retries included.")),
        "outcome": words(_OUTCOMES, "How it ended. `abandoned`: the process ended before the call did."),
        "error_code": nullable(text("Why it failed.")),
    }
    return record("One model call, its retries included.", fields)


def _attempt() -> JsonObject:
    fields: JsonObject = {
        "attempt": count("Its number, from 1.", 1),
        "time": moment("When it was made."),
        "provider": text("Where."),
        "model": text("The provider's name of the model."),
        "usage": ref("TokenCounts", "Tokens by kind."),
        "cost": nullable(money("US dollars; null where the price is not known.")),
        "estimated": flag("Whether tokens were counted from the text."),
        "latency_ms": nullable(count("Milliseconds.")),
        "first_token_ms": nullable(count("Milliseconds until the first token.")),
        "outcome": words(_OUTCOMES, "How it ended."),
        "error_code": nullable(text("Why it failed.")),
    }
    return record("One upstream call.", fields)


def _rate_limits() -> JsonObject:
    share: JsonObject = {
        "type": "number",
        "minimum": 0,
        "description": "Part of the limit that is used; above 1 where the limit was lowered beneath that.",
    }
    window: JsonObject = {
        "name": words(["rpm", "rpd"], "Requests per minute or per day."),
        "window_seconds": count("How long the window is.", 1),
        "limit": count("Most requests."),
        "used": count("Requests counted now."),
        "remaining": count("Requests that are left."),
        "share": share,
        "reset_seconds": count("Seconds until there is room again, or the day begins anew."),
    }
    fields: JsonObject = {
        "key_id": text("The calling key."),
        "windows": array(record("One limit.", window), "Its limits; none for a key that has no limit."),
    }
    return record("How full each window of the calling key is. Asking is not counted.", fields)


def _balance() -> JsonObject:
    said = {
        "balance_usd": "What is left of the tighter cap; null without a cap.",
        "reserved_usd": "What running requests hold; null without a cap.",
        "available_usd": "`balance_usd` less `reserved_usd`; null without a cap.",
        "spent_usd": "Spent in all.",
        "spent_month_usd": "Spent in this calendar month, UTC.",
        "spend_cap_usd": "The cap in all.",
        "spend_cap_month_usd": "The cap of a month.",
    }
    always: tuple[str, ...] = ("spent_usd", "spent_month_usd")
    fields: dict[str, JsonValue] = {
        name: money(meaning) if name in always else nullable(money(meaning)) for name, meaning in said.items()
    }
    return record("What the calling key has left, in US dollars.", fields)
