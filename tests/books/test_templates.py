"""Stored templates: bounded for each key, found by name or id, the same on both databases."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from parley.books.templates import (
    GLOBAL,
    MOST_BYTES_OF_ONE_KEY,
    MOST_OF_ONE_KEY,
    Template,
    Templates,
    Viewer,
)
from parley.domain.errors import Forbidden, InvalidRequest, NotFound
from parley.store.database import Store
from stores import sqlite_url, with_stores

ADA = Viewer("key_ada", "Ada")
BOB = Viewer("key_bob", "Bob")
ADMIN = Viewer("key_admin", "Admin", is_admin=True)
Use = Callable[[Templates], Awaitable[None]]


def own(name: str, viewer: Viewer = ADA, **fields: str) -> Template:
    return Template(name, key_id=viewer.key_id, **fields)


@pytest.fixture(params=["sqlite", "postgresql"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Use], None]:
    url = sqlite_url(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgresql_url")

    async def with_templates(store: Store, use: Use) -> None:
        await use(Templates(store))

    return lambda use: with_stores(url, 1, lambda store: with_templates(store, use))


def test_template_comes_back_as_it_was_made(run: Callable[[Use], None]) -> None:
    async def use(templates: Templates) -> None:
        draft = Template(
            "n",
            key_id=ADA.key_id,
            description="☂",
            system="s",
            messages=({"role": "user", "content": "é"},),
            model="m",
            params={"temperature": 0.5},
            variables=("a", "b"),
        )
        made = await templates.create(ADA, draft)
        assert await templates.get(ADA, made.template_id) == made
        assert (made.owner, made.key_id, made.params) == ("Ada", "key_ada", {"temperature": 0.5})

    run(use)


def test_viewers_see_their_own_and_the_global_ones_admins_all(run: Callable[[Use], None]) -> None:
    async def use(templates: Templates) -> None:
        for viewer, draft in ((ADA, own("a")), (BOB, own("b", BOB)), (ADMIN, Template("g"))):
            await templates.create(viewer, draft)
        seen = {viewer.key_name: {one.name for one in await templates.list_all(viewer)} for viewer in (ADA, BOB, ADMIN)}
        assert seen == {"Ada": {"a", "g"}, "Bob": {"b", "g"}, "Admin": {"a", "b", "g"}}
        assert await templates.names(ADMIN) == ["g"]

    run(use)


def test_strangers_change_and_delete_nothing(run: Callable[[Use], None]) -> None:
    async def use(templates: Templates) -> None:
        made = await templates.create(ADA, own("a"))
        shared = await templates.create(ADMIN, Template("g"))
        with pytest.raises(NotFound):
            await templates.delete(BOB, made.template_id)
        with pytest.raises(NotFound):
            await templates.change(BOB, made.template_id, lambda _found: own("stolen"))
        with pytest.raises(Forbidden):
            await templates.delete(BOB, shared.template_id)
        assert await templates.list_all(ADMIN) == [made, shared]

    run(use)


def test_name_means_ones_own_then_an_id_then_a_global_one(run: Callable[[Use], None]) -> None:
    async def use(templates: Templates) -> None:
        shared = await templates.create(ADMIN, Template("n"))
        theirs = await templates.create(BOB, own("n", BOB))
        assert await templates.find(ADA, "n") == shared
        mine = await templates.create(ADA, own("n"))
        assert await templates.find(ADA, "n") == mine
        assert await templates.find(ADA, shared.template_id) == shared
        assert await templates.find(ADA, theirs.template_id) is None
        assert await templates.find(ADMIN, "n") == shared
        assert await templates.find(ADMIN, theirs.template_id) == theirs
        assert await templates.find(ADA, "other") is None

    run(use)


def test_taken_name_is_refused_and_nothing_is_changed(run: Callable[[Use], None]) -> None:
    async def use(templates: Templates) -> None:
        first = await templates.create(ADA, own("a"))
        second = await templates.create(ADA, own("b"))
        with pytest.raises(InvalidRequest, match="taken"):
            await templates.create(ADA, own("a"))
        with pytest.raises(InvalidRequest, match="taken"):
            await templates.change(ADA, second.template_id, lambda found: replace(found, name="a"))
        assert await templates.list_all(ADA) == [first, second]

    run(use)


def test_unchanged_template_keeps_its_time(run: Callable[[Use], None]) -> None:
    async def use(templates: Templates) -> None:
        made = await templates.create(ADA, own("a"))
        assert await templates.change(ADA, made.template_id, lambda found: found) == made

    run(use)


def test_key_has_a_bounded_number_of_templates(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        templates = Templates(store)
        for index in range(MOST_OF_ONE_KEY):
            await templates.create(ADA, own(str(index)))
        with pytest.raises(InvalidRequest, match=str(MOST_OF_ONE_KEY)):
            await templates.create(ADA, own("one more"))
        await templates.create(BOB, own("of another", BOB))
        first = await templates.find(ADA, "0")
        assert first is not None
        await templates.delete(ADA, first.template_id)
        await templates.create(ADA, own("one more"))

    with_stores(sqlite_url(tmp_path), 1, use)


def test_templates_of_a_key_are_bounded_in_size(tmp_path: Path) -> None:
    async def use(store: Store) -> None:
        templates = Templates(store)
        text = "x" * 262_000
        for index in range(MOST_BYTES_OF_ONE_KEY // 262_013):
            await templates.create(ADA, own(str(index), system=text))
        with pytest.raises(InvalidRequest, match=str(MOST_BYTES_OF_ONE_KEY)):
            await templates.create(ADA, own("one more", system=text))
        await templates.create(ADMIN, Template("of all", key_id=GLOBAL, system=text))

    with_stores(sqlite_url(tmp_path), 1, use)
