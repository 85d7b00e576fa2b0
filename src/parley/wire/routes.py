"""One table: method, path, endpoint, open or keyed. Keyed by default: a forgotten word locks, never opens."""

import difflib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp

from parley.books.telemetry import Telemetry
from parley.books.usage import UsageBook
from parley.catalog.catalog import Catalog
from parley.domain.errors import NotAcceptable, NotFound, NotServing, RequestRefused
from parley.gate.admission import Admission
from parley.gate.key_book import KeyBook
from parley.panel.checkups import Checkups
from parley.panel.provider_health import ProviderHealth
from parley.wire.body import ClientGone, header
from parley.wire.chat import ChatContract
from parley.wire.compare import CompareContract
from parley.wire.console import Console
from parley.wire.docs import docs_asset, docs_page, openapi_document
from parley.wire.endpoint import PanelEndpoint, Serving
from parley.wire.health import Readyz, healthz
from parley.wire.json_endpoint import check_admin
from parley.wire.keys import KeysEndpoint
from parley.wire.late import LateEndpoint
from parley.wire.me import me
from parley.wire.metrics import MetricsEndpoint
from parley.wire.models_endpoint import ModelsEndpoint
from parley.wire.problems import INTERNAL, Problem, problem_of
from parley.wire.providers import ProvidersEndpoint
from parley.wire.rate_limits import RateLimitsEndpoint
from parley.wire.roundtable import RoundtableContract
from parley.wire.templates import TemplatesEndpoint
from parley.wire.traces import TracesEndpoint
from parley.wire.usage import UsageEndpoint

Handler = Callable[[Request], Awaitable[Response]]

_EXPOSED = ["x-request-id", "retry-after", "x-cache", "idempotent-replayed", "ratelimit", "ratelimit-policy"]
_EXPOSED += ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "mcp-session-id"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table. Panel endpoints and late ones check the key themselves, before they read the body.

    `is_admin`: ordinary keys are refused, before the body is read.
    """

    method: str
    path: str
    endpoint: Handler | PanelEndpoint | LateEndpoint
    is_open: bool = False
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class Desks:
    """What the endpoints beside the panels' work on."""

    keys: KeyBook
    usage: UsageBook
    admission: Admission
    telemetry: Telemetry
    health: ProviderHealth
    checkups: Checkups


def table(serving: Serving, catalog: Catalog, desks: Desks) -> tuple[Row, ...]:
    """Return every route of the server."""
    chat = PanelEndpoint(ChatContract(catalog), serving)
    models = ModelsEndpoint(catalog)
    return (
        Row("POST", "/v3/roundtable", PanelEndpoint(RoundtableContract(), serving)),
        Row("POST", "/v1/chat/compare", PanelEndpoint(CompareContract(), serving)),
        Row("POST", "/v1/chat/completions", chat),
        Row("POST", "/v3/compat/chat/completions", chat),
        *(
            Row("GET", prefix + path, endpoint)
            for prefix in ("/v1/models", "/v3/compat/models")
            for path, endpoint in (
                ("", models.all),
                ("/free", models.free),
                ("/paid", models.paid),
                ("/search", models.search),
                ("/{name:path}", models.one),
            )
        ),
        Row("GET", "/v3/models", models.roundtable),
        Row("POST", "/mcp", LateEndpoint("parley.wire.mcp.endpoint", "McpEndpoint", serving, catalog)),
        Row("GET", "/v1/me", me),
        *_provider_rows(ProvidersEndpoint(desks.checkups, desks.health, catalog, serving)),
        *_key_rows(KeysEndpoint(desks.keys, serving)),
        *_template_rows(TemplatesEndpoint(serving.templates, serving)),
        *_usage_rows(UsageEndpoint(desks.usage, serving)),
        Row("GET", "/v1/usage/rate-limits", RateLimitsEndpoint(desks.admission).answer),
        *_trace_rows(TracesEndpoint(desks.telemetry.traces)),
        _metrics_row(MetricsEndpoint(desks.telemetry.metrics), serving),
        *_console_rows(Console(serving.settings.auth)),
        Row("GET", "/healthz", healthz, is_open=True),
        Row("GET", "/readyz", Readyz(serving.runs).answer, is_open=True),
        Row("GET", "/openapi.json", openapi_document, is_open=True),
        Row("GET", "/docs", docs_page, is_open=True),
        Row("GET", "/docs/{asset}", docs_asset, is_open=True),
    )


def _key_rows(keys: KeysEndpoint) -> tuple[Row, ...]:
    return (
        Row("POST", "/v1/keys", keys.create, is_admin=True),
        Row("GET", "/v1/keys", keys.list, is_admin=True),
        Row("GET", "/v1/keys/{key_id}", keys.one, is_admin=True),
        Row("PATCH", "/v1/keys/{key_id}", keys.change, is_admin=True),
        Row("DELETE", "/v1/keys/{key_id}", keys.disable, is_admin=True),
    )


def _provider_rows(providers: ProvidersEndpoint) -> tuple[Row, ...]:
    return (
        Row("GET", "/v1/providers", providers.list, is_admin=True),
        Row("POST", "/v1/providers/check", providers.check, is_admin=True),
    )


