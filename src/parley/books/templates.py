"""Stored templates: the beginnings of conversations that requests name. Owns the table `templates`.

A key sees its own and the global ones; an admin sees all and alone writes global ones. Knows nothing of placeholders:
what a template's texts mean is the business of who reads them.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, or_, select, true, update
from sqlalchemy.exc import IntegrityError

from parley.domain.errors import Forbidden, InvalidRequest, NotFound, RequestRefused
from parley.domain.json import JsonObject
from parley.store.database import Store
from parley.store.schema import templates

MOST_OF_ONE_KEY = 1_000
MOST_BYTES = 262_144
MOST_BYTES_OF_ONE_KEY = 4_194_304
GLOBAL = ""
"""The key id of templates that everybody sees."""

_NUL = "\x00"
"""No name or id holds it: PostgreSQL takes no text with it."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads or writes templates."""

    key_id: str
    key_name: str
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """One template. `messages` stand as OpenAI shapes them, `params` are parameters of a chat completion.

    `key_id` is GLOBAL for one that everybody sees; `owner` is the name of the key that made it.
    """

    name: str
    template_id: str = ""
    key_id: str = GLOBAL
    owner: str = ""
    description: str | None = None
    system: str | None = None
    messages: tuple[JsonObject, ...] = ()
    model: str | None = None
    params: JsonObject | None = None
    variables: tuple[str, ...] = ()
    created_at: float = 0.0
    updated_at: float = 0.0

    @property
    def is_global(self) -> bool:
        return self.key_id == GLOBAL


class _Body(msgspec.Struct, omit_defaults=True):
    """The column `body`."""

    system: str | None = None
    messages: list[dict[str, object]] = []
    model: str | None = None
    params: dict[str, object] | None = None
    variables: list[str] = []


