"""Stored beginnings of conversations: /v1/templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from parley_client.call import USUAL, Call, CallOptions, Resource, endpoint, place
from parley_client.decoding import reader
from parley_client.typevars import S, Unpack


@dataclass(frozen=True, slots=True)
class Template:
    """`variables` names what has to be given; `owner` is a key's name; times are RFC 3339 strings in UTC."""

    id: str
    name: str
    owner: str
    is_global: bool
    created_at: str
    updated_at: str
    description: str | None = None
    system: str | None = None
    messages: tuple[Mapping[str, Any], ...] = ()
    model: str | None = None
    params: Mapping[str, Any] | None = None
    variables: tuple[str, ...] = ()


class TemplateFields(TypedDict, total=False):
    """What can be written. In an update a field that is left out stays as it is, and None empties it.

    Placeholders in `system` and `messages` are `{{ name }}`. Only admin keys write what `is_global`.
    """

    name: str
    description: str | None
    system: str | None
    messages: Sequence[Mapping[str, Any]] | None
    model: str | None
    params: Mapping[str, Any] | None
    variables: Sequence[str] | None
    is_global: bool | None


class TemplatesResource(Resource[S]):
    """Stored beginnings of conversations."""

    @endpoint
    def create(self, *, options: CallOptions = USUAL, **fields: Unpack[TemplateFields]) -> Call[Template]:
        """Store a template; `name` is required."""
        # Made twice it would stand there twice: there is no idempotency key for it.
        return Call("POST", "/v1/templates", reader(Template), options, fields, repeats_freely=False)

    @endpoint
    def list(self, *, options: CallOptions = USUAL) -> Call[tuple[Template, ...]]:
        """Return the key's own templates and the global ones."""
        return Call("GET", "/v1/templates", reader(tuple[Template, ...]), options)

    @endpoint
    def get(self, template_id: str, *, options: CallOptions = USUAL) -> Call[Template]:
        """Return one template."""
        return Call("GET", place("/v1/templates/{}", template_id), reader(Template), options)

    @endpoint
    def update(
        self, template_id: str, *, options: CallOptions = USUAL, **fields: Unpack[TemplateFields]
    ) -> Call[Template]:
        """Change the fields that are given; None empties one."""
        return Call("PATCH", place("/v1/templates/{}", template_id), reader(Template), options, fields)

    @endpoint
    def delete(self, template_id: str, *, options: CallOptions = USUAL) -> Call[None]:
        """Delete one template."""
        return Call("DELETE", place("/v1/templates/{}", template_id), lambda _: None, options)
