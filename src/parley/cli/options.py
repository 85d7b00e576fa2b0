"""Options that several commands share, so that one name means one thing everywhere."""

from pathlib import Path
from typing import Annotated

import typer

Prompt = Annotated[
    str | None,
    typer.Argument(
        metavar="PROMPT",
        help="The question; - or nothing reads it from standard input.",
        show_default=False,
    ),
]
Files = Annotated[
    list[str] | None,
    typer.Option(
        "-f", "--file", metavar="FILE", help="A text file to add under its name; once for each; - for standard input."
    ),
]
Images = Annotated[
    list[str] | None,
    typer.Option("-i", "--image", metavar="FILE|URL", help="An image that belongs to the question; once for each."),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "-m", "--model", metavar="NAME", help="A model to ask; once for each. Without it: the embedded models."
    ),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="PARLEY_URL",
        help="A running server, asked with the key in PARLEY_API_KEY. Without it: the gateway in this process.",
        show_default=False,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="Instead of PARLEY_CONFIG or parley.toml in this folder.", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
JsonLines = Annotated[
    bool, typer.Option("--jsonl", help="Print every event as a line of JSON, as it comes, and nothing else.")
]
Instructions = Annotated[
    str | None, typer.Option("--instructions", metavar="TEXT", help="A system prompt for every model.")
]
MaxRetries = Annotated[
    int | None, typer.Option("--max-retries", min=0, max=3, metavar="N", help="Second tries per model, 0 to 3.")
]
TimeoutMs = Annotated[
    int | None,
    typer.Option("--timeout-ms", min=1, max=300_000, metavar="MS", help="Per model, all its tries together."),
]
