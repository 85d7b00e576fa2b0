"""Where the recorded answers of real models lie, and how they become replay files."""

import gzip
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"

WHERE = """\
The recorded answers are not part of Parley. They are published by others (MMLU-Pro's model outputs, arena-bench-v1 and
MT-bench, all Apache-2.0) and expected as {path}; name another place with --data.
"""


def read_rows(path: Path, limit: int | None) -> list[dict[str, Any]]:
    """Return the rows of a .jsonl.gz file, the first `limit` of them; ends the program with a hint if it is absent."""
    if not path.exists():
        sys.exit(WHERE.format(path=path))
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line, _ in zip(lines, _up_to(limit), strict=False)]


def _up_to(limit: int | None) -> Iterator[int]:
    count = 0
    while limit is None or count < limit:
        yield count
        count += 1


def write_replay(path: Path, rows: Iterable[tuple[str, dict[str, str]]]) -> None:
    """Write prompts and their answers by model as a replay file."""
    with path.open("w", encoding="utf-8") as out:
        for prompt, answers in rows:
            out.write(json.dumps({"prompt": prompt, "answers": answers}) + "\n")


def config_text(replay_file: Path) -> str:
    """Return a parley.toml with that file as the provider `recorded`."""
    return f"""
[server]
auth = "open"

[store]
url = "sqlite:///{replay_file.parent}/parley.db"

[providers.recorded]
dialect = "replay"
path = "{replay_file}"
"""
