"""The golden cases of the contracts as a client library meets them: what it is asked, sends and returns."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "contracts" / "golden"
FAMILIES = {"/v3/roundtable": "roundtable", "/v1/chat/compare": "compare", "/v1/chat/completions": "chat"}
# Fields that a typed library has no way to send, and that its driver may drop.
UNTYPED_FIELDS = ("comparision_model",)
# What the server sends to other clients' libraries alone.
FOREIGN_FIELDS = ("error_message",)


@dataclass(frozen=True)
class Case:
    """One recorded exchange."""

    folder: Path

    def __str__(self) -> str:
        return f"{self.folder.parent.name}/{self.folder.name}"

    @cached_property
    def asked(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "case.json").read_text())
        return found

    @property
    def path(self) -> str:
        return str(self.asked["path"])

    @property
    def family(self) -> str:
        return FAMILIES[self.path]

    @property
    def status(self) -> int:
        return int(self.asked["status"])

    @property
    def is_stream(self) -> bool:
        return (self.folder / "response.sse").exists()

    @property
    def op(self) -> str:
        return f"{self.family}.{'stream' if self.is_stream else 'create'}"

    @property
    def request(self) -> dict[str, Any]:
        """What the driver is given."""
        return {name: value for name, value in self.asked["request"].items() if name != "stream"}

    @property
    def body(self) -> dict[str, Any]:
        """What must go out."""
        return without_untyped(self.asked["request"])

    @cached_property
    def stream(self) -> bytes:
        return (self.folder / "response.sse").read_bytes()

    @cached_property
    def response(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "response.json").read_text())
        return found

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events that a loop over the stream yields: a fatal one is raised, not yielded."""
        return [event for event in self._all_events if not is_fatal(event)]

    @property
    def fatal(self) -> dict[str, Any] | None:
        """The stream's error, if it ends in one."""
        return next((event for event in self._all_events if is_fatal(event)), None)

    @cached_property
    def _all_events(self) -> list[dict[str, Any]]:
        lines = [line for line in self.stream.decode().split("\n") if line.startswith("data: {")]
        return [json.loads(line.removeprefix("data: ")) for line in lines]


def without_untyped(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in UNTYPED_FIELDS}


def is_fatal(event: dict[str, Any]) -> bool:
    return "error" in (event.get("type"), event.get("event"))


def cases() -> list[Case]:
    return [Case(path.parent) for path in sorted(FOLDER.rglob("case.json"))]


def plain_cases() -> list[Case]:
    return [case for case in cases() if not case.is_stream and case.status == 200]


def error_cases() -> list[Case]:
    return [case for case in cases() if not case.is_stream and case.status != 200]


def stream_cases() -> list[Case]:
    return [case for case in cases() if case.is_stream]


def case_named(name: str) -> Case:
    return Case(FOLDER / name)


def without_nulls(value: Any) -> Any:
    """Return `value` without the members that are null, which a library takes for absent, and without foreign ones."""
    match value:
        case dict():
            kept = {name: inner for name, inner in value.items() if inner is not None and name not in FOREIGN_FIELDS}
            return {name: without_nulls(inner) for name, inner in kept.items()}
        case list():
            return [without_nulls(inner) for inner in value]
        case _:
            return value


def with_named_seats(body: dict[str, Any]) -> dict[str, Any]:
    """Return a roundtable's body with each seat as an object: the contract takes a bare name for the same."""
    if "input" not in body:
        return body
    return {**body, "models": [{"name": seat} if isinstance(seat, str) else seat for seat in body["models"]]}


def final_of(case: Case) -> dict[str, Any]:
    """Return the whole result that `final()` owes for a stream that came to its end."""
    whole = {"roundtable": _roundtable, "compare": _compare, "chat": _chat}[case.family]
    found: dict[str, Any] = without_nulls(whole(case.events))
    return found


def texts_of(case: Case) -> list[dict[str, Any]]:
    """Return what `text_deltas()` owes."""
    return [without_nulls(text) for event in case.events for text in _texts(event)]


def _texts(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    match event:
        case {"type": "model_delta"}:
            yield _text(event["model_index"], event["model"], event["delta"], False)
        case {"type": "summary_delta"}:
            yield _text(None, event["model"], event["delta"], True)
        case {"event": "model_chunk"}:
            yield _text(None, event["model"], event["delta"], False)
        case {"event": "comparison_chunk"}:
            yield _text(None, event["comparison_model"], event["delta"], True)
        case {"choices": [{"delta": {"content": str(text)}}]} if text:
            yield _text(None, event["model"], text, False)


def _text(index: int | None, model: str, text: str, is_summary: bool) -> dict[str, Any]:
    return {"index": index, "model": model, "text": text, "is_summary": is_summary}


def _roundtable(events: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in events[-1].items() if name != "type"}


def _compare(events: list[dict[str, Any]]) -> dict[str, Any]:
    start, done = events[0], events[-1]
    finished = [event for event in events if event["event"] in ("model_result", "model_stream_done")]
    results = [{name: value for name, value in event.items() if name != "event"} for event in finished]
    kept = {name: value for name, value in done.items() if name not in ("event", "usage", "error_code")}
    text = "".join(event["delta"] for event in events if event["event"] == "comparison_chunk")
    return {
        **kept,
        "object": "compare.completion",
        "models": start["models"],
        "results": sorted(results, key=lambda result: start["models"].index(result["model"])),
        "comparison": text or None,
        "comparison_usage": done.get("usage"),
    }


def _chat(events: list[dict[str, Any]]) -> dict[str, Any]:
    kept = {name: value for event in events for name, value in event.items() if value is not None}
    choices = [choice for event in events for choice in event["choices"]]
    deltas = [choice["delta"] for choice in choices]
    message = {
        "role": "assistant",
        "content": "".join(delta.get("content") or "" for delta in deltas) or None,
        "tool_calls": _tool_calls([call for delta in deltas for call in delta.get("tool_calls", [])]) or None,
    }
    end = next(choice["finish_reason"] for choice in choices if choice["finish_reason"])
    return {
        **kept,
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": end}],
    }


def _tool_calls(pieces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put calls together from their pieces; each has its own index."""
    calls: dict[int, dict[str, Any]] = {}
    for piece in pieces:
        call = calls.setdefault(piece["index"], {"type": "function", "function": {"name": "", "arguments": ""}})
        call |= {name: piece[name] for name in ("id", "type") if name in piece}
        for name in ("name", "arguments"):
            call["function"][name] += piece["function"].get(name, "")
    return list(calls.values())
