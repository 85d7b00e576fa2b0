"""How one provider is reached: its address, headers, proxy, certificates and pool of connections.

Knows which of its texts are secret, so that none of them is ever repeated.
"""

import ssl
from dataclasses import replace
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from parley import __version__
from parley.domain.settings import ProviderSettings
from parley.providers.failures import ErrorDetail, redact

_KEEP_ALIVE_S = 30.0
_READ_BUFFER_BYTES = 65_536
# Shorter header values are flags and versions, which may well stand in an error text.
_MIN_SECRET_CHARACTERS = 8


class OutletError(ValueError):
    """A provider can't be reached as it is set; the message says why and what would be right, and holds no secret."""


class Outlet:
    """One provider's way out. The pool is made with the first call, because it belongs to a running loop."""

    def __init__(self, settings: ProviderSettings, auth: tuple[tuple[str, str], ...]) -> None:
        """Take a provider's settings and the headers that sign its calls; raises OutletError."""
        self.base_url = settings.base_url.rstrip("/")
        self.secrets = _secrets_of(settings, auth)
        self.proxy = _proxy_of(settings)
        self._headers = _headers_of(settings, auth)
        self._certificates = _certificates_of(settings)
        self._session: aiohttp.ClientSession | None = None

    def session(self) -> aiohttp.ClientSession:
        """Return the pool of connections, made on first use. Needs a running loop."""
        if self._session is None:
            connector = aiohttp.TCPConnector(ssl=self._certificates, limit=0, keepalive_timeout=_KEEP_ALIVE_S)
            self._session = aiohttp.ClientSession(
                connector=connector,
                headers=self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                read_bufsize=_READ_BUFFER_BYTES,
            )
        return self._session

    def redacted(self, detail: ErrorDetail) -> ErrorDetail:
        """Return `detail` with our secrets taken out of its texts."""
        return replace(detail, slug=redact(detail.slug, self.secrets), message=redact(detail.message, self.secrets))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def _headers_of(settings: ProviderSettings, auth: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return what every call sends; the operator's own headers win. Raises OutletError for what is none."""
    headers = {
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        "accept-encoding": "identity",
        "user-agent": f"parley/{__version__}",
    }
    for name, value in (*auth, *settings.headers):
        if not value.isprintable():
            raise OutletError(
                f"Header {name} of provider {settings.name} has a line break or control character in it; "
                "set the value or key behind it anew."
            )
        headers[name.lower()] = value
    return headers


def _secrets_of(settings: ProviderSettings, auth: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    values = [value.split()[-1] for _, value in (*auth, *settings.headers) if value.split()]
    password = URL(settings.proxy).password if settings.proxy else None
    return tuple(value for value in (*values, settings.api_key, password) if value and _is_secret(value))


def _is_secret(value: str) -> bool:
    return len(value) >= _MIN_SECRET_CHARACTERS


def _proxy_of(settings: ProviderSettings) -> URL | None:
    """Return the proxy as set, else the environment's, read once; never the environment's for a local server."""
    if settings.proxy:
        return _read_proxy(settings.proxy, f"of provider {settings.name}")
    base_url = URL(settings.base_url)
    if settings.is_local or not base_url.host or proxy_bypass(base_url.host):
        return None
    text = getproxies().get(base_url.scheme, "")
    return _read_proxy(text, f"in the environment variable {base_url.scheme.upper()}_PROXY") if text else None


def _read_proxy(text: str, place: str) -> URL:
    """Return the address in `text`; one without a scheme is http://, as other programs take it. Raises OutletError."""
    right = "it must be http:// or https:// and a host, such as http://proxy.example.org:3128"
    try:
        proxy = URL(text if "://" in text else f"http://{text}")
    except ValueError as error:
        raise OutletError(f"The proxy {place} is no address; {right}.") from error
    if proxy.scheme not in {"http", "https"}:
        raise OutletError(f"The proxy {place} is {proxy.scheme}://…; {right}.")
    if not proxy.host:
        raise OutletError(f"The proxy {place} names no host; {right}.")
    return proxy


def _certificates_of(settings: ProviderSettings) -> ssl.SSLContext | bool:
    if not settings.ca_file:
        return True
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cafile=settings.ca_file)
    except OSError as error:
        message = f"ca_file of provider {settings.name} is {settings.ca_file}, which can't be used: {error.strerror}"
        raise OutletError(f"{message}; it must be a file of certificates in PEM.") from error
    return context
