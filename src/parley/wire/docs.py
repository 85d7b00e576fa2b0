"""Serves the API's description: /openapi.json for programs, /docs for people. Open, static, without foreign origins.

Both are files that `scripts/write_openapi.py` writes from the code; a test says when they are out of date.
"""

from importlib.resources import files

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from parley.domain.json import JsonObject

_STATIC = files("parley.wire") / "static"
_DOCUMENT = (_STATIC / "openapi.json").read_bytes()
_PAGE = (_STATIC / "docs.html").read_bytes()
_ASSETS = {
    "docs.css": ("text/css", (_STATIC / "docs.css").read_bytes()),
    "docs.js": ("text/javascript", (_STATIC / "docs.js").read_bytes()),
}
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


async def openapi_document(request: Request) -> Response:
    """Answer with the OpenAPI 3.1 document; behind a proxy it names the path that the server is mounted at."""
    root_path = request.scope.get("root_path", "")
    document = _mounted_at(root_path) if root_path else _DOCUMENT
    return Response(document, media_type="application/json", headers={"cache-control": "no-cache"})


async def docs_page(_request: Request) -> Response:
    """Answer with the readable reference."""
    return Response(_PAGE, media_type="text/html", headers=_HEADERS)


async def docs_asset(request: Request) -> Response:
    """Answer with the reference's style or script."""
    found = _ASSETS.get(request.path_params["asset"])
    if found is None:
        raise HTTPException(404)
    media_type, content = found
    return Response(content, media_type=media_type, headers=_HEADERS)


def _mounted_at(root_path: str) -> bytes:
    document: JsonObject = msgspec.json.decode(_DOCUMENT)
    return msgspec.json.encode({**document, "servers": [{"url": root_path}]})
