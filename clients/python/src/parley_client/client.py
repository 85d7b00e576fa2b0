"""The two clients: the same resources, over a synchronous or an asynchronous shell."""

from __future__ import annotations

import os
from typing import Generic, TypeVar

import httpx

from parley_client.async_io import AsyncShell
from parley_client.chat import ChatResource
from parley_client.compare import CompareResource
from parley_client.models import ModelsResource
from parley_client.parsing import AsyncRoundtableResource, SyncRoundtableResource
from parley_client.retries import USUAL_PACE, Pace
from parley_client.settings import Settings, read_settings
from parley_client.sync_io import Shell
from parley_client.templates import TemplatesResource
from parley_client.traces import TracesResource
from parley_client.usage import UsageResource

S = TypeVar("S")


class _Client(Generic[S]):
    """What both clients offer."""

    def __init__(self, settings: Settings, shell: S) -> None:
        self._settings = settings
        self._shell = shell
        self.compare = CompareResource(shell)
        self.chat = ChatResource(shell)
        self.models = ModelsResource(shell)
        self.templates = TemplatesResource(shell)
        self.usage = UsageResource(shell)
        self.traces = TracesResource(shell)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(url={self._settings.url!r})"


class Parley(_Client[Shell]):
    """A client of one Parley server; close it, or use it as a context manager. Threads may share it.

    `url` is the server's address without /v1 or /v3, by default PARLEY_URL or http://127.0.0.1:8080. `api_key` is by
    default PARLEY_API_KEY; without either no key is sent. `timeout_s` is the time of one call: all of a plain one, the
    head of a stream. `http_client` brings proxies or certificates of your own, and is not closed with this one.
    Raises ConfigurationError for values that cannot work.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeout_s: float = 600.0,
        max_retries: int = 2,
        http_client: httpx.Client | None = None,
        pace: Pace = USUAL_PACE,
    ) -> None:
        settings = read_settings(url, api_key, timeout_s, max_retries, os.environ)
        super().__init__(settings, Shell(settings, http_client, pace))
        self.roundtable = SyncRoundtableResource(self._shell)

    def __enter__(self) -> Parley:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; calls and streams that other threads have under way end with APIConnectionError."""
        self._shell.close()


class AsyncParley(_Client[AsyncShell]):
    """As `Parley`, for asyncio: its methods are awaited, its streams are read with `async for`."""

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeout_s: float = 600.0,
        max_retries: int = 2,
        http_client: httpx.AsyncClient | None = None,
        pace: Pace = USUAL_PACE,
    ) -> None:
        settings = read_settings(url, api_key, timeout_s, max_retries, os.environ)
        super().__init__(settings, AsyncShell(settings, http_client, pace))
        self.roundtable = AsyncRoundtableResource(self._shell)

    async def __aenter__(self) -> AsyncParley:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._shell.aclose()
