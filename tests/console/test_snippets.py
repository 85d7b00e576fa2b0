""" "Show as": the text in each language, run as it stands, asks the server for exactly what the form would."""

import base64
import json
import subprocess
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from cli_process import environment
from clients.toolchains import NODE, need
from console.recorder import Recorder, recording
from console.snippet_programs import SHELVES, Shelf, console_modules
from serving import ADMIN_KEY, post, serving

_WRITER = Path(__file__).parent / "snippets.mjs"
_PICTURE = "data:image/png;base64," + base64.b64encode(bytes(range(256)) * 4).decode()
_LARGE_PICTURE = "data:image/png;base64," + base64.b64encode(bytes(range(256)) * 600).decode()
_HOSTILE = (
    '"\'`""" \\ \\n \\u0041 \\x41 ${process.env} #{x} $(touch gone) $HOME %s {x} {{x}} </script><!-- */ # \n\r\n\ttab\n'
    "é ß 漢字 🙂 \u2028\u2029 \u200b\u202eesrever\u202c \ufeff \x01\x07\x7f\x85\x1b0 \U000e0041"
    "\nEND_OF_REQUEST\n!"
)
_SCHEMA = {
    "type": "object",
    "properties": {
        "zeal": {"type": "integer", "maximum": 9007199254740991},
        "__proto__": {"type": "string", "description": _HOSTILE},
        "back`tick": {"type": ["number", "null"], "minimum": -0.5, "exclusiveMaximum": 1e21},
        'a"b': {"type": "boolean", "const": True},
    },
    "required": [],
    "additionalProperties": False,
}

_DRAFTS: dict[str, dict[str, Any]] = {
    "plain": {"page": "ask", "fields": {"input": "What is 6 times 7?"}},
    "all options": {
        "page": "ask",
        "fields": {
            "input": "What is 6 times 7?",
            "seats": [
                {"name": "sandbox/terse", "temperature": 1, "max_tokens": 50, "top_p": 0.9, "reasoning": "low"},
                {"name": "sandbox/terse", "temperature": 0},
                {"name": "sandbox/thorough"},
            ],
            "instructions": "Be brief.\nSay why.",
            "judge": "sandbox/judge",
            "timeout_ms": "5000",
            "max_retries": "0",
        },
    },
    "schema": {"page": "ask", "fields": {"input": "How zealous?", "schema": json.dumps(_SCHEMA), "resolution": "fast"}},
    "vote": {
        "page": "ask",
        "fields": {
            "input": "Yes?",
            "resolution": "multiple_choice",
            "choices": ["yes", _HOSTILE],
            "judge": "sandbox/judge",
        },
    },
    "hostile": {"page": "ask", "fields": {"input": _HOSTILE, "instructions": _HOSTILE}},
    "compare": {
        "page": "compare",
        "fields": {
            "system": _HOSTILE,
            "turns": [
                {
                    "role": "user",
                    "text": "What is this?",
                    "images": [{"url": _PICTURE}, {"url": "https://example.org/a?b='c'&d=\"e\""}],
                },
                {"role": "assistant", "text": _HOSTILE, "images": []},
                {"role": "user", "text": "And now?", "images": []},
            ],
            "models": [
                {"model": "sandbox/terse", "temperature": 0, "max_tokens": 9, "system_prompt": _HOSTILE},
                {"model": "sandbox/thorough"},
            ],
            "judge": "sandbox/judge",
            "comparison_instructions": "Weigh brevity.",
            "temperature": "1",
            "max_tokens": "500",
            "cache": True,
        },
    },
    "compare side by side, a template, a large picture": {
        "page": "compare",
        "fields": {
            "turns": [{"role": "user", "text": "", "images": [{"url": _LARGE_PICTURE}]}],
            "skips": True,
            "template": "greeting",
            "variables": {"who": _HOSTILE, "what": "word"},
        },
    },
}


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with serving("") as url, recording(url) as running:
        yield running


@pytest.fixture(scope="module")
def api_key(recorder: Recorder) -> str:
    made = post(recorder.url, "/v1/keys", {"name": "snippets"}, {"Authorization": f"Bearer {ADMIN_KEY}"})
    template = {
        "name": "greeting",
        "is_global": True,
        "messages": [{"role": "user", "content": "A {{ what }} to {{ who }}."}],
    }
    assert post(recorder.url, "/v1/templates", template, {"Authorization": f"Bearer {ADMIN_KEY}"}).status == 201
    recorder.taken()
    return str(made.json["key"])


@pytest.fixture(scope="module")
def shown(recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each draft is shown as, in all languages."""
    need(NODE)
    console = console_modules(tmp_path_factory.mktemp("snippets"), Path(str(files("parley"))) / "console")
    asked = json.dumps({"base": recorder.url, "drafts": list(_DRAFTS.values())})
    command = ("node", str(_WRITER))
    done = subprocess.run(
        command, cwd=console, input=asked, env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("shelf", SHELVES, ids=str)
def test_each_snippet_sends_exactly_the_request_of_the_form(
    shelf: Shelf, shown: list[dict[str, Any]], recorder: Recorder, api_key: str, tmp_path: Path
) -> None:
    need(*shelf.programs)

    shelf.play(
        tmp_path,
        [row["snippets"][shelf.name] for row in shown],
        {"PARLEY_URL": recorder.url, "PARLEY_API_KEY": api_key},
    )

    asked = recorder.taken()
    assert len(asked) == len(shown)
    for name, row, request in zip(_DRAFTS, shown, asked, strict=True):
        sent = json.loads(request.body)
        assert sent == row["body"], name
        assert list(sent.get("output_schema", {}).get("properties", [])) == list(_properties(row)), name
        assert (request.path, request.status) == (f"/{row['path']}", 200), name
        assert request.asked["Authorization"] == f"Bearer {api_key}"


def _properties(row: dict[str, Any]) -> list[str]:
    """The order of a schema's properties: models write in it."""
    return list(row["body"].get("output_schema", {}).get("properties", []))


def test_no_snippet_shows_a_letter_that_hides_or_turns_the_text(shown: list[dict[str, Any]]) -> None:
    for row in shown:
        for text in row["snippets"].values():
            assert not [letter for letter in text if not letter.isprintable() and letter not in "\n\t"]
