"""Whether the process lives (`/healthz`) and whether it takes requests (`/readyz`). Open, and telling little."""

from starlette.requests import Request
from starlette.responses import Response

from parley.wire.encoding import encode_json
from parley.wire.runs import Runs


async def healthz(_request: Request) -> Response:
    """200 as long as the loop turns."""
    return Response(encode_json({"status": "ok"}), media_type="application/json")


class Readyz:
    """200 while requests are taken, 503 once the server is shutting down, so that a balancer looks elsewhere."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    async def answer(self, _request: Request) -> Response:
        if self._runs.is_closing:
            return Response(encode_json({"status": "shutting_down"}), 503, media_type="application/json")
        return Response(encode_json({"status": "ready"}), media_type="application/json")
