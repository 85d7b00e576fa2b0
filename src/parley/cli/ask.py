"""`parley ask`, `parley vote`, `parley compare`: one panel each, drawn while it streams or printed for a program."""

from pathlib import Path
from typing import Annotated

import typer

from parley.cli.connection import Target
from parley.cli.fault import misused
from parley.cli.image_panel import ImagePanel, run_image_panel
from parley.cli.material import read_question
from parley.cli.options import (
    Config,
    Files,
    Images,
    Instructions,
    Json,
    JsonLines,
    MaxRetries,
    Models,
    Prompt,
    TimeoutMs,
    Url,
)
from parley.cli.panel import COMPARE, ROUNDTABLE, Panel, feed_compare, feed_roundtable, run_panel
from parley.cli.printing import printing_of
from parley.cli.questions import read_schema
from parley.domain.json import JsonObject


def ask(
    prompt: Prompt = None,
    model: Models = None,
    file: Files = None,
    image: Images = None,
    schema: Annotated[
        Path | None, typer.Option("--schema", metavar="FILE", help="A JSON Schema that every answer must fit.")
    ] = None,
    fast: Annotated[bool, typer.Option("--fast", help="The answers alone, without a consolidation.")] = False,
    instructions: Instructions = None,
    max_retries: MaxRetries = None,
    timeout_ms: TimeoutMs = None,
    summary_model: Annotated[
        str | None, typer.Option("--summary-model", metavar="NAME", help="Who merges the answers.")
    ] = None,
    url: Url = None,
    config: Config = None,
    is_json: Json = False,
    is_jsonl: JsonLines = False,
) -> None:
    """Ask several models at once and merge their answers."""
    printing = printing_of(is_json, is_jsonl)
    question = read_question(prompt, file, image)
    target = Target(url, config)
    if question.images:
        if schema is not None or max_retries is not None or timeout_ms is not None:
            raise misused("--image goes with none of --schema, --max-retries and --timeout-ms; leave those out.")
        run_image_panel(ImagePanel(question, instructions, not fast, summary_model), model, target, printing)
        return
    body: JsonObject = {
        "input": question.text,
        "resolution": "fast" if fast else "summary",
        "output_schema": read_schema(schema),
        "instructions": instructions,
        "max_retries": max_retries,
        "timeout_ms": timeout_ms,
        "summary_model": summary_model,
    }
    panel = Panel(ROUNDTABLE, body, feed_roundtable, None if fast else "Consolidation")
    run_panel(panel, model, target, printing)


def vote(
    choice: Annotated[
        list[str], typer.Option("--choice", metavar="TEXT", help="What can be voted for; once for each, two or more.")
    ],
    prompt: Prompt = None,
    model: Models = None,
    file: Files = None,
    instructions: Instructions = None,
    max_retries: MaxRetries = None,
    timeout_ms: TimeoutMs = None,
    summary_model: Annotated[
        str | None, typer.Option("--summary-model", metavar="NAME", help="Who settles a tie.")
    ] = None,
    url: Url = None,
    config: Config = None,
    is_json: Json = False,
    is_jsonl: JsonLines = False,
) -> None:
    """Let several models vote for one of the choices."""
    printing = printing_of(is_json, is_jsonl)
    body: JsonObject = {
        "input": read_question(prompt, file).text,
        "resolution": "multiple_choice",
        "choices": [*choice],
        "instructions": instructions,
        "max_retries": max_retries,
        "timeout_ms": timeout_ms,
        "summary_model": summary_model,
    }
    run_panel(Panel(ROUNDTABLE, body, feed_roundtable, is_vote=True), model, Target(url, config), printing)


def compare(
    prompt: Prompt = None,
    model: Models = None,
    file: Files = None,
    image: Images = None,
    skip_comparison: Annotated[
        bool, typer.Option("--skip-comparison", help="The answers alone, streamed side by side.")
    ] = False,
    instructions: Instructions = None,
    comparison_model: Annotated[
        str | None, typer.Option("--comparison-model", metavar="NAME", help="Who writes the comparison.")
    ] = None,
    url: Url = None,
    config: Config = None,
    is_json: Json = False,
    is_jsonl: JsonLines = False,
) -> None:
    """Ask several models at once and have their answers compared."""
    printing = printing_of(is_json, is_jsonl)
    question = read_question(prompt, file, image)
    system: list[JsonObject] = [] if instructions is None else [{"role": "system", "content": instructions}]
    body: JsonObject = {
        "messages": [*system, {"role": "user", "content": question.content}],
        "skip_comparison": skip_comparison,
        "comparison_model": comparison_model,
    }
    panel = Panel(COMPARE, body, feed_compare, None if skip_comparison else "Comparison")
    run_panel(panel, model, Target(url, config), printing)
