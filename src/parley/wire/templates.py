"""Endpoints of stored templates. Unknown fields are rejected. Source: contracts/gateway.md, "Templates"."""

import re
from dataclasses import replace
from typing import TypeVar, cast

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from parley.books.templates import GLOBAL, Template, Templates
from parley.domain.json import JsonObject, JsonValue
from parley.gate.keyring import Caller
from parley.wire.body import read_body
from parley.wire.chat_body import ChatBody, ParamsBody, read_tools
from parley.wire.decoding import check_depth, decode_body, fault, missing, refuse
from parley.wire.encoding import Wire, WireObject
from parley.wire.endpoint import Serving
from parley.wire.json_endpoint import caller_of, json_response
from parley.wire.messages import read_turns
from parley.wire.moments import write_moment
from parley.wire.templated import placeholders_of, viewer_of

T = TypeVar("T")

MOST_NAME_CHARACTERS = 200
_VARIABLE = re.compile(r"\w+")
_NO_PARAMS = frozenset(ChatBody.__struct_fields__) - frozenset(ParamsBody.__struct_fields__)


class TemplateBody(msgspec.Struct, forbid_unknown_fields=True):
    """A template as it is made or changed. A field that is left out stays as it is; null empties it.

    `team_id` belongs to the compare API's clients; there are no teams here.
    """

    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    system: str | UnsetType | None = UNSET
    messages: list[dict[str, object]] | UnsetType | None = UNSET
    model: str | UnsetType | None = UNSET
    params: ParamsBody | UnsetType | None = UNSET
    variables: list[str] | UnsetType | None = UNSET
    is_global: bool | UnsetType | None = UNSET
    team_id: str | UnsetType | None = UNSET


class _Opaque(msgspec.Struct):
    """The field of which every member is kept, known or not."""

    params: dict[str, object] | None = None


class TemplatesEndpoint:
    """POST and GET /v1/templates, GET, PATCH and DELETE /v1/templates/{template_id}."""

    def __init__(self, templates: Templates, serving: Serving) -> None:
        self._templates = templates
        self._serving = serving

    async def create(self, request: Request) -> Response:
        caller = caller_of(request)
        body, params = await self._read(request)
        if body.name is UNSET:
            raise missing(("name",))
        draft = _edited(Template(body.name, key_id=caller.key_id), body, params, caller)
        return json_response(_encoded(await self._templates.create(viewer_of(caller), draft)), 201)

    async def change(self, request: Request) -> Response:
        caller = caller_of(request)
        body, params = await self._read(request)
        changed = await self._templates.change(
            viewer_of(caller),
            request.path_params["template_id"],
            lambda template: _edited(template, body, params, caller),
        )
        return json_response(_encoded(changed))

    async def list_all(self, request: Request) -> Response:
        found = await self._templates.list_all(viewer_of(caller_of(request)))
        return json_response([_encoded(template) for template in found])

    async def one(self, request: Request) -> Response:
        found = await self._templates.get(viewer_of(caller_of(request)), request.path_params["template_id"])
        return json_response(_encoded(found))

    async def delete(self, request: Request) -> Response:
        await self._templates.delete(viewer_of(caller_of(request)), request.path_params["template_id"])
        return Response(status_code=204)

    async def _read(self, request: Request) -> tuple[TemplateBody, JsonObject | None]:
        """Return the body, checked, and its `params` as they stand."""
        most, patience = self._serving.settings.max_body_bytes, self._serving.patience
        raw = await read_body(request.scope, request.receive, most, patience.body_s)
        body = decode_body(raw, TemplateBody)
        params = cast("JsonObject | None", decode_body(raw, _Opaque).params)
        _check(body, params)
        return body, params


def _check(body: TemplateBody, params: JsonObject | None) -> None:
    if isinstance(body.name, str) and not (body.name.strip() and len(body.name) <= MOST_NAME_CHARACTERS):
        refuse(("name",), body.name, f"text of 1 to {MOST_NAME_CHARACTERS} characters that is not blank")
    for field, text in (("name", body.name), ("description", body.description)):
        if isinstance(text, str) and "\x00" in text:
            refuse((field,), text, "text without the character U+0000")
    if isinstance(body.model, str) and not body.model.strip():
        refuse(("model",), body.model, "the name of a model, as GET /v1/models lists them")
    read_turns(body.messages or [])
    for index, name in enumerate(body.variables or []):
        if not _VARIABLE.fullmatch(name):
            refuse(("variables", index), name, "a name of letters, digits and underscores")
    if isinstance(body.params, ParamsBody):
        read_tools(body.params, ("params",))
    check_depth(params, ("params",))
    for name in params or {}:
        if name in _NO_PARAMS:
            raise fault(("params", name), f"params.{name} belongs to a request, not to a template; leave it out.")


def _edited(template: Template, body: TemplateBody, params: JsonObject | None, caller: Caller) -> Template:
    """Return `template` with what `body` says; one that stops being global becomes the caller's own."""
    key_id = template.key_id
    if body.is_global is True:
        key_id = GLOBAL
    elif body.is_global is False and template.is_global:
        key_id = caller.key_id
    messages, variables = body.messages or [], body.variables or []
    return replace(
        template,
        key_id=key_id,
        name=_given(body.name, template.name),
        description=_given(body.description, template.description),
        system=_given(body.system, template.system),
        messages=template.messages if body.messages is UNSET else tuple(cast("list[JsonObject]", messages)),
        model=_given(body.model, template.model),
        params=template.params if body.params is UNSET else params,
        variables=template.variables if body.variables is UNSET else tuple(dict.fromkeys(variables)),
    )


def _given(value: T | UnsetType, usual: T) -> T:
    return usual if isinstance(value, UnsetType) else value


def _encoded(template: Template) -> WireObject:
    """Return the template as clients see it; `variables` names what was declared, and then what is needed besides."""
    needed = placeholders_of(template.system, template.messages)
    return {
        "id": template.template_id,
        "name": template.name,
        "owner": template.owner,
        "is_global": template.is_global,
        "description": template.description,
        "system": template.system,
        "messages": cast(Wire, list(template.messages)),
        "model": template.model,
        "params": cast(Wire, _none_as_empty(template.params)),
        "variables": list(dict.fromkeys((*template.variables, *needed))),
        "created_at": write_moment(template.created_at),
        "updated_at": write_moment(template.updated_at),
    }


def _none_as_empty(params: JsonObject | None) -> JsonValue:
    return {} if params is None else params
