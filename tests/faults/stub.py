"""A provider of the OpenAI dialect that writes down every call it sees, and does to it what it is told to do.

A call is known by the tag that stands in its prompt, `[[round-7/12]]`, and by its model. The provider runs on a loop of
its own, in a thread, so that it goes on while servers are killed.
"""

import asyncio
import json
import logging
import random
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType

from aiohttp import web

_TAG = re.compile(r"\[\[(\S+?)\]\]")
_WORDS = ("Paris ", "is ", "the ", "capital ", "of ", "France.")
_START_S = 10.0
_SILENT = logging.getLogger("stub-provider")
_SILENT.disabled = True  # it resets connections on purpose, which aiohttp reports as errors


class Act(StrEnum):
    """What the provider does to one call."""

    OK = "ok"
    RATE_LIMIT = "429"
    RATE_LIMIT_AFTER = "429 with Retry-After"
    ERROR = "500"
    OVERLOADED = "529"
    RESET = "reset"
    CUT = "cut in the middle"
    STALL = "stall"
    GARBAGE = "garbage JSON"
    CONTENT_TYPE = "wrong content type"
    ENDLESS = "endless"
    SLOW_HEADERS = "slow headers"
    HANG = "hangs"


@dataclass
class Seen:
    """One call that came in. `sent` counts the words written; `closed_at` is when its connection was found closed.

    `was_left`: by the other side, before all was said.
    """

    tag: str
    model: str
    act: Act
    is_streamed: bool
    came_at: float = field(default_factory=time.monotonic)
    sent: int = 0
    closed_at: float | None = None
    was_left: bool = False


@dataclass(frozen=True)
class Pace:
    """Seconds to the first byte and between words, at most; each is drawn anew."""

    first_s: float = 0.03
    word_s: float = 0.005
    endless_word_s: float = 0.003


class Stub:
    """`with Stub() as stub: … stub.url`; `choose(tag, model)` says what happens to a call."""

    def __init__(
        self, choose: Callable[[str, str], Act] = lambda _tag, _model: Act.OK, pace: Pace = Pace(), seed: int = 1
    ) -> None:
        self.seen: list[Seen] = []
        self._by_tag: defaultdict[str, list[Seen]] = defaultdict(list)
        self.open_calls = 0
        self.url = ""
        self._choose = choose
        self._pace = pace
        self._rng = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="stub-provider", daemon=True)
        self._ready = threading.Event()
        self._end: asyncio.Event | None = None

    def calls_of(self, tag: str) -> list[Seen]:
        """Return the calls of one request, in the order in which they came."""
        return list(self._by_tag[tag])

    def __enter__(self) -> "Stub":
        self._thread.start()
        assert self._ready.wait(_START_S), "the stub provider did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._end is not None
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._end = asyncio.Event()
        app = web.Application(client_max_size=2**26)
        app.router.add_post("/v1/chat/completions", self._answer)
        runner = web.AppRunner(app, access_log=None, logger=_SILENT, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=2048)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/v1"
        self._ready.set()
        await self._end.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        raw = await request.text()
        body = json.loads(raw)
        found = _TAG.search(raw)
        tag, model = found[1] if found else "", body["model"]
        seen = Seen(tag, model, self._choose(tag, model), bool(body.get("stream")))
        self.seen.append(seen)
        self._by_tag[tag].append(seen)
        self.open_calls += 1
        try:
            return await self._act(request, seen)
        except (ConnectionResetError, asyncio.CancelledError) as end:
            seen.closed_at = time.monotonic()
            seen.was_left = isinstance(end, asyncio.CancelledError)
            raise
        finally:
            self.open_calls -= 1

    async def _act(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        await asyncio.sleep(self._rng.uniform(0, self._pace.first_s))
        match seen.act:
            case Act.RATE_LIMIT:
                return _error(429)
            case Act.RATE_LIMIT_AFTER:
                return _error(429, {"Retry-After": "60"})
            case Act.ERROR:
                return _error(500)
            case Act.OVERLOADED:
                return _error(529)
            case Act.RESET:
                return _reset(request)
            case Act.GARBAGE if not seen.is_streamed:
                return web.Response(text='{"choices": [{"mess', content_type="application/json")
            case Act.CONTENT_TYPE:
                return web.Response(text="<html>Welcome</html>", content_type="text/html")
            case Act.SLOW_HEADERS:
                await asyncio.sleep(60)
            case Act.HANG:
                await asyncio.sleep(3600)
        if seen.is_streamed:
            return await self._stream(request, seen)
        return await self._whole(request, seen)

    async def _whole(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        text = "".join(_WORDS)
        if seen.act is Act.ENDLESS:
            text = "word " * 1_000_000
        raw = json.dumps(_completion(seen.model, text)).encode()
        if seen.act is Act.OK or seen.act is Act.ENDLESS:
            return web.Response(body=raw, content_type="application/json")
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(raw))})
        await response.prepare(request)
        await response.write(raw[:40])
        if seen.act is Act.STALL:
            await asyncio.sleep(60)
        return _reset(request)

    async def _stream(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for word in _WORDS:
            await response.write(_frame({"index": 0, "delta": {"content": word}}))
            seen.sent += 1
            if seen.act is not Act.OK and seen.sent == 3:
                await self._break(request, response, seen)
                return response
            await asyncio.sleep(self._rng.uniform(0, self._pace.word_s))
        await response.write(_frame({"index": 0, "delta": {}, "finish_reason": "stop"}, usage=True))
        await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response

    async def _break(self, request: web.Request, response: web.StreamResponse, seen: Seen) -> None:
        match seen.act:
            case Act.STALL:
                await asyncio.sleep(60)
            case Act.GARBAGE:
                await response.write(b'data: {"choices": [{"mess\n\n')
                await response.write_eof()
            case Act.ENDLESS:
                filler = _frame({"index": 0, "delta": {"content": "word " * 1_000}})
                while True:
                    await response.write(filler)
                    seen.sent += 1
                    await asyncio.sleep(self._pace.endless_word_s)
            case _:
                _reset(request)


def _completion(model: str, text: str) -> dict[str, object]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 21, "completion_tokens": 7, "total_tokens": 28},
    }


def _frame(choice: dict[str, object], usage: bool = False) -> bytes:
    told: dict[str, object] = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [choice]}
    if usage:
        told["usage"] = {"prompt_tokens": 21, "completion_tokens": 7, "total_tokens": 28}
    return b"data: " + json.dumps(told).encode() + b"\n\n"


def _error(status: int, headers: dict[str, str] | None = None) -> web.Response:
    told = {"error": {"message": f"stub says {status}", "type": "stub_error", "code": None}}
    return web.json_response(told, status=status, headers=headers)


def _reset(request: web.Request) -> web.Response:
    """Close the connection in the middle of whatever is under way."""
    with suppress(AttributeError):
        request.transport.abort()  # type: ignore[union-attr]  # None once the client has gone
    raise ConnectionResetError("reset on purpose")
