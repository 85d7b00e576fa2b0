"""Hundreds of generated requests, right and wrong ones: every answer is one that the OpenAPI document describes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS, load_all_checks

from serving import serving

PATH = Path(__file__).parent.parent / "contracts" / "openapi.json"
MODELS = ["sandbox/terse", "sandbox/contrarian", "sandbox/judge", "sandbox/down", "sandbox/flaky", "nobody/nothing"]
EXAMPLES = 6

load_all_checks()
WANTED = (
    *("status_code_conformance", "content_type_conformance", "response_headers_conformance"),
    *("response_schema_conformance", "negative_data_rejection"),
)


def with_known_models(schema: Any) -> Any:
    """Return the document with names of models narrowed to few, as made-up ones would lead nowhere but to 404."""
    if isinstance(schema, list):
        return [with_known_models(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if str(schema.get("examples", [""])[0] if isinstance(schema.get("examples"), list) else "").startswith("sandbox/"):
        return {"type": "string", "enum": MODELS}
    return {key: with_known_models(value) for key, value in schema.items()}


def described() -> Any:
    config = schemathesis.Config.from_dict({"generation": {"mode": "all"}})
    document = {**with_known_models(json.loads(PATH.read_text())), "security": []}  # the server is an open one
    return schemathesis.openapi.from_dict(document, config=config)


schema = described()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as address:
        yield address


@schema.exclude(path_regex="^/v3/compat/").parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_as_described(case: schemathesis.Case, url: str) -> None:
    got = case.call_and_validate(base_url=url, checks=[CHECKS.get_one(name) for name in WANTED], timeout=20)
    assert got.status_code != 500, f"a fault of ours: {case.as_curl_command()}"
