"""The conformance driver: one JSON command per line in, one JSON answer per line out. It only translates.

`python driver.py sync` judges `Parley`, `python driver.py async` judges `AsyncParley`. See clients/conformance.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

from parley_client import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AsyncParley,
    CallOptions,
    OutputError,
    Parley,
    Parsed,
    StreamError,
)

FACTS = ("status", "code", "param", "details", "provider_error", "retry_after", "request_id", "raw")
KINDS = ((APITimeoutError, "timeout"), (APIConnectionError, "connection"), (APIError, "api"), (StreamError, "stream"))


class Verdict(BaseModel):
    """The type of `roundtable.parse`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    verdict: Literal["yes", "no"]
    confidence: float


@dataclass
class Command:
    """One line of input, and what came of it."""

    command_id: Any
    op: str
    url: str | None
    key: str | None
    request: dict[str, Any]
    options: dict[str, Any]
    seen: list[Any] = field(default_factory=list)
    is_cancelled: bool = False

    @property
    def call_options(self) -> CallOptions:
        names = ("timeout_s", "max_retries", "idempotency_key")
        return CallOptions(**{name: self.options[name] for name in names if self.options.get(name) is not None})

    def see(self, event: Any) -> bool:
        """Note an event of a stream; True if the loop is to be left after it."""
        self.seen.append(encoded(event))
        return len(self.seen) == self.options.get("break_after")

    def value_of_stream(self, final: Any) -> dict[str, Any]:
        return {"texts" if self.options.get("texts") else "events": self.seen, "final": encoded(final)}

    def answer(self, value: Any) -> dict[str, Any]:
        return {"id": self.command_id, "value": encoded(value)}

    def failure(self, error: BaseException) -> dict[str, Any]:
        kind = next((kind for kind_of_error, kind in KINDS if isinstance(error, kind_of_error)), "unexpected")
        if isinstance(error, OutputError):
            kind = "output"
        if self.is_cancelled:
            kind = "cancelled"
        facts = {name: encoded(getattr(error, name, None)) for name in FACTS}
        told = {"kind": kind, "message": getattr(error, "message", None) or repr(error), **facts}
        return {"id": self.command_id, "error": told, "texts" if self.options.get("texts") else "events": self.seen}


def read_command(line: str) -> Command:
    fields = json.loads(line)
    request, options = fields.get("request") or {}, fields.get("options") or {}
    return Command(fields["id"], fields["op"], fields.get("url"), fields.get("key"), request, options)


def encoded(value: Any) -> Any:
    """Return a typed value as the contract spells it."""
    if isinstance(value, Parsed):
        schema, raw = dict(value.schema), encoded(value.raw)
        return {"parsed": value.parsed.model_dump(), "type": type(value.parsed).__name__, "schema": schema, "raw": raw}
    if isinstance(value, tuple | list):
        return [encoded(one) for one in value]
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def start(client: Any, command: Command) -> Any:
    """Begin a call: an answer from `Parley`, an awaitable from `AsyncParley`, an unopened stream from both."""
    resource, _, method = command.op.rpartition(".")
    request, options = dict(command.request), command.call_options
    owner = client.chat.completions if resource == "chat" else getattr(client, resource)
    if command.op == "roundtable.parse":
        return owner.parse(output_type=Verdict, options=options, **request)
    if command.op == "templates.update":
        return owner.update(request["id"], options=options, **request["fields"])
    if method in {"get", "delete", "attempts"}:
        return getattr(owner, method)(request["id"], options=options)
    return getattr(owner, method)(options=options, **request)


class Clients:
    """One client for each server and key, shared by all commands but those that will be cancelled."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make
        self._shared: dict[tuple[str | None, str | None], Any] = {}
        self._lock = threading.Lock()

    def of(self, command: Command) -> Any:
        if command.op == "from_environment":
            return self._make()
        if command.options.get("cancel_after_s") is not None:
            return self._make(command.url, command.key)
        with self._lock:
            place = (command.url, command.key)
            if place not in self._shared:
                self._shared[place] = self._make(*place)
            return self._shared[place]

    @property
    def shared(self) -> list[Any]:
        return list(self._shared.values())


def read_stream(stream: Any, command: Command) -> Any:
    with stream:
        for event in stream.text_deltas() if command.options.get("texts") else stream:
            if command.see(event):
                return command.value_of_stream(None)
        return command.value_of_stream(None if command.options.get("no_final") else stream.final())


def carry_out(client: Parley, command: Command) -> Any:
    if command.op == "describe":
        return {"text": f"{client!r} {client}"}
    if command.op == "from_environment":
        with client:
            return client.models.list()
    begun = start(client, command)
    return read_stream(begun, command) if command.op.endswith(".stream") else begun


def cancel(client: Parley, command: Command) -> None:
    command.is_cancelled = True
    client.close()


def run_sync() -> None:
    clients, writing = Clients(Parley), threading.Lock()

    def run(command: Command) -> None:
        timer = None
        try:
            client = clients.of(command)
            if (wait_s := command.options.get("cancel_after_s")) is not None:
                timer = threading.Timer(wait_s, cancel, (client, command))
                timer.start()
            answer = command.answer(carry_out(client, command))
        except Exception as error:  # noqa: BLE001 - whatever it is, the suite has to see it
            answer = command.failure(error)
        if timer is not None:
            timer.cancel()
        with writing:
            print(json.dumps(answer), flush=True)

    threads = []
    for line in sys.stdin:
        threads.append(threading.Thread(target=run, args=(read_command(line),)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    for client in clients.shared:
        client.close()


async def read_stream_async(stream: Any, command: Command) -> Any:
    async with stream:
        async for event in stream.text_deltas() if command.options.get("texts") else stream:
            if command.see(event):
                return command.value_of_stream(None)
        return command.value_of_stream(None if command.options.get("no_final") else await stream.final())


async def carry_out_async(client: AsyncParley, command: Command) -> Any:
    if command.op == "describe":
        return {"text": f"{client!r} {client}"}
    if command.op == "from_environment":
        async with client:
            return await client.models.list()
    begun = start(client, command)
    return await (read_stream_async(begun, command) if command.op.endswith(".stream") else begun)


async def run_command_async(clients: Clients, command: Command) -> None:
    wait_s = command.options.get("cancel_after_s")
    client: AsyncParley | None = None
    try:
        client = clients.of(command)
        task = asyncio.ensure_future(carry_out_async(client, command))
        if wait_s is not None:
            asyncio.get_running_loop().call_later(wait_s, task.cancel)
        answer = command.answer(await task)
    except asyncio.CancelledError as error:
        command.is_cancelled = True
        answer = command.failure(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, the suite has to see it
        answer = command.failure(error)
    print(json.dumps(answer), flush=True)
    if client is not None and wait_s is not None:
        await client.aclose()


async def run_async() -> None:
    clients, tasks = Clients(AsyncParley), []
    while line := await asyncio.to_thread(sys.stdin.readline):
        tasks.append(asyncio.ensure_future(run_command_async(clients, read_command(line))))
    await asyncio.gather(*tasks)
    for client in clients.shared:
        await client.aclose()


if __name__ == "__main__":
    if sys.argv[1:] == ["sync"]:
        run_sync()
    elif sys.argv[1:] == ["async"]:
        asyncio.run(run_async())
    else:
        sys.exit("usage: python driver.py sync|async")
