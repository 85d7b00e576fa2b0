"""Requests that begin with a stored template: its placeholders filled in, its parameters beneath the request's own.

Placeholders are `{{ name }}`; a value that holds some is not expanded again. Source: contracts/gateway.md, "Templates".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NoReturn, cast

import msgspec

from parley.books.templates import Template, Templates, Viewer
from parley.domain.errors import NotFound
from parley.domain.json import JsonObject, JsonValue
from parley.domain.messages import Message, Role, text_message
from parley.gate.keyring import Caller
from parley.wire.chat_body import ParamsBody
from parley.wire.decoding import decode_body, fault, nearest
from parley.wire.messages import read_turns

MOST_FILLED_CHARACTERS = 4_194_304

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_OUTPUT_BOUNDS = frozenset({"max_tokens", "max_completion_tokens"})


class _Named(msgspec.Struct):
    """The one field that has to be known before a body can be read as a whole."""

    template: str | None = None


def template_named(body: bytes) -> str | None:
    """Return the template that `body` names, None without one; what is wrong with the body is for its contract."""
    if b"template" not in body and b"\\u" not in body:
        return None
    try:
        return msgspec.json.decode(body, type=_Named).template
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def viewer_of(caller: Caller) -> Viewer:
    return Viewer(caller.key_id, caller.name, caller.is_admin)


async def find_template(templates: Templates, caller: Caller, name: str) -> Template:
    """Return what `caller` means by `name`, a name or an id. Raises NotFound with the nearest known names."""
    viewer = viewer_of(caller)
    return await templates.find(viewer, name) or refuse_template(name, await templates.names(viewer))


def refuse_template(name: str, known: Sequence[str] = ()) -> NoReturn:
    """Raise NotFound for a template that is not there, or not for the caller to see."""
    hint = nearest(name, list(known)) or " GET /v1/templates lists them."
    raise NotFound(f"There is no template named {name[:80]!r}.{hint}", param="template")


def placeholders_of(system: str | None, messages: tuple[JsonObject, ...]) -> tuple[str, ...]:
    """Return the names of all placeholders, each once, in the order of their first place."""
    texts = [system or "", *(text for message in messages for text in _texts(message))]
    return tuple(dict.fromkeys(name for text in texts for name in _PLACEHOLDER.findall(text)))


def opening_of(template: Template, variables: Mapping[str, str]) -> tuple[Message, ...]:
    """Return the messages that a conversation from `template` begins with.

    Raises InvalidRequest for a variable that is missing and for values that make it too large.
    """
    for name in placeholders_of(template.system, template.messages):
        if name not in variables:
            message = f"variables.{name} is missing; the template {template.name[:80]!r} needs it."
            raise fault(("variables", name), message, "missing")
    _check_size(template, variables)
    system = (text_message(Role.SYSTEM, _filled(template.system, variables)),) if template.system else ()
    turns = [cast("dict[str, object]", _fill_message(message, variables)) for message in template.messages]
    return (*system, *read_turns(turns))


def params_of(template: Template) -> ParamsBody:
    """Return the template's parameters; they were checked when it was stored."""
    return msgspec.convert(template.params or {}, ParamsBody)


def unknown_params_of(template: Template) -> JsonObject:
    """Return the template's parameters that only the provider knows."""
    known = ParamsBody.__struct_fields__
    return {name: value for name, value in (template.params or {}).items() if name not in known and value is not None}


def with_params(body: bytes, template: Template) -> bytes:
    """Return the chat request `body` with the template's model and parameters where it names none itself."""
    fields = {name: raw for name, raw in decode_body(body, dict[str, msgspec.Raw]).items() if bytes(raw) != b"null"}
    beneath: dict[str, object] = {name: value for name, value in (template.params or {}).items() if name not in fields}
    if not _OUTPUT_BOUNDS.isdisjoint(fields):
        beneath = {name: value for name, value in beneath.items() if name not in _OUTPUT_BOUNDS}
    if template.model and not {"model", "models"} & fields.keys():
        beneath["model"] = template.model
    return msgspec.json.encode({**fields, **beneath})


def _texts(message: JsonObject) -> Iterator[str]:
    content = message.get("content")
    if isinstance(content, str):
        yield content
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict) and isinstance(text := part.get("text"), str):
            yield text


def _check_size(template: Template, variables: Mapping[str, str]) -> None:
    """Refuse values that would grow beyond measure by being named often."""
    texts = [template.system or "", *(text for message in template.messages for text in _texts(message))]
    size = sum(len(text) for text in texts)
    size += sum(len(variables[name]) for text in texts for name in _PLACEHOLDER.findall(text))
    if size > MOST_FILLED_CHARACTERS:
        message = f"The template with its variables is {size} characters; the most is {MOST_FILLED_CHARACTERS}."
        raise fault(("variables",), message)


def _fill_message(message: JsonObject, variables: Mapping[str, str]) -> JsonObject:
    content = message.get("content")
    if isinstance(content, str):
        return {**message, "content": _filled(content, variables)}
    if isinstance(content, list):
        return {**message, "content": [_fill_part(part, variables) for part in content]}
    return message


def _fill_part(part: JsonValue, variables: Mapping[str, str]) -> JsonValue:
    if isinstance(part, dict) and isinstance(text := part.get("text"), str):
        return {**part, "text": _filled(text, variables)}
    return part


def _filled(text: str, variables: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: variables[found[1]], text)