def _template_rows(templates: TemplatesEndpoint) -> tuple[Row, ...]:
    return (
        Row("POST", "/v1/templates", templates.create),
        Row("GET", "/v1/templates", templates.list_all),
        Row("GET", "/v1/templates/{template_id}", templates.one),
        Row("PATCH", "/v1/templates/{template_id}", templates.change),
        Row("DELETE", "/v1/templates/{template_id}", templates.delete),
    )


def _trace_rows(traces: TracesEndpoint) -> tuple[Row, ...]:
    return (
        Row("GET", "/v3/traces", traces.page),
        Row("GET", "/v3/traces/{trace_id}", traces.one),
        Row("DELETE", "/v3/traces/{trace_id}", traces.delete),
    )


def _console_rows(console: Console) -> tuple[Row, ...]:
    return (
        Row("GET", "/", console.page, is_open=True),
        Row("GET", "/console/{path:path}", console.file, is_open=True),
    )


def _metrics_row(metrics: MetricsEndpoint, serving: Serving) -> Row:
    is_open = serving.settings.metrics_open
    return Row("GET", "/metrics", metrics.answer, is_open=is_open, is_admin=not is_open)


def _usage_rows(usage: UsageEndpoint) -> tuple[Row, ...]:
    return (
        Row("POST", "/v1/usage", usage.totals),
        Row("POST", "/v1/usage/events", usage.events),
        Row("GET", "/v1/usage/events/{event_id}/attempts", usage.attempts),
        Row("GET", "/v1/balance", usage.balance),
    )


def application(serving: Serving, catalog: Catalog, desks: Desks) -> ASGIApp:
    """Return the routed application; every error it can raise becomes the envelope of contracts/gateway.md."""
    rows = table(serving, catalog, desks)
    routes = [Route(row.path, _endpoint(row, serving), methods=[row.method]) for row in rows]
    middleware = []
    if serving.settings.cors_origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(serving.settings.cors_origins),
                allow_methods=["GET", "POST", "PATCH", "DELETE"],
                allow_headers=["*"],
                expose_headers=_EXPOSED,
            )
        )
    refused = _Refusals(routes)
    handlers: dict[type[Exception] | int, Callable[[Request, Exception], Awaitable[Response]]] = {
        HTTPException: refused.by_router,
        RequestRefused: refused.by_endpoint,
        NotServing: refused.by_endpoint,
        ClientGone: refused.by_leaving,
        Exception: refused.by_bug,
    }
    app = Starlette(routes=routes, middleware=middleware, exception_handlers=handlers)
    app.router.redirect_slashes = False  # a redirect is no documented answer, and it trusts Host
    return app


def _endpoint(row: Row, serving: Serving) -> Handler | PanelEndpoint | LateEndpoint:
    if row.is_open or isinstance(row.endpoint, PanelEndpoint | LateEndpoint):
        return row.endpoint
    handle = row.endpoint

    async def keyed(request: Request) -> Response:
        caller = serving.keyring.check(header(request.scope, b"authorization"))
        if row.is_admin:
            check_admin(caller)
        request.scope["state"]["caller"] = caller
        return await handle(request)

    return keyed


class _Refusals:
    """What the router and the endpoints refuse, in the envelope."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = routes
        self._paths = list(dict.fromkeys(route.path for route in routes))

    async def by_router(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        path = request.url.path
        if error.status_code == 405:
            allowed = ", ".join(sorted(self._methods_at(request)))
            message = f"{request.method} is not allowed at {path[:200]}; allowed: {allowed}."
            return _response(problem_of(NotAcceptable("method_not_allowed", message), 400), request, allowed)
        near = difflib.get_close_matches(path, self._paths, n=1)
        hint = f" Did you mean {near[0]}?" if near else " GET /docs lists every path."
        return _response(problem_of(NotFound(f"There is nothing at {path[:200]}.{hint}"), 400), request)

    def _methods_at(self, request: Request) -> set[str]:
        """Return the methods of every row of this path; the router's own answer names those of one row."""
        matching = [route for route in self._routes if route.matches(request.scope)[0] is not Match.NONE]
        return {method for route in matching for method in route.methods or ()}

    async def by_endpoint(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestRefused | NotServing)
        status = 400 if request.url.path.startswith("/v3/") and "/compat/" not in request.url.path else 422
        return _response(problem_of(error, status), request)

    async def by_leaving(self, _request: Request, _error: Exception) -> Response:
        """Nobody reads this answer; the log tells it from a fault by its status, as nginx has it."""
        return Response(status_code=499)

    async def by_bug(self, request: Request, _error: Exception) -> Response:
        """Starlette raises the exception again after this answer; the front logs it."""
        return _response(INTERNAL, request)


def _response(problem: Problem, request: Request, allowed: str = "") -> Response:
    headers = {key.decode(): value.decode() for key, value in problem.headers()}
    if allowed:
        headers["allow"] = allowed
    if problem.status == 408:
        headers["connection"] = "close"  # the rest of the body would be taken for the next request
    return Response(problem.envelope(request.state.request_id), problem.status, headers)
