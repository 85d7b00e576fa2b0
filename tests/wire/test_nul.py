"""A NUL in what is looked up: SQLite takes it, PostgreSQL refuses it, and clients are told the same by both."""

from typing import Any

import pytest

from serving import OPEN, send, serving


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> dict[str, str]:
    if request.param == "sqlite":
        return {}
    return {"PARLEY_STORE_URL": request.getfixturevalue("postgresql_url")}


def test_nul_in_an_id_or_filter_is_refused_on_every_store(store: dict[str, str]) -> None:
    refused: list[tuple[str, str, Any, int]] = [
        ("GET", "/v1/keys/a%00", None, 404),
        ("PATCH", "/v1/keys/%00", {"rpm": 1}, 404),
        ("DELETE", "/v1/keys/%00", None, 404),
        ("GET", "/v1/usage/events/%00/attempts", None, 404),
        ("GET", "/v1/templates/%00", None, 404),
        ("GET", "/v3/traces/%00", None, 404),
        ("POST", "/v1/usage", {"model": "\0"}, 422),
        ("POST", "/v1/usage", {"key_id": "a\0"}, 422),
        ("POST", "/v1/usage/events", {"panel_id": "a\0"}, 422),
        ("POST", "/v1/usage/events", {"request_id": "\0"}, 422),
    ]
    with serving(OPEN, env=store) as url:
        for method, path, body, status in refused:
            got = send(url, method, path, body)
            assert got.status == status, f"{method} {path} {body}"
