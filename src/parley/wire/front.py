"""What stands before every route: request ids, the origin check of an open server, the last resort for bugs, the log.

An open server (`auth = "open"`) takes orders from this machine's programs, not from web pages: the Host must be
loopback (else a page could rebind its own name to 127.0.0.1) and a foreign Origin is refused.
"""

import re
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from parley.domain.errors import Forbidden
from parley.domain.ids import new_id
from parley.domain.settings import ServerSettings
from parley.wire.body import header
from parley.wire.endpoint import send_problem
from parley.wire.log import Log
from parley.wire.problems import INTERNAL, problem_of

_LOOPBACK = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?")


class Front:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, settings: ServerSettings, log: Log) -> None:
        self._app = app
        self._settings = settings
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Visit(scope, send, self._log).walk(self._app, receive, self._settings)


class _Visit:
    """One request's way through the house."""

    def __init__(self, scope: Scope, send: Send, log: Log) -> None:
        self._scope = scope
        self._send = send
        self._log = log
        self._request_id = new_id("req_")
        self._status = 0
        self._is_complete = False
        self._started = time.perf_counter()
        scope.setdefault("state", {})["request_id"] = self._request_id

    async def walk(self, app: ASGIApp, receive: Receive, settings: ServerSettings) -> None:
        try:
            if settings.auth == "open":
                _check_local(self._scope, settings.cors_origins)
            await app(self._scope, receive, self.send)
        except Forbidden as refusal:
            await send_problem(self.send, problem_of(refusal, 400), self._request_id)
        except Exception:  # the outermost edge of a request: nothing may reach the client but a documented error
            self._log.exception("request_failed", request_id=self._request_id, path=self._scope["path"])
            if self._status and not self._is_complete:
                raise  # the server cuts the connection: half an answer must not look whole
            if not self._status:
                await send_problem(self.send, INTERNAL, self._request_id)
        finally:
            self._log.info(
                "request",
                request_id=self._request_id,
                method=self._scope["method"],
                path=self._scope["path"],
                status=self._status,
                duration_ms=round((time.perf_counter() - self._started) * 1000),
            )

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self._request_id.encode())]
        else:
            self._is_complete = not message.get("more_body", False)
        await self._send(message)


def _check_local(scope: Scope, allowed_origins: tuple[str, ...]) -> None:
    host = header(scope, b"host").lower()
    if _LOOPBACK.fullmatch(host) is None:
        raise Forbidden(f'Host is {host[:80]!r}; a server with auth = "open" answers to localhost alone.')
    origin = header(scope, b"origin").lower()
    if origin and origin not in {f"http://{host}", f"https://{host}", *allowed_origins}:
        raise Forbidden(f"Origin is {origin[:80]!r}; name it in server.cors_origins if that page may use this server.")
