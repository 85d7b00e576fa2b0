"""The incoming W3C trace context: a trace that the caller has begun is continued."""

import re
import uuid

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?\Z")


def trace_id_of(traceparent: str) -> str | None:
    """Return the trace id of `traceparent` as a UUID, None if it holds none. Source: W3C Trace Context, section 3.2."""
    found = _TRACEPARENT.match(traceparent.strip())
    if found is None or found["trace"] == "0" * 32 or found["parent"] == "0" * 16:
        return None
    return str(uuid.UUID(hex=found["trace"]))
