"""Response objects of what went well, and the headers that requests and answers share."""

from collections.abc import Sequence

from parley.domain.json import JsonObject, JsonValue
from reference.errors import JSON
from reference.streams import EVENT_STREAM, StreamEvent, stream_content

COUNTED = (
    *("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit-Policy", "RateLimit"),
    *("X-Cache", "Idempotent-Replayed"),
)
"""Headers that an answer of models may carry."""


def _header(name: str, schema: JsonObject, description: str) -> JsonObject:
    return {"name": name, "in": "header", "required": False, "schema": schema, "description": description}


IDEMPOTENT: tuple[JsonValue, ...] = (
    _header(
        "Idempotency-Key",
        {"type": "string", "maxLength": 255, "pattern": "^[ -~]*$"},
        "For plain requests: the same key and body get the stored answer for 24 hours, without asking a model. An "
        "error on streams.",
    ),
    _header(
        "traceparent",
        {"type": "string", "examples": ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]},
        "W3C trace context; it is continued, and its id is `trace_uuid`. One that is malformed is ignored.",
    ),
)


def answer(
    schema: JsonObject,
    description: str,
    headers: Sequence[str] = (),
    stream: tuple[str, tuple[StreamEvent, ...]] | None = None,
) -> JsonObject:
    """Return a JSON answer; `stream`: how its events are framed and which there are, where it may be a stream."""
    content: JsonObject = {JSON: {"schema": schema}}
    if stream is not None:
        content[EVENT_STREAM] = stream_content(*stream)
    return {"description": description, "headers": _headers(headers), "content": content}


def document(schema: JsonObject, description: str = "It.") -> JsonObject:
    """Return the responses of an endpoint that has one answer."""
    return {"200": answer(schema, description)}


def file(*media_types: str, description: str = "The file.") -> JsonObject:
    content: JsonObject = {media_type: {"schema": {"type": "string"}} for media_type in media_types}
    return {"description": description, "headers": _headers(()), "content": content}


def gone() -> JsonObject:
    """Return the answer without a body."""
    return {"description": "Done; there is no body.", "headers": _headers(())}


def _headers(names: Sequence[str]) -> JsonObject:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *names)}
