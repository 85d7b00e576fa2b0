"""Checks providers on demand: a few at once, each for a bounded time, none of them with a call that costs anything."""

import asyncio
from collections.abc import Mapping, Sequence

from parley.domain.checkup import Checkup
from parley.domain.settings import ModelSettings, ProviderSettings
from parley.providers.checkup import check_provider
from parley.providers.provider import Provider

_AT_ONCE = 8


class Checkups:
    """All configured providers; `models` are the rows of `[models]`, whose deployments are looked for."""

    def __init__(
        self,
        settings: Sequence[ProviderSettings],
        providers: Mapping[str, Provider],
        models: Sequence[ModelSettings] = (),
    ) -> None:
        self.settings = tuple(settings)
        self._settings = {each.name: each for each in settings}
        self._providers = providers
        self._wanted: dict[str, list[str]] = {name: [] for name in self._settings}
        for place in (place for model in models for place in model.deployments):
            self._wanted[place.provider].append(place.model)
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def check(self, names: Sequence[str]) -> tuple[Checkup, ...]:
        """Check the providers of these names, in their order; more than eight at once wait for one another."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._check(name)) for name in names]
        return tuple(task.result() for task in tasks)

    async def _check(self, name: str) -> Checkup:
        async with self._places:
            return await check_provider(self._settings[name], self._providers[name], self._wanted[name])
