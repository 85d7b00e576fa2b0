"""A client library's driver as a process: commands go in as they are made, answers are told apart by their id.

    with Driver(["node", "driver.mjs"]) as driver:
        ask = driver.at(url, key)
        assert ask("models.get", {"id": "sandbox/terse"}).value["provider"] == "sandbox"

The protocol is that of clients/conformance/README.md. No answer may hold the key that it was asked with.
"""

import contextlib
import itertools
import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from cli_process import environment

_WAIT_S = 60.0
_END_S = 10.0
_SHOWN_BYTES = 3000


@dataclass(frozen=True)
class Answer:
    """One answer of a driver. What it said before an error stands in `events` or `texts`."""

    raw: dict[str, Any]

    @property
    def value(self) -> Any:
        assert "error" not in self.raw, f"the call failed: {self.raw}"
        return self.raw["value"]

    @property
    def error(self) -> dict[str, Any]:
        assert "error" in self.raw, f"the call did not fail: {str(self.raw)[:2000]}"
        found: dict[str, Any] = self.raw["error"]
        return found

    @property
    def kind(self) -> str:
        """Which member of the family of errors it is."""
        return str(self.error["kind"])

    @property
    def events(self) -> list[Any]:
        """The events of a stream, whether it came to its end or not."""
        held = self.raw if "error" in self.raw else self.raw["value"]
        return held.get("events") or []

    @property
    def texts(self) -> list[Any]:
        held = self.raw if "error" in self.raw else self.raw["value"]
        return held.get("texts") or []


@dataclass(frozen=True)
class Client:
    """A server's address and a key, as a driver makes a client of them."""

    driver: "Driver"
    url: str
    key: str | None

    def begin(self, op: str, request: Any = None, **options: Any) -> "Future[Answer]":
        """Send a command and return at once."""
        body: dict[str, Any] = {"op": op, "url": self.url, "key": self.key, "request": request or {}}
        return self.driver.send({**body, "options": options} if options else body)

    def __call__(self, op: str, request: Any = None, **options: Any) -> Answer:
        """Send a command and wait for its answer."""
        return self.driver.wait(self.begin(op, request, **options))


class Driver:
    """A driver process; it ends with its `with` block. `env` is added to an environment that configures nothing."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> None:
        self._command = list(command)
        self._env = environment(**(env or {}))
        self._folder = folder
        self._ids = itertools.count(1)
        self._waiting: dict[int, tuple[Future[Answer], str | None]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> "Driver":
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # closed with the process
        self._process = subprocess.Popen(
            self._command,
            cwd=self._folder,
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            if error is None:
                raise AssertionError(f"the driver did not end within {_END_S:g} s of its input{self._said()}") from None
        finally:
            self._reader.join()
            self._process.stdout.close()
            self._errors.close()

    def at(self, url: str, key: str | None = None) -> Client:
        return Client(self, url, key)

    def send(self, command: Mapping[str, Any]) -> "Future[Answer]":
        """Write one command; the answer comes when it comes."""
        answer: Future[Answer] = Future()
        assert self._process.stdin is not None
        with self._lock:
            number = next(self._ids)
            self._waiting[number] = answer, command.get("key")
            try:
                self._process.stdin.write(json.dumps({"id": number, **command}).encode() + b"\n")
                self._process.stdin.flush()
            except BrokenPipeError as error:
                raise AssertionError(f"the driver has ended{self._said()}") from error
        return answer

    def wait(self, answer: "Future[Answer]") -> Answer:
        """Return the answer once it is there."""
        try:
            return answer.result(_WAIT_S)
        except TimeoutError as error:
            raise AssertionError(f"the driver did not answer within {_WAIT_S:g} s{self._said()}") from error

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._take(line)
        for answer, _ in self._waiting.values():
            answer.set_exception(AssertionError(f"the driver ended without an answer{self._said()}"))

    def _take(self, line: bytes) -> None:
        try:
            raw = json.loads(line)
            answer, key = self._waiting.pop(raw["id"])
        except (ValueError, KeyError, TypeError):
            self._fail_all(f"the driver wrote what is no answer: {line[:500]!r}")
            return
        if key and key.encode() in line:
            answer.set_exception(AssertionError(f"the key stands in the answer: {line[:2000]!r}"))
        else:
            answer.set_result(Answer(raw))

    def _fail_all(self, sentence: str) -> None:
        while self._waiting:
            _, (answer, _) = self._waiting.popitem()
            answer.set_exception(AssertionError(sentence))

    def _said(self) -> str:
        """What it wrote to its standard error, for a failure's message."""
        written = self._errors.fileno()
        size = os.fstat(written).st_size
        said = os.pread(written, _SHOWN_BYTES, max(0, size - _SHOWN_BYTES)).decode(errors="replace")
        return f"; it said:\n{said}" if said else ""
