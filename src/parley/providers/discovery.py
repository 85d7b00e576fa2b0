"""Asks the servers on this machine that speak the OpenAI dialect which models they have.

Nothing that goes wrong is an error: a port where nobody listens, or somebody else, is no server.
"""

import asyncio
from collections.abc import Sequence

import aiohttp
import msgspec

from parley.catalog.vendors import VENDORS
from parley.domain.settings import ProviderSettings

PROBE_TIMEOUT_S = 0.3
_MAX_BODY_BYTES = 1_048_576
_MAX_MODELS = 1_000
_MAX_NAME_LENGTH = 200

Discovered = tuple[ProviderSettings, tuple[str, ...]]


class _ListedModel(msgspec.Struct):
    id: str


class _Listing(msgspec.Struct):
    data: list[_ListedModel]


def local_servers() -> tuple[ProviderSettings, ...]:
    """Return the local servers that Parley knows, as providers without a key."""
    return tuple(
        ProviderSettings(vendor.name, vendor.dialect, vendor.base_url, quirks=vendor.quirks, is_local=True)
        for vendor in VENDORS
        if vendor.is_local
    )


async def discover_local(
    servers: Sequence[ProviderSettings] | None = None, timeout_s: float = PROBE_TIMEOUT_S
) -> tuple[Discovered, ...]:
    """Ask all servers at once and return those that answered with at least one model, in their given order.

    `servers` None: the known local ones. Takes at most `timeout_s`, however many servers there are.
    """
    candidates = local_servers() if servers is None else tuple(servers)
    # No proxy: these are addresses of this machine.
    async with aiohttp.ClientSession(trust_env=False) as session, asyncio.TaskGroup() as group:
        probes = [group.create_task(_ask(session, server, timeout_s)) for server in candidates]
    found = zip(candidates, [probe.result() for probe in probes], strict=True)
    return tuple((server, models) for server, models in found if models)


async def _ask(session: aiohttp.ClientSession, server: ProviderSettings, timeout_s: float) -> tuple[str, ...]:
    try:
        async with asyncio.timeout(timeout_s):
            async with session.get(server.base_url + "/models", allow_redirects=False) as response:
                body = await _read_bounded(response)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return ()
    if response.status != 200 or body is None:
        return ()
    try:
        listing = msgspec.json.decode(body, type=_Listing)
    except (ValueError, RecursionError):
        return ()
    return tuple([model.id for model in listing.data if _is_name(model.id)][:_MAX_MODELS])


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes | None:
    """Return the body, None when it is larger than any listing."""
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > _MAX_BODY_BYTES:
            return None
    return bytes(body)


def _is_name(name: str) -> bool:
    return 0 < len(name) <= _MAX_NAME_LENGTH and name.isprintable()
