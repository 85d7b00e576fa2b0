"""GET /v1/me: whose key this is and what it may. Ours: the contracts name no way to ask, and a console needs one."""

from decimal import Decimal

from starlette.requests import Request
from starlette.responses import Response

from parley.wire.encoding import WireObject
from parley.wire.json_endpoint import caller_of, json_response


async def me(request: Request) -> Response:
    """Answer with the calling key's name and rights, never with the key."""
    caller = caller_of(request)
    answer: WireObject = {
        "key_id": caller.key_id,
        "name": caller.name,
        "admin": caller.is_admin,
        "rpm": caller.rpm,
        "rpd": caller.rpd,
        "spend_cap_usd": _money(caller.spend_cap_usd),
        "spend_cap_month_usd": _money(caller.spend_cap_month_usd),
        "models": None if caller.models is None else list(caller.models),
    }
    return json_response(answer)


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"
