"""A provider that is loaded with its first call, because its modules are slow to load and many servers never ask it."""

import importlib
from collections.abc import AsyncIterator

from parley.domain.settings import ProviderSettings
from parley.providers.provider import Call, Chunk, Provider


class LateProvider:
    """Stands in for the provider class `name` of `module` until it is asked."""

    def __init__(self, module: str, name: str, settings: ProviderSettings) -> None:
        self._module = module
        self._name = name
        self._settings = settings
        self._provider: Provider | None = None

    def stream(self, call: Call) -> AsyncIterator[Chunk]:
        """As the provider itself does."""
        if self._provider is None:
            self._provider = getattr(importlib.import_module(self._module), self._name)(self._settings)
        return self._provider.stream(call)

    async def close(self) -> None:
        if self._provider is not None:
            await self._provider.close()
