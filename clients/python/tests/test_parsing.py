"""Answers come back in the type that was asked for, or with a reason and all that was paid for."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from callers import Caller, both
from parley_client import CallOptions, OutputError, Parley
from wire import WireServer, json_reply

QUESTION: Any = {"input": "Well?", "models": ["a"]}


class Verdict(BaseModel):
    verdict: Literal["yes", "no"]
    confidence: float


def answer(data: object, **meta: object) -> dict[str, Any]:
    about = {"resolution": "summary", "models_used": ["a"], "total_cost": 0, "total_duration_ms": 1, **meta}
    return {"id": "rt_1", "data": data, "meta": about, "model_results": [{"index": 0, "model": "a", "data": data}]}


def ask(caller: Caller, server: WireServer, kind: Any) -> Any:
    return caller.ask(server.url, lambda client: client.roundtable.parse(output_type=kind, **QUESTION))


@both
def test_an_answer_comes_in_its_type_and_the_schema_goes_out(caller: Caller) -> None:
    with WireServer(json_reply(200, answer({"verdict": "yes", "confidence": 1}))) as server:
        found = ask(caller, server, Verdict)
    assert found.parsed == Verdict(verdict="yes", confidence=1)
    assert found.raw.data == {"verdict": "yes", "confidence": 1}
    assert server.asked[0].json == {**QUESTION, "output_schema": Verdict.model_json_schema()}
    assert found.schema == server.asked[0].json["output_schema"]
    assert "idempotency-key" in server.asked[0].headers


@both
def test_any_type_with_a_schema_will_do(caller: Caller) -> None:
    with WireServer(json_reply(200, answer([{"verdict": "no", "confidence": 0.5}]))) as server:
        assert ask(caller, server, list[Verdict]).parsed == [Verdict(verdict="no", confidence=0.5)]


@both
@pytest.mark.parametrize("data", [{"verdict": "maybe", "confidence": 1}, {"verdict": "yes"}, "yes", None])
def test_an_answer_that_does_not_fit_is_an_error_with_the_answer(caller: Caller, data: object) -> None:
    with WireServer(json_reply(200, answer(data))) as server, pytest.raises(OutputError, match="Verdict") as raised:
        ask(caller, server, Verdict)
    assert raised.value.raw is not None
    assert raised.value.raw.model_results[0].data == data
    assert "maybe" not in str(raised.value)


@both
def test_a_missing_consolidation_tells_its_reason(caller: Caller) -> None:
    said = answer(None, summary_error={"code": "schema_invalid", "message": "Nothing fits."})
    with WireServer(json_reply(200, said)) as server, pytest.raises(OutputError, match=r"schema_invalid.*Nothing fits"):
        ask(caller, server, Verdict)


def test_without_pydantic_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic", None)
    with Parley("http://127.0.0.1:9") as client, pytest.raises(ImportError, match="output_schema"):
        client.roundtable.parse(output_type=Verdict, **QUESTION)


def test_types_are_kept_through_parse() -> None:
    """Checked by the type checker: `parsed` is a Shape, and so has sides."""

    @dataclass
    class Shape:
        sides: int

    with WireServer(json_reply(200, answer({"sides": 3}))) as server, Parley(server.url) as client:
        found = client.roundtable.parse(
            output_type=Shape, input="Well?", models=["a"], options=CallOptions(max_retries=0)
        )
        assert found.parsed.sides == 3
