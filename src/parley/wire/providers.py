"""/v1/providers, for admins: how each provider is set and doing, and a check that costs nothing. Ours.

A key is shown as set or not, by the name of its variable; headers, proxies and paths are not shown at all.
"""

from itertools import chain

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from parley.catalog.catalog import Catalog, nearest_names
from parley.domain.checkup import Checkup, Finding
from parley.domain.settings import ProviderSettings
from parley.panel.breaker import BreakerReading
from parley.panel.checkups import Checkups
from parley.panel.provider_health import WINDOW_S, HealthReading, LastFailure, ProviderHealth
from parley.wire.decoding import refuse
from parley.wire.encoding import WireObject
from parley.wire.endpoint import Serving
from parley.wire.json_endpoint import json_response, read_json
from parley.wire.moments import write_moment

_SECOND_DIGITS = 3


class CheckBody(msgspec.Struct, forbid_unknown_fields=True):
    """`providers` null: all of them."""

    providers: list[str] | None = None


class ProvidersEndpoint:
    """The handlers of /v1/providers. What was counted is what this process has seen, as with /metrics."""

    def __init__(self, checkups: Checkups, health: ProviderHealth, catalog: Catalog, serving: Serving) -> None:
        self._checkups = checkups
        self._health = health
        self._catalog = catalog
        self._serving = serving

    async def list(self, _request: Request) -> Response:
        readings = self._health.readings()
        counts = self._model_counts()
        rows = [_encode(each, readings[each.name], counts.get(each.name, 0)) for each in self._checkups.settings]
        return json_response({"window_s": WINDOW_S, "providers": [*rows]})

    async def check(self, request: Request) -> Response:
        """Look at the providers named, or at all of them; none is called, so that nothing is spent."""
        body = await read_json(request, self._serving, CheckBody)
        known = [each.name for each in self._checkups.settings]
        names = known if body.providers is None else list(dict.fromkeys(body.providers))
        for index, name in enumerate(names):
            if name not in known:
                near = nearest_names(name, known)
                refuse(("providers", index), name, f"a configured provider, such as {' or '.join(near or known[:3])}")
        return json_response({"checks": [_encode_checkup(each) for each in await self._checkups.check(names)]})

    def _model_counts(self) -> dict[str, int]:
        """Return how many listed models each provider serves."""
        counts: dict[str, int] = {}
        places = chain.from_iterable({place.provider for place in each.deployments} for each in self._catalog.models())
        for provider in places:
            counts[provider] = counts.get(provider, 0) + 1
        return counts


def _encode(settings: ProviderSettings, health: HealthReading, model_count: int) -> WireObject:
    key: WireObject = {"env": settings.api_key_env, "set": settings.api_key is not None}
    return {
        "name": settings.name,
        "dialect": settings.dialect.value,
        "base_url": settings.base_url or None,
        "is_local": settings.is_local,
        "api_key": key if settings.api_key_env else None,
        "max_concurrency": settings.max_concurrency or None,
        "model_count": model_count,
        "state": _state_of(health),
        "in_flight": health.in_flight,
        "calls": health.calls,
        "failures": health.failures,
        "last_success_at": None if health.last_success_at is None else write_moment(health.last_success_at),
        "last_failure": _encode_failure(health.last_failure),
        "breakers": [_encode_breaker(each) for each in health.breakers],
    }


def _state_of(health: HealthReading) -> str:
    """Return what the newest call says; an open breaker says more than another model's success."""
    if any(each.probe_in_s is not None for each in health.breakers):
        return "failing"
    if health.last_failure is not None and health.last_failure.at > (health.last_success_at or 0):
        return "failing"
    return "unknown" if health.last_success_at is None else "ok"


def _encode_failure(last: LastFailure | None) -> WireObject | None:
    if last is None:
        return None
    return {
        "at": write_moment(last.at),
        "model": last.upstream_model,
        "error_code": last.failure.code.value,
        "error": last.failure.message,
    }


def _encode_breaker(reading: BreakerReading) -> WireObject:
    is_open = reading.probe_in_s is not None
    return {
        "model": reading.upstream_model,
        "state": ("open" if reading.probe_in_s else "probing") if is_open else "closed",
        "failures": reading.failures,
        "probe_in_s": None if reading.probe_in_s is None else round(reading.probe_in_s, _SECOND_DIGITS),
    }


def _encode_checkup(checkup: Checkup) -> WireObject:
    return {
        "provider": checkup.subject,
        "status": checkup.status,
        "duration_ms": checkup.duration_ms,
        "listed_models": checkup.listed_models,
        "findings": [_encode_finding(each) for each in checkup.findings],
    }


def _encode_finding(finding: Finding) -> WireObject:
    return {
        "severity": finding.severity.value,
        "code": finding.code,
        "message": finding.message,
        "next_step": finding.next_step or None,
    }
