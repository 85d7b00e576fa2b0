"""The golden transcripts of the contracts, which lie beside this package in the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from parley_client.chat import ChatCompletion, ChatReading
from parley_client.compare import CompareReading, Comparison
from parley_client.reading import Reading
from parley_client.roundtable import Roundtable, RoundtableReading

GOLDEN = Path(__file__).parents[3] / "contracts" / "golden"
READINGS: dict[str, type[Reading[Any, Any]]] = {
    "roundtable": RoundtableReading,
    "compare": CompareReading,
    "chat": ChatReading,
}
ANSWERS: dict[str, type[Any]] = {"roundtable": Roundtable, "compare": Comparison, "chat": ChatCompletion}


def cases(file_name: str) -> list[Any]:
    """Return the names of the cases that have this file, as parameters of a test; one skipped one if there are none."""
    names = [f"{path.parent.parent.name}/{path.parent.name}" for path in sorted(GOLDEN.glob(f"*/*/{file_name}"))]
    absent = pytest.mark.skip(reason=f"the golden files are not there: {GOLDEN}; they come with the repository")
    return list(names) if names else [pytest.param("none", marks=absent)]


def transcript(case: str) -> bytes:
    return (GOLDEN / case / "response.sse").read_bytes()


def response(case: str) -> Any:
    return json.loads((GOLDEN / case / "response.json").read_text())


def status(case: str) -> int:
    return int(json.loads((GOLDEN / case / "case.json").read_text())["status"])


def new_reading(case: str) -> Reading[Any, Any]:
    return READINGS[case.split("/")[0]]()
