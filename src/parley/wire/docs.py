"""Serves the API's description: /openapi.json for programs, /docs for people. Open, static, without foreign origins."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from parley.wire.openapi import build_document

_DOCUMENT = msgspec.json.encode(build_document())


async def openapi_document(_request: Request) -> Response:
    """Answer with the OpenAPI 3.1 document."""
    return Response(_DOCUMENT, media_type="application/json")


async def docs_page(_request: Request) -> Response:
    """Answer with the readable reference."""
    return Response(
        '<!doctype html><title>Parley</title><a href="openapi.json">openapi.json</a>', media_type="text/html"
    )
