"""An endpoint that is loaded with its first request, because it is slow to load and many servers never hear one."""

import importlib

from starlette.types import ASGIApp, Receive, Scope, Send


class LateEndpoint:
    """Stands in for the ASGI class `name` of `module`, built from `parts`, until it is asked."""

    def __init__(self, module: str, name: str, *parts: object) -> None:
        self._module = module
        self._name = name
        self._parts = parts
        self._endpoint: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._endpoint is None:
            self._endpoint = getattr(importlib.import_module(self._module), self._name)(*self._parts)
        await self._endpoint(scope, receive, send)
