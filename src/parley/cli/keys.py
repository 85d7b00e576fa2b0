"""`parley keys`: make, list and disable keys, on a running server or directly in the configured store.

A new key is printed once, alone on standard output; what people need to know about it goes to standard error.
"""

import re
from typing import Annotated

import typer
from rich.table import Column
from rich.text import Text

from parley.cli.connection import Target, connect
from parley.cli.fault import misused
from parley.cli.listing import listing, named, whole
from parley.cli.options import Config, Json, Url
from parley.cli.terminal import count, harmless, make_console, money, plain, say, write_json, write_rows
from parley.domain.json import JsonObject, JsonValue

KEYS = "/v1/keys"
_ID = re.compile("key_[0-9A-Za-z]+")


def create(
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Whose key it is; no two keys share a name.")],
    rpm: Annotated[int | None, typer.Option("--rpm", min=1, metavar="N", help="Most requests in 60 seconds.")] = None,
    rpd: Annotated[int | None, typer.Option("--rpd", min=1, metavar="N", help="Most requests in a day, UTC.")] = None,
    spend_cap_usd: Annotated[
        str | None, typer.Option("--spend-cap-usd", metavar="USD", help="Most that it may spend at all.")
    ] = None,
    spend_cap_month_usd: Annotated[
        str | None, typer.Option("--spend-cap-month-usd", metavar="USD", help="Most in a calendar month, UTC.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="TIME", help="Until when it is valid: 2030-12-31T23:59:59Z.")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="NAME", help="A model that it may use, or prefix/*; once for each."),
    ] = None,
    admin: Annotated[bool, typer.Option("--admin", help="It may manage keys and sees everything.")] = False,
    url: Url = None,
    config: Config = None,
    is_json: Json = False,
) -> None:
    """Make a key and print it: it can't be shown again."""
    models: list[JsonValue] | None = [*model] if model else None
    said: JsonObject = {
        "name": name,
        "rpm": rpm,
        "rpd": rpd,
        "spend_cap_usd": spend_cap_usd,
        "spend_cap_month_usd": spend_cap_month_usd,
        "models": models,
        "expires_at": expires,
        "admin": admin,
    }
    with connect(Target(url, config)) as client:
        made = client.post(KEYS, {field: value for field, value in said.items() if value is not None})
    if is_json:
        write_json(made)
        return
    notes = make_console(is_error=True)
    kind = "Admin key" if made["admin"] else "Key"
    say(notes, f"{kind} for {harmless(str(made['name']))}, id {made['id']}. It is shown only now: keep it.")
    make_console().print(str(made["key"]), soft_wrap=True)


def list_keys(url: Url = None, config: Config = None, is_json: Json = False) -> None:
    """List the keys, their limits and what they have spent."""
    with connect(Target(url, config)) as client:
        answer = client.get(KEYS)
    if is_json:
        write_json(answer)
        return
    found = answer.get("keys") if isinstance(answer, dict) else None
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    console = make_console()
    if console.is_terminal:
        columns = [Column("id", no_wrap=True), named("name"), Column("state", no_wrap=True), named("may")]
        columns += [*whole("spent"), Column("last used", no_wrap=True)]
        console.print(listing(console, columns, [_cells(row) for row in rows]))
    else:
        write_rows(_cells(row) for row in rows)
    say(make_console(is_error=True), Text(f"{count(len(rows), 'key')}; the keys themselves are not stored.", "dim"))


def disable(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `parley keys list` shows it.", show_default=False)],
    url: Url = None,
    config: Config = None,
    is_json: Json = False,
) -> None:
    """Disable a key: within a second nobody can use it any more."""
    if not _ID.fullmatch(key_id):
        raise misused("ID is the id of a key, never the key itself: key_ and letters, as `parley keys list` shows it.")
    with connect(Target(url, config)) as client:
        row = client.delete(f"{KEYS}/{key_id}")
    if is_json:
        write_json(row)
        return
    say(make_console(), f"Disabled the key of {harmless(str(row['name']))}, id {row['id']}.")


def make_group() -> typer.Typer:
    """Return the group `parley keys`."""
    group = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)
    group.command("create")(create)
    group.command("list")(list_keys)
    group.command("disable")(disable)
    return group


def _cells(row: JsonObject) -> list[Text]:
    state = "disabled" if row["disabled"] else f"until {row['expires_at']}" if row.get("expires_at") else "valid"
    spent = row.get("spent_usd")
    return [
        plain(str(row["id"])),
        plain(str(row["name"])),
        plain(state),
        plain(_terms(row)),
        Text(money(spent if isinstance(spent, str) else None)),
        plain(str(row.get("last_used_at") or "never")),
    ]


def _terms(row: JsonObject) -> str:
    """Return what a key may, in words."""
    models = row.get("models")
    said = [
        "admin" if row.get("admin") else "",
        f"{row['rpm']} a minute" if row.get("rpm") else "",
        f"{row['rpd']} a day" if row.get("rpd") else "",
        f"{money(str(row['spend_cap_usd']))} in all" if row.get("spend_cap_usd") else "",
        f"{money(str(row['spend_cap_month_usd']))} a month" if row.get("spend_cap_month_usd") else "",
        f"only {', '.join(map(str, models))}" if isinstance(models, list) else "",
    ]
    return "; ".join(filter(None, said)) or "no limits"
