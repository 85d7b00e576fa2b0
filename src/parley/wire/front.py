"""What stands before every route: request ids, the origin check of an open server, the last resort for bugs, the log.

An open server (`auth = "open"`) takes orders from this machine's programs, not from web pages: the Host must be
loopback (else a page could rebind its own name to 127.0.0.1) and a foreign Origin is refused.
"""

import re
import time
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from parley.domain.errors import Forbidden
from parley.domain.ids import new_id
from parley.domain.settings import ServerSettings
from parley.wire.body import header
from parley.wire.endpoint import PanelEndpoint, send_problem
from parley.wire.log import Log, Visit
from parley.wire.problems import INTERNAL, problem_of

_LOOPBACK = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?")


class Front:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, settings: ServerSettings, log: Log) -> None:
        self._app = app
        self._panels = _panels_of(app, settings.root_path)
        self._settings = settings
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = Visit(new_id("req_"), scope["method"], scope["path"])
        scope.setdefault("state", {})["request_id"] = visit.request_id
        started = time.perf_counter()
        answer = _Answer(visit, send)
        try:
            await self._walk(scope, receive, answer)
        finally:
            visit.duration_ms = round((time.perf_counter() - started) * 1000)
            self._log.visit(visit)

    async def _walk(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        visit = answer.visit
        try:
            if self._settings.auth == "open":
                _check_local(scope, self._settings.cors_origins)
            app = self._panels.get(visit.path, self._app) if visit.method == "POST" else self._app
            await app(scope, receive, answer.send)
        except Forbidden as refusal:
            await send_problem(answer.send, problem_of(refusal, 400), visit.request_id)
        except Exception:  # the outermost edge of a request: nothing may reach the client but a documented error
            self._log.exception("request_failed", request_id=visit.request_id, path=visit.path)
            if visit.status and not answer.is_complete:
                raise  # the server cuts the connection: half an answer must not look whole
            if not visit.status:
                await send_problem(answer.send, INTERNAL, visit.request_id)


class _Answer:
    """The answer to one request as it goes out: adds the request's id, and sees how far it came."""

    __slots__ = ("_send", "is_complete", "visit")

    def __init__(self, visit: Visit, send: Send) -> None:
        self.visit = visit
        self.is_complete = False
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.visit.status = message["status"]
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self.visit.request_id.encode())]
        else:
            self.is_complete = not message.get("more_body", False)
        await self._send(message)


def _panels_of(app: ASGIApp, root_path: str) -> Mapping[str, ASGIApp]:
    """Return the panels' endpoints by path. They answer for themselves, errors included: the router and its middleware
    would only cost them time, unless there is some that is not the router's own."""
    if not isinstance(app, Starlette) or app.user_middleware:
        return {}
    routes = [route for route in app.routes if isinstance(route, Route)]
    return {root_path + route.path: route.app for route in routes if isinstance(route.endpoint, PanelEndpoint)}


def _check_local(scope: Scope, allowed_origins: tuple[str, ...]) -> None:
    host = header(scope, b"host").lower()
    if _LOOPBACK.fullmatch(host) is None:
        raise Forbidden(f'Host is {host[:80]!r}; a server with auth = "open" answers to localhost alone.')
    origin = header(scope, b"origin").lower()
    if origin and origin not in {f"http://{host}", f"https://{host}", *allowed_origins}:
        raise Forbidden(f"Origin is {origin[:80]!r}; name it in server.cors_origins if that page may use this server.")
