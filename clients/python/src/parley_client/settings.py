"""Where the server is, who asks, and how patiently: checked when the client is built. Shows no key."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from parley_client.errors import ConfigurationError

DEFAULT_URL = "http://127.0.0.1:8080"


@dataclass(frozen=True, slots=True)
class Settings:
    """`url` has no slash at its end; `api_key` None means that no key is sent. Raises ConfigurationError."""

    url: str
    api_key: str | None = field(repr=False)
    timeout_s: float = 600.0
    max_retries: int = 2

    def __post_init__(self) -> None:
        _check_url(self.url)
        _check_key(self.api_key)
        check_timeout_s(self.timeout_s)
        check_max_retries(self.max_retries)


def read_settings(
    url: str | None, api_key: str | None, timeout_s: float, max_retries: int, environment: Mapping[str, str]
) -> Settings:
    """Return checked settings; what is None comes from `environment`, where an empty variable counts as unset."""
    if url is None:
        url = environment.get("PARLEY_URL") or DEFAULT_URL
    if api_key is None:
        api_key = environment.get("PARLEY_API_KEY") or None
    return Settings(url.rstrip("/"), api_key, timeout_s, max_retries)


def check_timeout_s(timeout_s: float | None) -> None:
    if timeout_s is not None and not 0 < timeout_s < math.inf:
        raise ConfigurationError(f"timeout_s is {timeout_s}; it must be a number of seconds above 0, such as 30.")


def check_max_retries(max_retries: int | None) -> None:
    if max_retries is not None and max_retries < 0:
        raise ConfigurationError(f"max_retries is {max_retries}; it must be 0 (never try again) or more.")


def _check_url(url: str) -> None:
    no_address = ConfigurationError(f"The URL is {url!r}; it must be the server's address, such as {DEFAULT_URL}.")
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise no_address from error
    if not is_address or re.search(r"[\s\x00-\x1f\x7f]", url):
        raise no_address
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("The URL holds a user name or password; give the key as api_key or PARLEY_API_KEY.")
    if parts.query or parts.fragment:
        raise ConfigurationError(f"The URL is {url!r}; leave out what follows ? or #.")
    if version := re.search(r"/v\d+$", parts.path):
        raise ConfigurationError(f"The URL is {url!r}; leave out {version[0]}, the library adds it.")


def _check_key(api_key: str | None) -> None:
    if api_key == "":
        raise ConfigurationError("api_key is empty; leave it out for a server that is open, or give a key.")
    if api_key is not None and not re.fullmatch(r"[\x21-\x7e]+", api_key):
        fault = "a line break" if re.search(r"[\r\n]", api_key) else "a character that no key has"
        raise ConfigurationError(f"api_key holds {fault}; give the key alone, without blanks (strip what a file held).")
