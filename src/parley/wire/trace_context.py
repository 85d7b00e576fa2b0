"""The incoming W3C trace context: a trace that the caller has begun is continued."""

import re
import uuid

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?\Z")


def trace_id_of(traceparent: str) -> str | None:
    """Return the trace id of `traceparent` as a UUID, None if it holds none. Source: W3C Trace Context, section 3.2."""
    found = _match(traceparent)
    return None if found is None else str(uuid.UUID(hex=found["trace"]))


def parent_span_id_of(traceparent: str) -> str | None:
    """Return the id of the caller's span, 16 hexadecimal digits, None where `trace_id_of` finds no trace either."""
    found = _match(traceparent)
    return None if found is None else found["parent"]


def _match(traceparent: str) -> re.Match[str] | None:
    found = _TRACEPARENT.match(traceparent.strip())
    if found is None or found["trace"] == "0" * 32 or found["parent"] == "0" * 16:
        return None
    return found
