"""What cannot work is refused before anything is sent, with a message that says what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from callers import Caller, both
from parley_client import CallOptions, ConfigurationError, Parley
from parley_client.settings import DEFAULT_URL, read_settings


def read(url: str | None = None, key: str | None = None, **environment: str) -> Any:
    return read_settings(url, key, 600, 2, environment)


def test_the_environment_configures_and_the_argument_wins() -> None:
    assert (read().url, read().api_key) == (DEFAULT_URL, None)
    found = read(PARLEY_URL="https://a.example", PARLEY_API_KEY="rsk_1")
    assert (found.url, found.api_key) == ("https://a.example", "rsk_1")
    found = read("http://b.example/", "rsk_2", PARLEY_URL="https://a.example", PARLEY_API_KEY="rsk_1")
    assert (found.url, found.api_key) == ("http://b.example", "rsk_2")


def test_empty_variables_count_as_unset() -> None:
    found = read(PARLEY_URL="", PARLEY_API_KEY="")
    assert (found.url, found.api_key) == (DEFAULT_URL, None)


@pytest.mark.parametrize("url", ["http://h", "https://h:1", "http://[::1]:80", "http://h/under/a/path", "http://h/v1x"])
def test_an_address_is_taken(url: str) -> None:
    assert read(url).url == url


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("", "must be the server's address"),
        ("127.0.0.1:8080", "must be the server's address"),
        ("ftp://h", "must be the server's address"),
        ("http://", "must be the server's address"),
        ("http://h:99999", "must be the server's address"),
        ("http://h:0", "must be the server's address"),
        ("http://h\n", "must be the server's address"),
        ("http://a b", "must be the server's address"),
        ("http://h/v1", "leave out /v1"),
        ("http://h/v3/", "leave out /v3"),
        ("http://h?a=b", "leave out what follows"),
        ("http://h#a", "leave out what follows"),
    ],
)
def test_what_is_no_address_is_refused(url: str, advice: str) -> None:
    with pytest.raises(ConfigurationError, match=advice):
        read(url)


def test_a_password_in_the_address_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError, match="give the key as api_key") as raised:
        read("http://user:secret@h")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("key", "advice"),
    [
        ("", "is empty"),
        ("rsk_secret\n", "line break"),
        ("rsk_secret\r\nX: y", "line break"),
        ("rsk_secret key", "without blanks"),
        ("rsk_secretä", "a character that no key has"),
        ("rsk_secret\0", "a character that no key has"),
    ],
)
def test_what_is_no_key_is_refused_and_not_repeated(key: str, advice: str) -> None:
    with pytest.raises(ConfigurationError, match=advice) as raised:
        read(None, key)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Parley(timeout_s=0),
        lambda: Parley(timeout_s=-1),
        lambda: Parley(timeout_s=float("nan")),
        lambda: Parley(timeout_s=float("inf")),
        lambda: Parley(max_retries=-1),
        lambda: CallOptions(timeout_s=0),
        lambda: CallOptions(max_retries=-1),
        lambda: CallOptions(idempotency_key=""),
        lambda: CallOptions(idempotency_key="a\nb"),
        lambda: CallOptions(idempotency_key="x" * 256),
    ],
)
def test_limits_that_cannot_be_are_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(ConfigurationError):
        make()


def test_the_longest_idempotency_key_is_taken() -> None:
    assert CallOptions(idempotency_key="x" * 255).idempotency_key


@both
def test_a_client_shows_no_key(caller: Caller) -> None:
    client = caller.client("http://127.0.0.1:9", "rsk_secret")
    shown = f"{client!r} {client} {vars(client)}"
    assert "127.0.0.1:9" in shown
    assert "secret" not in shown
