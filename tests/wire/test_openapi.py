"""The OpenAPI document says what the server does: every route, every recorded answer, every event, nothing besides."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis

from golden import FOLDER, cases
from parley.app import Fittings, House
from parley.config import load_config
from parley.server import local_server
from reference.examples import SAMPLES, load_examples
from serving import get, send, serving
from write_openapi import ROOT, STATIC, rendered

DOCUMENT: Any = json.loads((STATIC / "openapi.json").read_bytes())
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = [(method, path, operation) for path, by in DOCUMENT["paths"].items() for method, operation in by.items()]


def closed(schema: Any) -> Any:
    """Return `schema` with every described object closed, so that a field that is not described is a fault."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    is_record = schema.get("type") == "object" and isinstance(schema.get("properties"), dict)
    return {"additionalProperties": False, **inner} if is_record else inner


def validator(schema: Any) -> jsonschema_rs.Validator:
    components = {"schemas": {name: closed(one) for name, one in SCHEMAS.items()}}
    return jsonschema_rs.validator_for({"components": components, **closed(schema)}, validate_formats=True)


def check(schema: Any, value: Any) -> None:
    faults = [f"{list(fault.instance_path)}: {fault.message}" for fault in validator(schema).iter_errors(value)]
    assert faults == []


def answer_of(path: str, status: int, method: str = "post") -> Any:
    """Return the described response, references followed."""
    response = DOCUMENT["paths"][path][method]["responses"][str(status)]
    pointer = response.get("$ref")
    return DOCUMENT["components"]["responses"][pointer.rpartition("/")[2]] if pointer else response


def events_of(stream: str) -> Iterator[tuple[str | None, Any]]:
    """Return name and data of each event, the name as its line `event:` or its field `type` says."""
    for frame in stream.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in frame.split("\n") if line and not line.startswith(":"))
        if lines and lines["data"] != "[DONE]":
            data = json.loads(lines["data"])
            yield lines.get("event", data.get("type")), data


def check_stream(path: str, stream: str) -> set[str]:
    """Check each event against its own schema; returns the names of those that were there."""
    table = answer_of(path, 200)["content"]["text/event-stream"]["x-events"]
    described = {row["event"]: row["schema"] for row in table}
    seen = set()
    for name, data in events_of(stream):
        kind = name or ("error" if "error" in data else "chunk")
        check(described[kind], data)
        seen.add(kind)
    return seen


def routes() -> set[tuple[str, str]]:
    """Return method and path of every route of a whole server."""
    found: set[tuple[str, str]] = set()

    def meet(house: House) -> None:
        application: Any = house.app
        found.update(
            (method.lower(), route.path.replace(":path}", "}"))
            for route in application._app.routes
            for method in route.methods - {"HEAD"}
        )

    config = load_config(None, {"PARLEY_STORE_URL": "sqlite:///:memory:", "PARLEY_ADMIN_KEY": "k" * 32})
    with local_server(config, Fittings(log_level=logging.ERROR), meet):
        return found


def test_every_route_is_described_and_nothing_besides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    described = {(method, path) for method, path, _ in OPERATIONS}
    there = routes()
    assert there - described == set(), "describe these in scripts/reference and run scripts/write_openapi.py"
    assert described - there == set(), "these are described but not served"


def test_written_files_are_up_to_date() -> None:
    for path, content in rendered().items():
        assert path.read_bytes() == content, f"{path.relative_to(ROOT)} is out of date: run scripts/write_openapi.py"


def test_document_is_valid_openapi_3_1() -> None:
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.validate()
    assert DOCUMENT["openapi"].startswith("3.1")


def test_every_schema_is_valid_and_every_reference_leads_somewhere() -> None:
    for name, schema in SCHEMAS.items():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
        validator({"$ref": f"#/components/schemas/{name}"})
    text = json.dumps(DOCUMENT)
    for pointer in set(text.split('"$ref": "#/')[1:]):
        place = DOCUMENT
        for step in pointer.partition('"')[0].split("/"):
            place = place[step]


def test_names_of_operations_are_distinct() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(names)) == len(names)


