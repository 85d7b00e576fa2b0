"""The two clients: the same resources, over a synchronous or an asynchronous shell."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Generic

import httpx

from parley_client.chat import ChatResource
from parley_client.compare import CompareResource
from parley_client.models import ModelsResource
from parley_client.retries import USUAL_PACE, Pace
from parley_client.roundtable import RoundtableResource
from parley_client.settings import Settings, read_settings
from parley_client.shell import AsyncShell, Shell
from parley_client.templates import TemplatesResource
from parley_client.traces import TracesResource
from parley_client.typevars import H, S
from parley_client.usage import UsageResource


class _Client(Generic[S, H]):
    """What both clients offer; `_shell_of` makes the shell."""

    _shell_of: Callable[[Settings, H | None, Pace], S]

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeout_s: float = 600.0,
        max_retries: int = 2,
        http_client: H | None = None,
        pace: Pace = USUAL_PACE,
    ) -> None:
        self._settings = read_settings(url, api_key, timeout_s, max_retries, os.environ)
        self._shell = type(self)._shell_of(self._settings, http_client, pace)
        self.roundtable = RoundtableResource(self._shell)
        self.compare = CompareResource(self._shell)
        self.chat = ChatResource(self._shell)
        self.models = ModelsResource(self._shell)
        self.templates = TemplatesResource(self._shell)
        self.usage = UsageResource(self._shell)
        self.traces = TracesResource(self._shell)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(url={self._settings.url!r})"


class Parley(_Client[Shell, httpx.Client]):
    """A client of one Parley server; close it, or use it as a context manager. Threads may share it.

    `url` is the server's address without /v1 or /v3, by default PARLEY_URL or http://127.0.0.1:8080. `api_key` is by
    default PARLEY_API_KEY; without either no key is sent. `timeout_s` is the time of one call: all of a plain one, the
    head of a stream. `http_client` brings proxies or certificates of your own, and is not closed with this one.
    Raises ConfigurationError for values that cannot work.
    """

    _shell_of = Shell

    def __enter__(self) -> Parley:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; calls and streams that other threads have under way end with APIConnectionError."""
        self._shell.close()


class AsyncParley(_Client[AsyncShell, httpx.AsyncClient]):
    """As `Parley`, for asyncio: its methods are awaited, its streams are read with `async for`."""

    _shell_of = AsyncShell

    async def __aenter__(self) -> AsyncParley:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._shell.close()
