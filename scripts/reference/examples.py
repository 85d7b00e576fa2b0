"""Requests with the answers of the embedded models: recorded by `scripts/record_examples.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import msgspec

from parley.domain.json import JsonObject

RECORDING = Path(__file__).parent / "examples.json"

SAMPLES: Mapping[str, JsonObject] = {
    "ChatBody": {"model": "sandbox/terse", "messages": [{"role": "user", "content": "Tabs or spaces?"}]},
    "KeyBody": {"name": "build server", "rpm": 60, "spend_cap_month_usd": "25.00", "models": ["sandbox/*"]},
    "KeyPatch": {"rpm": None, "disabled": True},
    "UsageBody": {"since": "2026-11-01T00:00:00Z"},
    "EventsBody": {"status": "failed", "limit": 20},
    "TemplateBody": {
        "name": "translator",
        "system": "Translate what you are given into {{ language }}.",
        "params": {"temperature": 0.2},
    },
    "McpBody": {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {
            "name": "vote",
            "arguments": {"input": "Tabs or spaces?", "choices": ["tabs", "spaces"], "models": ["sandbox/terse"]},
        },
    },
    "TemplatePatch": {"model": "sandbox/terse"},
    "CheckBody": {"providers": ["sandbox"]},
}
"""A request of each kind of which no answer is recorded, by the component of its body."""


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
