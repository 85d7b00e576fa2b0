"""Plays the golden cases of contracts/golden/ through the whole server, on scripted models and virtual time.

    python tests/golden.py --write     # record the answers of every case anew; read the difference before you commit it

A case is a folder: `case.json` (what is asked, and what each model says, call by call) and the recorded answer,
`response.json` or `response.sse`. Ids and times of day are replaced by fixed ones, everything else is as sent.
"""

import asyncio
import json
import logging
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from engine import Bench, failing, run_virtual
from parley.books.idempotency import Idempotency
from parley.books.telemetry import open_telemetry
from parley.books.templates import Templates
from parley.books.usage import UsageBook
from parley.domain.errors import FailureCode
from parley.domain.run import FinishReason
from parley.domain.settings import PanelPreset, RetentionSettings, ServerSettings, StoreSettings, TelemetrySettings
from parley.domain.usage import Usage
from parley.gate.admission import Admission
from parley.gate.key_book import KeyBook
from parley.gate.keyring import open_keyring
from parley.gate.limits import MemoryLimiter
from parley.panel.checkups import Checkups
from parley.panel.provider_health import ProviderHealth
from parley.providers.provider import FinishChunk, RefusalChunk, TextChunk, ToolCallChunk, UsageChunk
from parley.providers.scripted import Pause, Script, Step
from parley.store.database import Store
from parley.wire.endpoint import Serving
from parley.wire.front import Front
from parley.wire.log import Log
from parley.wire.routes import Desks, application
from parley.wire.runs import Runs

FOLDER = Path(__file__).parent.parent / "contracts" / "golden"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_ULID = re.compile(rb"(rt_|cmp_|req_|chatcmpl-)[0-9A-HJKMNP-TV-Z]{26}")
_CREATED = re.compile(rb'"created":\d+')


@dataclass(frozen=True)
class Answer:
    """What the server answered: the status, the media type and the bytes, ids and times of day replaced."""

    status: int
    media_type: str
    body: bytes

    @property
    def text(self) -> str:
        """The answer as it stands in the recording: JSON indented, streams as they are."""
        if self.media_type == "application/json":
            return msgspec.json.format(self.body, indent=2).decode() + "\n"
        return self.body.decode()


def cases() -> list[Path]:
    return sorted(path.parent for path in FOLDER.rglob("case.json"))


def recording(case: Path, answer: Answer) -> Path:
    return case / ("response.json" if answer.media_type == "application/json" else "response.sse")


def play(case: Path) -> Answer:
    """Ask the server what the case asks."""
    asked = json.loads((case / "case.json").read_text())
    with TemporaryDirectory() as folder:
        store = Store(StoreSettings(f"sqlite:///{folder}/parley.db"))
        try:
            return run_virtual(_play(asked, store))
        finally:
            store.close_now()


async def _play(asked: dict[str, Any], store: Store) -> Answer:
    scripts = {name: [_script(call) for call in calls] for name, calls in asked["models"].items()}
    bench = Bench(scripts, **asked.get("bench", {}))
    presets = [PanelPreset(name, **_tuples(fields)) for name, fields in asked.get("panels", {}).items()]
    catalog = bench.catalog_with(presets)
    log = Log(logging.CRITICAL)
    keyring = open_keyring()
    serving = Serving(
        bench.gateway, keyring, ServerSettings(), Runs(), log, Templates(store), Idempotency(store, "ins_golden")
    )
    telemetry = open_telemetry(store, RetentionSettings(), TelemetrySettings(), ())
    health = ProviderHealth((), bench.tools.breakers, time.time)
    admission = Admission(MemoryLimiter(time.time))
    desks = Desks(KeyBook(store, keyring), UsageBook(store), admission, telemetry, health, Checkups((), {}))
    app = Front(application(serving, catalog, desks), ServerSettings(), log)
    return await _call(app, asked)


def _tuples(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def _script(call: Sequence[Any]) -> Script:
    """Return a script: a string is text, an object another kind of step; the end and the usage need not be said."""
    steps: list[Step] = [_step(step) for step in call]
    if any(isinstance(step, Exception | Pause) for step in steps):
        return steps
    if not any(isinstance(step, FinishChunk) for step in steps):
        steps.append(FinishChunk(FinishReason.STOP))
    if not any(isinstance(step, UsageChunk) for step in steps):
        steps.append(UsageChunk(Usage(20, 10)))
    return steps


def _step(step: Any) -> Step:
    match step:
        case str():
            return TextChunk(step)
        case {"fail": code, **how}:
            return failing(FailureCode(code), **how)
        case {"refuse": text}:
            return RefusalChunk(text)
        case {"hang": True}:
            return Pause()
        case {"finish": reason}:
            return FinishChunk(FinishReason(reason))
        case {"usage": [read, written]}:
            return UsageChunk(Usage(read, written))
        case {"tool": [call_id, name, arguments]}:
            return ToolCallChunk(0, call_id, name, arguments)
        case _:
            raise ValueError(f"unknown step {step!r}")


async def _call(app: Any, asked: dict[str, Any]) -> Answer:
    body = json.dumps(asked["request"]).encode()
    headers = {"host": "localhost", "content-type": "application/json", "traceparent": TRACE}
    headers |= asked.get("headers", {})
    scope = {
        "type": "http",
        "method": "POST",
        "path": asked["path"],
        "raw_path": asked["path"].encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    sent: list[Any] = []
    unread = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if unread:
            return unread.pop()
        return await asyncio.get_running_loop().create_future()

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    media = dict(sent[0]["headers"])[b"content-type"].decode().split(";")[0]
    whole = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], media, _CREATED.sub(b'"created":1790000000', _ULID.sub(_fixed_id, whole)))


def _fixed_id(found: re.Match[bytes]) -> bytes:
    return found[1] + b"0" * 26


def main() -> None:
    if sys.argv[1:] != ["--write"]:
        raise SystemExit(__doc__)
    for case in cases():
        answer = play(case)
        path = recording(case, answer)
        is_same = path.exists() and path.read_text() == answer.text
        path.write_text(answer.text)
        print(f"{'same   ' if is_same else 'CHANGED'}  {answer.status}  {path.relative_to(FOLDER)}")


if __name__ == "__main__":
    main()
