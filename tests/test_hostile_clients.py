"""Clients that are broken, hostile or unlucky, against a real server: each is answered as documented or cut off."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from serving import ADMIN_KEY, OPEN, connect, send, serving

PANEL = {"input": "Is water wet?", "models": ["sandbox/terse"], "resolution": "fast"}
KEY = {"Authorization": f"Bearer {ADMIN_KEY}"}


@pytest.fixture(scope="module")
def keyed() -> Iterator[str]:
    with serving("[server]\n") as url:
        yield url


@pytest.fixture(scope="module")
def unkeyed() -> Iterator[str]:
    with serving(OPEN) as url:
        yield url


def head_of(method: str, path: str, *lines: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode("latin-1")


def request_of(path: str, body: Any, *lines: str) -> bytes:
    raw = json.dumps(body).encode()
    length = f"Content-Length: {len(raw)}"
    return head_of("POST", path, "Host: localhost", "Content-Type: application/json", length, *lines) + raw


def rest_of(line: socket.socket) -> bytes:
    """Return all that the server still sends, until it closes the connection."""
    pieces = []
    try:
        while piece := line.recv(65_536):
            pieces.append(piece)
    except ConnectionError:
        pass
    return b"".join(pieces)


def exchange(url: str, sent: bytes) -> bytes:
    with connect(url) as line:
        line.sendall(sent)
        return rest_of(line)


class TestAddresses:
    @pytest.mark.parametrize(
        "host", ["[", "[::1", "[::1]x", "]", "a@localhost", "localhost/x", "localhost:port", "::1"]
    )
    def test_broken_host_is_refused_by_an_open_server(self, unkeyed: str, host: str) -> None:
        assert send(unkeyed, "GET", "/healthz", None, {"Host": host}).status == 403

    @pytest.mark.parametrize("host", ["[", "[::1", "", "a b", "\xff"])
    def test_host_does_not_matter_to_a_server_with_keys(self, keyed: str, host: str) -> None:
        assert send(keyed, "GET", "/healthz", None, {"Host": host}).status == 200
        assert send(keyed, "GET", "/nowhere", None, {"Host": host}).status == 404
        assert send(keyed, "GET", "/v1/models", None, {"Host": host}).status == 401

    @pytest.mark.parametrize("path", ["/healthz/", "/v3/roundtable/", "/v3/models/"])
    def test_slash_at_the_end_is_another_path_and_leads_nowhere(self, keyed: str, path: str) -> None:
        got = send(keyed, "GET", path, None, KEY)
        assert (got.status, got.error["code"]) == (404, "not_found")
        assert path.rstrip("/") in got.error["message"]
