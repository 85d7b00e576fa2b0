"""Compare recorded answers to open questions, streamed, and check that every text arrives byte for byte.

    python examples/compare_open.py             # 270 prompts, 9 models
    python examples/compare_open.py --sandbox   # a few prompts and the sandbox models: needs no data

Each prompt goes to `POST /v1/chat/compare` with `skip_comparison` and `stream`. The deltas of every model are put
together again and must equal the recording; an empty recorded answer is a failed model.
"""

import argparse
import asyncio
import json
import logging
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
from replay_data import DATA, config_text, read_rows, write_replay
from rich.progress import track

from parley.app import Fittings
from parley.config import load_config
from parley.server import local_server

AT_ONCE = 16
OWN_PROMPTS = ["Should a small team use a monolith or microservices?", "What is 12% of 250?"]
SANDBOX = {"terse": None, "thorough": None, "contrarian": None}


async def compare(session: aiohttp.ClientSession, url: str, prompt: str, models: list[str]) -> dict[str, Any]:
    """Return by model what its deltas spell, what `model_stream_done` says, and the error code if it failed."""
    body = {
        "models": models,
        "messages": [{"role": "user", "content": prompt}],
        "stream": True,
        "skip_comparison": True,
    }
    seen: dict[str, Any] = {model: {"deltas": [], "done": None, "error_code": None} for model in models}
    async with session.post(f"{url}/v1/chat/compare", json=body) as response:
        if response.status != 200:
            raise SystemExit(f"HTTP {response.status}: {await response.text()}")
        async for line in response.content:
            if line.startswith(b"data: ") and line != b"data: [DONE]\n":
                take(seen, json.loads(line[6:]))
    return seen


def take(seen: dict[str, Any], event: dict[str, Any]) -> None:
    match event["event"]:
        case "model_chunk":
            seen[event["model"]]["deltas"].append(event["delta"])
        case "model_stream_done":
            seen[event["model"]]["done"] = event.get("content")
            seen[event["model"]]["error_code"] = event.get("error_code")
        case "error":
            for row in seen.values():
                row["error_code"] = row["error_code"] or event["error"]["code"]


def check(tally: Counter[str], recorded: dict[str, str | None], prefix: str, seen: dict[str, Any]) -> None:
    for name, text in recorded.items():
        row = seen[prefix + name]
        spelled = "".join(row["deltas"])
        tally["characters"] += len(spelled)
        if text is not None and not text.strip():
            tally["empty recordings, failed as they should"] += row["error_code"] == "empty_answer"
            tally["empty recordings"] += 1
        elif row["error_code"]:
            tally["failed"] += 1
        elif spelled == row["done"] and (text is None or spelled.encode() == text.encode()):
            tally["byte-equal"] += 1
        else:
            tally["DIFFERENT"] += 1


async def compare_all(url: str, rows: list[tuple[str, dict[str, str | None]]], prefix: str) -> Counter[str]:
    tally: Counter[str] = Counter()
    left = iter(track(rows, description="comparing"))
    async with aiohttp.ClientSession(read_bufsize=1 << 22) as session:

        async def work() -> None:
            for prompt, recorded in left:
                seen = await compare(session, url, prompt, [prefix + name for name in recorded])
                check(tally, recorded, prefix, seen)

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())
    return tally


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=DATA / "replay_open_public.jsonl.gz")
    options.add_argument("--sandbox", action="store_true", help="own prompts, sandbox models, no data")
    options.add_argument("--limit", type=int, help="compare only the first so many prompts")
    chosen = options.parse_args()

    prefix = "sandbox/" if chosen.sandbox else "recorded/"
    read = [] if chosen.sandbox else read_rows(chosen.data, chosen.limit)
    rows = [(row["prompt"], row["answers"]) for row in read] or [(prompt, SANDBOX) for prompt in OWN_PROMPTS]
    with tempfile.TemporaryDirectory() as folder:
        recorded = Path(folder) / "recorded.jsonl"
        write_replay(recorded, [(row["prompt"], row["answers"]) for row in read])
        config = Path(folder) / "parley.toml"
        config.write_text(config_text(recorded))
        with local_server(load_config(config, {"SANDBOX_TPS": "0"}), Fittings(log_level=logging.ERROR)) as url:
            started = time.perf_counter()
            tally = asyncio.run(compare_all(url, rows, prefix))
            duration_s = time.perf_counter() - started
    print(f"\n{len(rows)} prompts, {len(rows) / duration_s:.0f} a second")
    for what, number in sorted(tally.items()):
        print(f"  {what:40} {number:10,}")
    if tally["DIFFERENT"]:
        raise SystemExit("Some texts did not arrive as they were recorded.")


if __name__ == "__main__":
    main()
