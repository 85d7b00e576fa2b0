"""Asks the servers on this machine that speak the OpenAI dialect which models they have.

Nothing that goes wrong is an error: a port where nobody listens, or somebody else, is no server.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from parley.catalog.vendors import VENDORS
from parley.domain.errors import UpstreamFailure
from parley.domain.settings import ProviderSettings
from parley.providers.openai_errors import read_error
from parley.providers.transport import Transport

PROBE_TIMEOUT_S = 0.3
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
    async with asyncio.TaskGroup() as group:
        probes = [group.create_task(_ask(server, timeout_s)) for server in candidates]
    found = zip(candidates, [probe.result() for probe in probes], strict=True)
    return tuple((server, models) for server, models in found if models)


async def _ask(server: ProviderSettings, timeout_s: float) -> tuple[str, ...]:
    transport = Transport(server, (), read_error)
    try:
        body = await transport.get("/models", timeout_s)
    except UpstreamFailure:
        return ()
    finally:
        await transport.close()
    try:
        listing = msgspec.json.decode(body, type=_Listing)
    except (ValueError, RecursionError):
        return ()
    return tuple([model.id for model in listing.data if _is_name(model.id)][:_MAX_MODELS])


def _is_name(name: str) -> bool:
    return 0 < len(name) <= _MAX_NAME_LENGTH and name.isprintable()
