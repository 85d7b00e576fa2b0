"""Requests with the answers of the embedded models: recorded by `scripts/record_examples.py`."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import msgspec

from parley.domain.json import JsonObject

RECORDING = Path(__file__).parent / "examples.json"


@dataclass(frozen=True, slots=True)
class Example:
    """One request to `path` and its answer; `body` names the component of the request. A stream is text as it came."""

    name: str
    summary: str
    path: str
    body: str
    request: JsonObject
    response: JsonObject | str


def load_examples() -> tuple[Example, ...]:
    """Return the recorded examples, in the order of the reference."""
    recorded = RECORDING.read_bytes()
    return tuple(
        Example(
            row.name,
            row.summary,
            row.path,
            row.body,
            cast(JsonObject, row.request),
            row.response if isinstance(row.response, str) else cast(JsonObject, row.response),
        )
        for row in msgspec.json.decode(recorded, type=list[_Row])
    )


class _Row(msgspec.Struct):
    name: str
    summary: str
    path: str
    body: str
    request: dict[str, object]
    response: dict[str, object] | str