class Templates:
    """The templates in the store, the same for all processes at once."""

    def __init__(self, store: Store, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now

    async def create(self, viewer: Viewer, draft: Template) -> Template:
        """Keep `draft` under a new id. Raises InvalidRequest for a taken name and where there is no room."""
        now = self._now()
        template = replace(draft, template_id=str(uuid.uuid4()), owner=viewer.key_name, created_at=now, updated_at=now)
        if template.is_global and not viewer.is_admin:
            raise _only_admins()
        return await self._written(lambda connection: _insert(connection, template), template)

    async def change(self, viewer: Viewer, template_id: str, edit: Callable[[Template], Template]) -> Template:
        """Return the template as `edit` leaves it. Raises NotFound, Forbidden, InvalidRequest as `create`."""

        def work(connection: Connection) -> Template | RequestRefused:
            found = _one(connection, viewer, template_id)
            if found is None:
                return not_found(template_id)
            refusal = _may_write(viewer, found)
            if refusal is not None:
                return refusal
            edited = edit(found)
            refusal = _may_write(viewer, edited)
            if refusal is not None:
                return refusal
            return _update(connection, edited if edited == found else replace(edited, updated_at=self._now()))

        return await self._written(work)

    async def delete(self, viewer: Viewer, template_id: str) -> None:
        """Raises NotFound, Forbidden."""

        def work(connection: Connection) -> RequestRefused | None:
            found = _one(connection, viewer, template_id)
            if found is None:
                return not_found(template_id)
            refusal = _may_write(viewer, found)
            if refusal is None:
                connection.execute(delete(templates).where(templates.c.id == template_id))
            return refusal

        refusal = await self._store.write(work)
        if refusal is not None:
            raise refusal

    async def list_all(self, viewer: Viewer) -> list[Template]:
        """Return what `viewer` sees, oldest first."""
        seen = select(templates).where(_is_seen_by(viewer)).order_by(templates.c.created_at, templates.c.id)
        return await self._store.read(lambda connection: [_template(row) for row in connection.execute(seen)])

    async def get(self, viewer: Viewer, template_id: str) -> Template:
        """Raises NotFound, also for one that `viewer` does not see."""
        found = await self._store.read(lambda connection: _one(connection, viewer, template_id))
        if found is None:
            raise not_found(template_id)
        return found

    async def find(self, viewer: Viewer, name: str) -> Template | None:
        """Return the template that `viewer` means by a name or an id: its own by name, by id, a global one by name."""
        if _NUL in name:
            return None
        is_named = or_(templates.c.name == name, templates.c.id == name)
        query = select(templates).where(_is_seen_by(viewer), is_named)
        found = await self._store.read(lambda connection: [_template(row) for row in connection.execute(query)])
        meant = [one for one in found if one.template_id == name or one.key_id in {viewer.key_id, GLOBAL}]
        return min(meant, key=lambda one: _rank(one, viewer, name), default=None)

    async def names(self, viewer: Viewer) -> list[str]:
        """Return the names by which `viewer` may call templates."""
        query = select(templates.c.name).where(templates.c.key_id.in_([viewer.key_id, GLOBAL])).order_by("name")
        return await self._store.read(lambda connection: [row.name for row in connection.execute(query)])

    async def _written(
        self, work: Callable[[Connection], "Template | RequestRefused"], draft: Template | None = None
    ) -> Template:
        try:
            outcome = await self._store.write(work)
        except IntegrityError:
            raise _taken(draft.name if draft else None) from None
        if isinstance(outcome, RequestRefused):
            raise outcome
        return outcome


def not_found(template_id: str) -> NotFound:
    return NotFound(f"There is no template with the id {template_id[:80]!r}; GET /v1/templates lists them.")


def _rank(template: Template, viewer: Viewer, name: str) -> int:
    if template.name == name and template.key_id == viewer.key_id:
        return 0
    return 1 if template.template_id == name else 2


def _is_seen_by(viewer: Viewer) -> ColumnElement[bool]:
    return true() if viewer.is_admin else templates.c.key_id.in_([viewer.key_id, GLOBAL])


def _one(connection: Connection, viewer: Viewer, template_id: str) -> Template | None:
    if _NUL in template_id:
        return None
    query = select(templates).where(_is_seen_by(viewer), templates.c.id == template_id)
    row = connection.execute(query).first()
    return None if row is None else _template(row)


def _may_write(viewer: Viewer, template: Template) -> RequestRefused | None:
    return _only_admins() if template.is_global and not viewer.is_admin else None


def _only_admins() -> Forbidden:
    return Forbidden("A global template is written by admin keys alone; make one of your own, without is_global.")


def _insert(connection: Connection, template: Template) -> Template | RequestRefused:
    row = _row(template)
    refusal = _no_room(connection, template, str(row["body"]))
    if refusal is not None:
        return refusal
    connection.execute(insert(templates), row)
    return template


def _update(connection: Connection, template: Template) -> Template | RequestRefused:
    row = _row(template)
    refusal = _no_room(connection, template, str(row["body"]))
    if refusal is not None:
        return refusal
    connection.execute(update(templates).where(templates.c.id == template.template_id).values(row))
    return template


def _no_room(connection: Connection, template: Template, body: str) -> RequestRefused | None:
    """Say why `template` can't be kept beside the others of its key, None if it can."""
    size = len(body.encode())
    if size > MOST_BYTES:
        return InvalidRequest(f"The template is {size} bytes as JSON; the most is {MOST_BYTES}.")
    others = select(func.count(), func.coalesce(func.sum(func.length(templates.c.body)), 0)).where(
        templates.c.key_id == template.key_id, templates.c.id != template.template_id
    )
    count, used = connection.execute(others).one()
    whose = "global templates" if template.is_global else "templates of this key"
    if count >= MOST_OF_ONE_KEY:
        return InvalidRequest(f"There are {count} {whose}, which is the most; delete one first.")
    if used + size > MOST_BYTES_OF_ONE_KEY:
        return InvalidRequest(f"The {whose} would pass {MOST_BYTES_OF_ONE_KEY} bytes; delete some first.")
    return None


def _taken(name: str | None) -> InvalidRequest:
    which = "That name" if name is None else f"The name {name[:80]!r}"
    detail: JsonObject = {"type": "value_error", "loc": ["body", "name"], "msg": f"{which} is taken."}
    return InvalidRequest(f"{which} is taken by another template; choose another.", param="name", details=(detail,))


def _row(template: Template) -> dict[str, str | float]:
    body = _Body(
        template.system,
        cast("list[dict[str, object]]", list(template.messages)),
        template.model,
        cast("dict[str, object] | None", template.params),
        list(template.variables),
    )
    return {
        "id": template.template_id,
        "name": template.name,
        "key_id": template.key_id,
        "owner": template.owner,
        "description": template.description or "",
        "body": msgspec.json.encode(body).decode(),
        "created_at": template.created_at,
        "updated_at": template.updated_at,
    }


def _template(row: Row[tuple[object, ...]]) -> Template:
    body = msgspec.json.decode(row.body, type=_Body)
    return Template(
        name=row.name,
        template_id=row.id,
        key_id=row.key_id,
        owner=row.owner,
        description=row.description or None,
        system=body.system,
        messages=tuple(cast("list[JsonObject]", body.messages)),
        model=body.model,
        params=cast("JsonObject | None", body.params),
        variables=tuple(body.variables),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
