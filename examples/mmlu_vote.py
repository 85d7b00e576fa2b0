"""Let three recorded models vote on 2,076 exam questions, through the running server.

    python examples/mmlu_vote.py             # the answers as the models wrote them
    python examples/mmlu_vote.py --strict    # only the phrase `answer is (X)` of each, or `no answer`
    python examples/mmlu_vote.py --sandbox   # a few questions of our own and the sandbox models: needs no data

Each question with its lettered options is the `input` of a `multiple_choice` roundtable. Prints what each model and
the vote got right. With the data's own readings at hand it also says how far the tolerant reader agrees with them.
"""

import argparse
import asyncio
import json
import logging
import re
import string
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from replay_data import DATA, config_text, read_rows, write_replay
from rich.progress import track

from parley.app import Fittings
from parley.config import load_config
from parley.server import local_server

PANEL = ("gpt-4o", "gemini-1.5-pro-002", "gemini-1.5-flash-002")
SANDBOX = ("terse", "thorough", "contrarian")
AT_ONCE = 64
PHRASE = re.compile(r"answer is \(?([A-J])\)?")

OWN_QUESTIONS = [
    {"question": "What is 6 * 7?", "choices": ["36", "42", "48"], "gold": 1},
    {"question": "Is this review positive? 'The food was wonderful.'", "choices": ["no", "yes"], "gold": 1},
    {"question": "Is this review positive? 'It was not good at all.'", "choices": ["no", "yes"], "gold": 0},
]


@dataclass
class Score:
    """What came out, counted over the questions."""

    right: Counter[str] = field(default_factory=Counter)
    vote_right: int = 0
    untied_right: int = 0
    ties: int = 0
    failed_seats: int = 0
    no_vote: int = 0
    agreed: Counter[str] = field(default_factory=Counter)
    picked: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    unpicked: Counter[str] = field(default_factory=Counter)
    picks_right: Counter[str] = field(default_factory=Counter)


def prompt_of(row: dict[str, Any]) -> str:
    """Return the question with its options, lettered."""
    options = [f"{letter}) {choice}" for letter, choice in zip(string.ascii_uppercase, row["choices"], strict=False)]
    return "\n".join([row["question"], *options])


def phrase_of(text: str) -> str:
    """Return the first `answer is (X)` of `text`, or `no answer`."""
    found = PHRASE.search(text)
    return found.group() if found else "no answer"


async def ask(session: aiohttp.ClientSession, url: str, row: dict[str, Any], models: Sequence[str]) -> dict[str, Any]:
    body = {
        "input": prompt_of(row),
        "models": list(models),
        "resolution": "multiple_choice",
        "choices": row["choices"],
        "max_retries": 0,
    }
    async with session.post(f"{url}/v3/roundtable", json=body) as response:
        answer: dict[str, Any] = await response.json()
        if response.status not in {200, 502}:
            raise SystemExit(f"HTTP {response.status}: {json.dumps(answer)[:500]}")
        return answer


async def ask_all(url: str, rows: list[dict[str, Any]], models: Sequence[str]) -> list[dict[str, Any]]:
    """Ask every question, AT_ONCE at a time; answers come back in the order of the questions."""
    answers: list[dict[str, Any]] = [{} for _ in rows]
    left = iter(track(list(enumerate(rows)), description="voting"))

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:

        async def work() -> None:
            for index, row in left:
                answers[index] = await ask(session, url, row, models)

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())
    return answers


def count(rows: list[dict[str, Any]], answers: list[dict[str, Any]], names: Sequence[str]) -> Score:
    score = Score()
    for row, answer in zip(rows, answers, strict=True):
        gold = row["choices"][row["gold"]]
        seats = answer.get("model_results") or [{"data": None}] * len(names)  # 502: no seat answered
        for name, seat in zip(names, seats, strict=True):
            count_seat(score, row, name, seat["data"])
        vote = answer.get("meta", {}).get("vote")
        if vote is None:
            score.no_vote += 1
            continue
        is_right = answer["data"] == gold
        score.vote_right += is_right
        score.ties += vote["tie"]
        score.untied_right += is_right and not vote["tie"]
    return score


def count_seat(score: Score, row: dict[str, Any], name: str, data: str | None) -> None:
    score.failed_seats += data is None
    score.right[name] += data == row["choices"][row["gold"]]
    if "picks" not in row:
        return
    pick = row["picks"][name]
    if pick is None:
        score.unpicked[name] += 1
        score.found[name] += data is not None
    else:
        score.picked[name] += 1
        score.agreed[name] += data == row["choices"][pick]
        score.picks_right[name] += pick == row["gold"]


def report(score: Score, total: int, names: Sequence[str], duration_s: float) -> None:
    print(f"\n{total} questions, {total / duration_s:.0f} a second")
    for name in names:
        print(f"  {name:24} {score.right[name]:5} right  {score.right[name] / total:.4f}{compared(score, name)}")
    print(f"  {'the vote':24} {score.vote_right:5} right  {score.vote_right / total:.4f}")
    print(f"untied and right {score.untied_right}, ties {score.ties}, no vote at all {score.no_vote}")
    print(f"failed seats {score.failed_seats}")
    picked = sum(score.picked.values())
    if picked:
        print(f"the reader agrees with {sum(score.agreed.values()) / picked:.2%} of the data's {picked} picks")


def compared(score: Score, name: str) -> str:
    if not score.picked[name]:
        return ""
    share = score.agreed[name] / score.picked[name]
    found = f"{score.found[name]} of {score.unpicked[name]} null picks read"
    return f"  (picks: {score.picks_right[name]} right; agrees with {share:.2%} of {score.picked[name]}; {found})"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=DATA / "replay_choice_public.jsonl.gz")
    options.add_argument("--strict", action="store_true", help="hand over only the matched phrase of each answer")
    options.add_argument("--sandbox", action="store_true", help="own questions, sandbox models, no data")
    options.add_argument("--limit", type=int, help="ask only the first so many questions")
    chosen = options.parse_args()

    rows = OWN_QUESTIONS if chosen.sandbox else read_rows(chosen.data, chosen.limit)
    names, prefix = (SANDBOX, "sandbox") if chosen.sandbox else (PANEL, "recorded")
    suffix = "?tps=0" if chosen.sandbox else ""
    with tempfile.TemporaryDirectory() as folder:
        recorded = Path(folder) / "recorded.jsonl"
        shorten = phrase_of if chosen.strict else str
        write_replay(recorded, [(prompt_of(row), answers_of(row, shorten)) for row in rows])
        config = Path(folder) / "parley.toml"
        config.write_text(config_text(recorded))
        with local_server(load_config(config, {}), Fittings(log_level=logging.ERROR)) as url:
            started = time.perf_counter()
            answers = asyncio.run(ask_all(url, rows, [f"{prefix}/{name}{suffix}" for name in names]))
            duration_s = time.perf_counter() - started
    report(count(rows, answers, names), len(rows), names, duration_s)


def answers_of(row: dict[str, Any], shorten: Any) -> dict[str, str]:
    return {model: shorten(text) for model, text in row.get("raw", {}).items() if model in PANEL}


if __name__ == "__main__":
    main()
