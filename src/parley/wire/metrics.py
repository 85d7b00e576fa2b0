"""GET /metrics: the process's counters in Prometheus' text format."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from parley.books.metrics import Metrics

_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class MetricsEndpoint:
    """Answers scrapes, off the loop, as a page of many models takes milliseconds."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def answer(self, _request: Request) -> Response:
        page = await asyncio.to_thread(self._metrics.render)
        return Response(page, headers={"content-type": _TYPE})
