"""Writes docs/clients/conformance.md: what the conformance run shows, and the table of the last one as it was printed.

make conformance && python scripts/write_conformance_page.py
"""

import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent
TABLE = ROOT / ".artifacts" / "conformance.txt"
PAGE = ROOT / "docs" / "clients" / "conformance.md"
_PROGRAMS = (("node", "--version"), ("go", "version"), ("java", "--version"))
_HEAD = """\
# Conformance of the client libraries

One suite judges the [four libraries](index.md), Python with both of its clients. Each library has a driver, a small
program that makes the calls it is told to make and writes down what it got; every expectation stands in the suite,
`tests/clients/`, so the same recorded answers, the same hostile wire and the same live server judge all of them. The
protocol is in [clients/conformance/](../../clients/conformance/README.md).

```text
make conformance                                        # all, and the table
python -m pytest tests/clients -k java                  # one language, with its own tests and its installation
```

- **Recorded**: every case of `contracts/golden/`. The request as sent, each field of the answer, each event of every
  stream, and what `final()` and `text_deltas()` make of it; streams split at every byte, in CRLF, with comments,
  unknown fields and unknown events.
- **Hostile**: streams cut before `[DONE]`, inside a character and before the head; error bodies that no Parley wrote;
  answers of megabytes; silence; calls that are cancelled or left.
- **Retries**: what is asked again and what is not, how often, how long is waited, under which `Idempotency-Key`.
- **Live**: every method and every error that a client can provoke, against one server with keys, sandbox models and
  failing upstreams; answers lost on the wire, which are not paid for twice; a hundred streams at once; calls given up
  in the middle, which the server cancels upstream and in its books.

A row is a case, a cell the number of its parts that passed: one for each recorded exchange, for instance. Where a
toolchain is missing it says `skipped`.
"""


def main() -> None:
    if not TABLE.exists():
        raise SystemExit(f"{TABLE} is not there; make conformance writes it")
    lines = [_HEAD, f"The run of {datetime.now(UTC):%Y-%m-%d}, with {_versions()}:\n", "```text"]
    text = "\n".join([*lines, TABLE.read_text(encoding="utf-8").rstrip(), "```", ""])
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")


def _versions() -> str:
    """Name what the libraries ran on."""
    said = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for command in _PROGRAMS]
    node, go, java = (text.splitlines()[0] for text in said)
    return f"Python {platform.python_version()}, Node {node}, {go.split()[2]}, {java}"


if __name__ == "__main__":
    main()
