"""How a stream is described: the schema is that of one event, and `x-events` says which kinds there are and when.

OpenAPI 3.1 has no word for the items of a stream; that `schema` describes one of them is what tools take it for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from parley.domain.json import JsonObject, JsonValue
from reference.errors import JSON

EVENT_STREAM = "text/event-stream"
_PLACE = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One kind of event; `schema` names the component that its `data` line holds."""

    name: str
    schema: str
    when: str


def stream_content(frames: str, events: Sequence[StreamEvent]) -> JsonObject:
    """Return the media type object of a stream, its schema that of one event; `frames`: how it looks on the wire."""
    table: list[JsonValue] = [
        {"event": one.name, "description": one.when, "schema": {"$ref": _PLACE + one.schema}} for one in events
    ]
    shapes: list[JsonValue] = [{"$ref": _PLACE + one.schema} for one in events]
    payload: JsonObject = {"type": "string", "contentMediaType": JSON, "contentSchema": {"anyOf": shapes}}
    fields: JsonObject = {
        "event": {"type": "string", "description": "The event's name, where it is sent."},
        "data": {"anyOf": [{"type": "string", "const": "[DONE]"}, payload], "description": "The event as JSON."},
    }
    schema: JsonObject = {"type": "object", "description": frames, "properties": fields, "required": ["data"]}
    return {"schema": schema, "x-events": table}
