"""Puts the document together: operations, components, and what holds for all of them."""

import msgspec

from parley import __version__
from parley.domain.json import JsonObject, JsonValue
from parley.wire.chat_body import ChatBody
from parley.wire.compare import CompareBody
from parley.wire.keys import KeyBody, KeyPatch
from parley.wire.providers import CheckBody
from parley.wire.roundtable import RoundtableBody
from parley.wire.templates import TemplateBody
from parley.wire.usage import EventsBody, UsageBody
from reference import chat, compare, errors, keys, mcp, models, providers, roundtable, templates, traces, usage
from reference.desk_operations import (
    key_operations,
    me_operation,
    metric_operations,
    template_operations,
    trace_operations,
    usage_operations,
)
from reference.examples import Example, load_examples
from reference.operations import Operation, asking_operations, model_operations, service_operations
from reference.requests import BodyNotes, body_schemas
from reference.streams import EVENT_STREAM

_BODIES: tuple[type[msgspec.Struct], ...] = (
    *(RoundtableBody, CompareBody, ChatBody, KeyBody, KeyPatch, UsageBody, EventsBody, TemplateBody, CheckBody),
)
_ROOMS = (roundtable, compare, chat, models, keys, providers, usage, templates, traces, mcp, errors)

_ABOUT = """\
Parley asks several language models the same thing at once and brings the answers back together: merged, compared, or
counted as votes. Three public APIs, one engine.

Every answer carries `X-Request-Id`. Unknown fields of a request are refused, but those of chat completions go to the \
provider. Every error is the same envelope; its `code` says what happened. Unknown paths are
`404 not_found`, wrong methods `405 method_not_allowed`, both in the envelope too."""

_TAGS = {
    "Panels": "Several models at once.",
    "Chat": "One model, or a configured panel as if it were one.",
    "Models": "What can be called, what it can do, what it costs.",
    "Keys": "Who may come in, how often, for how much. For admin keys.",
    "Usage": "What was used and what it cost. An ordinary key sees its own.",
    "Templates": "Stored beginnings of conversations, with placeholders.",
    "Traces": "What happened within a request, step by step, without its content.",
    "MCP": "The same panels for programs that speak the Model Context Protocol.",
    "Operations": "Health, metrics and this description.",
}


def all_operations() -> tuple[Operation, ...]:
    """Return every endpoint of the server, in the order of the reference."""
    return (
        *asking_operations(),
        *model_operations(),
        me_operation(),
        *key_operations(),
        *usage_operations(),
        *template_operations(),
        *trace_operations(),
        *mcp.operations(),
        *service_operations(),
        *providers.operations(),
        *metric_operations(),
    )


def build_document() -> JsonObject:
    """Return the OpenAPI 3.1 document of this server."""
    paths: dict[str, JsonObject] = {}
    operations = all_operations()
    for operation in operations:
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
        "components": _components(operations),
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


def _components(operations: tuple[Operation, ...]) -> JsonObject:
    return {
        "schemas": _schemas(),
        "responses": errors.responses(entry for operation in operations for entry in operation.answers.values()),
        "headers": errors.HEADERS,
        "securitySchemes": {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": '`Authorization: Bearer <key>`; not needed where the server runs with `auth = "open"`.',
            }
        },
    }


def _schemas() -> JsonObject:
    bodies = (
        roundtable.BODIES,
        compare.BODIES,
        chat.BODIES,
        keys.BODIES,
        usage.BODIES,
        templates.BODIES,
        providers.BODIES,
    )
    fields = {name: notes for room in bodies for name, notes in room.items()}
    schemas = body_schemas(_BODIES, BodyNotes(fields, {**keys.REQUIRED, **templates.REQUIRED}))
    template = schemas["TemplateBody"]
    assert isinstance(template, dict)
    schemas["TemplatePatch"] = {name: value for name, value in template.items() if name != "required"}
    for room in _ROOMS:
        schemas |= room.schemas()
    return schemas
