"""Serves the console: the files of src/parley/console/ as they are, without a build step. Open: its data needs a key.

The page at `/` names everything else by relative paths, so that it also works behind a proxy at a path of its own.
"""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HEADERS = {
    # No inline script or style, no foreign origin: an answer of a model can neither run nor call home.
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",  # asked for again each time and answered by 304: an upgrade shows at once
}


@dataclass(frozen=True, slots=True)
class _File:
    media_type: str
    content: bytes
    etag: str


class Console:
    """The console's files in memory, read once at the start (some 500 KB)."""

    def __init__(self, auth: str) -> None:
        """`auth` is the setting: the page is told whether to ask for a key."""
        self._files = dict(_read(files("parley") / "console"))
        page = self._files["index.html"].content.replace(b'data-auth="keys"', f'data-auth="{auth}"'.encode())
        self._page = _File(_MEDIA_TYPES[".html"], page, _etag(page))

    async def page(self, request: Request) -> Response:
        """Answer with the page."""
        return _answer(self._page, request)

    async def file(self, request: Request) -> Response:
        """Answer with one of the files that the page names."""
        found = self._files.get(request.path_params["path"])
        if found is None:
            raise HTTPException(404)
        return _answer(found, request)


def _answer(found: _File, request: Request) -> Response:
    headers = {**_HEADERS, "etag": found.etag}
    if found.etag in _held(request):
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)


def _held(request: Request) -> list[str]:
    """List the versions that the browser holds, marked as weak by proxies that compress. Source: RFC 9110, 13.1.2."""
    tags = request.headers.get("if-none-match", "").split(",")
    return [tag.strip().removeprefix("W/") for tag in tags]


def _read(folder: Traversable, prefix: str = "") -> list[tuple[str, _File]]:
    found = []
    for entry in folder.iterdir():
        path = f"{prefix}{entry.name}"
        suffix = path[path.rfind(".") :]
        if entry.is_dir():
            found += _read(entry, f"{path}/")
        elif suffix in _MEDIA_TYPES:
            content = entry.read_bytes()
            found.append((path, _File(_MEDIA_TYPES[suffix], content, _etag(content))))
    return found


def _etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'
