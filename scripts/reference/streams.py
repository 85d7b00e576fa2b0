"""How a stream is described: OpenAPI 3.1 knows no event streams, so each event's schema stands under `x-events`."""

from collections.abc import Sequence
from dataclasses import dataclass

from parley.domain.json import JsonObject, JsonValue

EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One kind of event; `schema` names the component that its `data` line holds."""

    name: str
    schema: str
    when: str


def stream_content(frames: str, events: Sequence[StreamEvent]) -> JsonObject:
    """Return the media type object of a stream; `frames` says how an event looks on the wire."""
    table: list[JsonValue] = [
        {"event": one.name, "description": one.when, "schema": {"$ref": f"#/components/schemas/{one.schema}"}}
        for one in events
    ]
    return {"schema": {"type": "string", "description": frames}, "x-events": table}