def test_every_field_says_what_it_means() -> None:
    mute = [
        f"{name}.{field}"
        for name, schema in SCHEMAS.items()
        for field, described in schema.get("properties", {}).items()
        if not described.get("description")
    ]
    assert mute == []


@pytest.mark.parametrize("case", cases(), ids=lambda case: str(case.relative_to(FOLDER)))
def test_recorded_answer_is_as_described(case: Path) -> None:
    asked = json.loads((case / "case.json").read_text())
    recording = next(path for path in case.iterdir() if path.stem == "response")
    if recording.suffix == ".sse":
        check_stream(asked["path"], recording.read_text())
        return
    answer = json.loads(recording.read_text())
    described = answer_of(asked["path"], asked["status"])
    check(described["content"]["application/json"]["schema"], answer)


def test_every_described_event_is_recorded_somewhere() -> None:
    seen: dict[str, set[str]] = {}
    for case in cases():
        recording = case / "response.sse"
        if recording.exists():
            path = json.loads((case / "case.json").read_text())["path"]
            seen.setdefault(path, set()).update(check_stream(path, recording.read_text()))
    for path in ("/v3/roundtable", "/v1/chat/compare"):
        table = answer_of(path, 200)["content"]["text/event-stream"]["x-events"]
        assert {row["event"] for row in table} - seen[path] == set()


@pytest.mark.parametrize("case", cases(), ids=lambda case: str(case.relative_to(FOLDER)))
def test_recorded_request_is_as_described_unless_it_is_refused(case: Path) -> None:
    asked = json.loads((case / "case.json").read_text())
    body = DOCUMENT["paths"][asked["path"]]["post"]["requestBody"]["content"]["application/json"]["schema"]
    is_valid = jsonschema_rs.validator_for({**DOCUMENT, **body}).is_valid(asked["request"])
    assert is_valid is (asked["status"] not in {400, 422})


@pytest.mark.parametrize("example", load_examples(), ids=lambda example: example.name)
def test_shown_example_is_answered_as_described(example: Any) -> None:
    body = DOCUMENT["paths"][example.path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    check(body, example.request)
    with serving() as url:
        fresh = send(url, "POST", example.path, example.request)
    assert fresh.status == 200
    if isinstance(example.response, str):
        assert check_stream(example.path, example.response) == check_stream(example.path, fresh.body.decode())
    else:
        schema = answer_of(example.path, 200)["content"]["application/json"]["schema"]
        check(schema, example.response)
        check(schema, fresh.json)


@pytest.mark.parametrize("body", SAMPLES)
def test_shown_sample_is_as_described(body: str) -> None:
    check({"$ref": f"#/components/schemas/{body}"}, SAMPLES[body])


def test_shown_samples_are_accepted_by_the_server() -> None:
    with serving() as url:
        for method, path, operation in OPERATIONS:
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            sample = content and SAMPLES.get(content["schema"]["$ref"].rpartition("/")[2])
            if sample and "{" not in path:
                assert send(url, method.upper(), path, sample).status in {200, 201}, path


def test_what_is_described_as_keyed_refuses_without_a_key_and_the_rest_does_not() -> None:
    with serving("") as url:
        for method, path, operation in OPERATIONS:
            place = (
                path.replace("{asset}", "docs.css").replace("{path}", "index.html").replace("{", "").replace("}", "")
            )
            got = send(url, method.upper(), place, {} if "requestBody" in operation else None)
            is_open = operation.get("security") == []
            assert (got.status == 200) if is_open else (got.status == 401), f"{method} {path}: {got.status}"
            assert "X-Request-Id" in answer_of(path, got.status, method)["headers"]


def test_document_is_served_as_written() -> None:
    with serving() as url:
        got = get(url, "/openapi.json")
    assert got.status == 200
    assert got.headers["content-type"] == "application/json"
    assert got.json == DOCUMENT


def test_document_behind_a_proxy_names_the_path_that_it_is_mounted_at() -> None:
    with serving('[server]\nauth = "open"\nroot_path = "/parley"\n') as url:
        got = get(url, "/openapi.json")
    assert got.json["servers"] == [{"url": "/parley"}]
