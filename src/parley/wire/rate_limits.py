"""Contract: GET /v1/usage/rate-limits, how full each window of the calling key is. Source: contracts/gateway.md."""

from starlette.requests import Request
from starlette.responses import Response

from parley.domain.limits import LimitState
from parley.gate.admission import Admission
from parley.wire.encoding import WireObject
from parley.wire.json_endpoint import caller_of, json_response
from parley.wire.limit_headers import whole_seconds

_SHARE_DIGITS = 4


class RateLimitsEndpoint:
    """Asking is not counted."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    async def answer(self, request: Request) -> Response:
        """A key without limits has no windows."""
        caller = caller_of(request)
        states = await self._admission.usage(caller)
        return json_response({"key_id": caller.key_id, "windows": [_encode(state) for state in states]})


def _encode(state: LimitState) -> WireObject:
    """Return one window; `share` is above 1 where the limit was lowered beneath what is used."""
    window = state.window
    return {
        "name": window.name.value,
        "window_seconds": window.window_s,
        "limit": window.limit,
        "used": state.used,
        "remaining": state.remaining,
        "share": round(state.used / window.limit, _SHARE_DIGITS) if window.limit else 1.0,
        "reset_seconds": whole_seconds(state.reset_s),
    }
