"""Of whom is asked, and in which shape the answers are wanted: the models, a JSON Schema."""

import json
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.text import Text

from parley.cli.client import Client
from parley.cli.fault import misused
from parley.cli.terminal import say
from parley.domain.json import JsonObject

EMBEDDED = ("sandbox/terse", "sandbox/thorough", "sandbox/contrarian")
ABOUT_EMBEDDED = "Sandbox models are small programs inside Parley and no language models."


def read_schema(path: Path | None) -> JsonObject | None:
    """Return the JSON Schema that stands in a file."""
    if path is None:
        return None
    try:
        schema = json.loads(path.read_bytes())
    except OSError as error:
        raise misused(f"--schema {path} can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise misused(f"--schema {path} is not JSON: {error}.") from error
    if not isinstance(schema, dict):
        raise misused(f"--schema {path} holds no object; a JSON Schema begins with {{.")
    return cast(JsonObject, schema)


def choose_models(named: list[str] | None, client: Client, notes: Console) -> list[str]:
    """Return the models to ask: those named, else the embedded ones where nothing else is configured."""
    if named:
        return named
    rows = [row for row in model_rows(client) if not row.get("is_composite")]
    others = [str(row["id"]) for row in rows if row.get("sandbox") is not True]
    if others:
        example = " ".join(f"-m {name}" for name in others[:2])
        raise misused(f"Name the models to ask, such as {example}; `parley models` lists them all.")
    say(notes, Text(f"No -m, and no provider is configured: asking {', '.join(EMBEDDED)}. {ABOUT_EMBEDDED}", "dim"))
    return list(EMBEDDED)


def model_rows(client: Client) -> list[JsonObject]:
    """Return what GET /v1/models lists."""
    answer = client.get("/v1/models")
    rows = answer.get("data") if isinstance(answer, dict) else answer
    return [row for row in rows if isinstance(row, dict) and "id" in row] if isinstance(rows, list) else []
