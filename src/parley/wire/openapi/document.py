"""Puts the document together: operations, components, and what holds for all of them."""

from parley import __version__
from parley.domain.json import JsonObject, JsonValue
from parley.wire.chat_body import ChatBody
from parley.wire.compare import CompareBody
from parley.wire.openapi import chat, compare, errors, models, roundtable
from parley.wire.openapi.examples import Example, load_examples
from parley.wire.openapi.operations import Operation, operations
from parley.wire.openapi.requests import body_schemas
from parley.wire.openapi.streams import EVENT_STREAM
from parley.wire.roundtable import RoundtableBody

_ABOUT = """\
Parley asks several language models the same thing at once and brings the answers back together: merged, compared, or
counted as votes. Three public APIs, one engine.

Every answer carries `X-Request-Id`. Every error is the same envelope; its `code` says what happened. Unknown paths are
`404 not_found`, wrong methods `405 method_not_allowed`, both in the envelope too."""

_TAGS = {
    "Panels": "Several models at once.",
    "Chat": "One model, or a configured panel as if it were one.",
    "Models": "What can be called, what it can do, what it costs.",
    "Operations": "Open to everybody: health and this description.",
}


def build_document() -> JsonObject:
    """Return the OpenAPI 3.1 document of this server."""
    paths: dict[str, JsonObject] = {}
    for operation in operations():
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Parley",
            "version": __version__,
            "summary": "Several language models, one answer.",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [{"name": name, "description": description} for name, description in _TAGS.items()],
        "security": [{"bearer": []}],
        "paths": {**paths},
        "components": _components(),
    }


def _operation(operation: Operation) -> JsonObject:
    described: JsonObject = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
    }
    if operation.parameters:
        described["parameters"] = [*operation.parameters]
    if operation.body is not None:
        described["requestBody"] = _request_body(operation.body)
    if operation.is_open:
        described["security"] = []
    return {**described, "responses": _with_examples(operation)}


def _with_examples(operation: Operation) -> JsonObject:
    """Return the operation's answers, the recorded ones beside the schema that they follow."""
    answers = dict(operation.answers)
    recorded = [example for example in load_examples() if example.path == operation.path]
    if not recorded:
        return answers
    answer = answers["200"]
    assert isinstance(answer, dict)
    content = answer["content"]
    assert isinstance(content, dict)
    return {
        **answers,
        "200": {**answer, "content": {kind: _exemplified(kind, content[kind], recorded) for kind in content}},
    }


def _exemplified(media_type: str, described: JsonValue, recorded: list[Example]) -> JsonObject:
    assert isinstance(described, dict)
    examples: JsonObject = {
        example.name: {"summary": example.summary, "value": example.response}
        for example in recorded
        if isinstance(example.response, str) is (media_type == EVENT_STREAM)
    }
    return {**described, "examples": examples} if examples else described


def _request_body(name: str) -> JsonObject:
    content: JsonObject = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    examples: JsonObject = {
        example.name: {"summary": example.summary, "value": example.request}
        for example in load_examples()
        if example.body == name
    }
    return {"required": True, "content": {errors.JSON: {**content, **({"examples": examples} if examples else {})}}}


def _components() -> JsonObject:
    notes = {**roundtable.BODIES, **compare.BODIES, **chat.BODIES}
    schemas: JsonObject = body_schemas([RoundtableBody, CompareBody, ChatBody], notes)
    for room in (roundtable, compare, chat, models, errors):
        schemas |= room.schemas()
    return {
        "schemas": schemas,
        "responses": errors.responses(),
        "headers": {"X-Request-Id": errors.REQUEST_ID_HEADER, "Retry-After": errors.RETRY_AFTER_HEADER},
        "securitySchemes": {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": '`Authorization: Bearer <key>`; not needed where the server runs with `auth = "open"`.',
            }
        },
    }
