"""The models that a provider says it has: one GET that costs nothing, in the shapes that the dialects answer with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import msgspec

from parley.providers.transport import Transport


@dataclass(frozen=True, slots=True)
class Listing:
    """`is_whole`: there are no further pages. `date` is the Date header of the answer, empty without one."""

    models: tuple[str, ...]
    is_whole: bool = True
    date: str = ""


@runtime_checkable
class ListsModels(Protocol):
    """A provider behind a network, which can be asked for its models."""

    async def list_models(self, timeout_s: float) -> Listing:
        """Return the names as they go upstream. Raises UpstreamFailure."""
        ...


class _Entry(msgspec.Struct):
    """`id` in the dialects openai and anthropic, `name` in gemini, where it is a path."""

    id: str = ""
    name: str = ""


class _Page(msgspec.Struct):
    data: list[_Entry] | None = None
    models: list[_Entry] | None = None
    has_more: bool | None = None
    next_page: str | None = msgspec.field(default=None, name="nextPageToken")


async def fetch_listing(transport: Transport, path: str, timeout_s: float) -> Listing:
    """Return what stands at `path`. Raises UpstreamFailure, also for an answer that is no list of models."""
    body, headers = await transport.look_up(path, timeout_s)
    try:
        return read_listing(body, headers)
    except (ValueError, RecursionError) as error:
        raise transport.broken("answered with something that is no list of models; is its base_url right?") from error


def read_listing(body: bytes, headers: Mapping[str, str]) -> Listing:
    """Return the listing in `body`, which some servers send as a bare array. Raises ValueError, RecursionError."""
    page = msgspec.json.decode(body, type=_Page | list[_Entry])
    if isinstance(page, list):
        page = _Page(page)
    if page.data is None and page.models is None:
        raise ValueError("neither data nor models")
    names = [entry.id or entry.name.removeprefix("models/") for entry in page.data or page.models or ()]
    is_whole = not page.has_more and not page.next_page
    return Listing(tuple(name for name in names if name), is_whole, headers.get("date", ""))
