"""How one provider is reached: its address, headers, proxy, certificates and pool of connections.

Knows which of its texts are secret, so that none of them is ever repeated.
"""

import ssl
from dataclasses import replace
from functools import cache
from urllib.request import getproxies, proxy_bypass

from parley import __version__
from parley.domain.settings import ProviderSettings
from parley.providers.connection import Connection
from parley.providers.dialing import Address, Dialer, read_address
from parley.providers.failures import ErrorDetail, redact
from parley.providers.pool import Pool

# Shorter header values are flags and versions, which may well stand in an error text.
_MIN_SECRET_CHARACTERS = 8


class OutletError(ValueError):
    """A provider can't be reached as it is set; the message says why and what would be right, and holds no secret."""


class Outlet:
    """One provider's way out. The pool is made with the first call, because it belongs to a running loop."""

    def __init__(self, settings: ProviderSettings, auth: tuple[tuple[str, str], ...]) -> None:
        """Take a provider's settings and the headers that sign its calls; raises OutletError."""
        self._target = _target_of(settings)
        self.proxy = _proxy_of(settings, self._target)
        self.secrets = _secrets_of(settings, auth, self.proxy)
        self._prefix = self._target.path.encode()
        headers = {"host": self._target.authority, **_headers_of(settings, auth)}
        if self.proxy is not None and not self._target.is_tls:
            self._prefix = f"http://{self._target.authority}{self._target.path}".encode()
            if self.proxy.credentials:
                headers["proxy-authorization"] = self.proxy.authorization
        self._fields = "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode()
        self._certificates = _certificates_of(settings, self._target, self.proxy)
        self._pool: Pool | None = None

    async def take(self, connect_s: float) -> Connection:
        """Return a connection for one call. Raises OSError as Dialer.dial does."""
        if self._pool is None:
            self._pool = Pool(Dialer(self._target, self.proxy, self._certificates))
        return await self._pool.take(connect_s)

    def give_back(self, connection: Connection) -> None:
        """Keep the connection for another call if it can serve one, else close it at once."""
        assert self._pool is not None
        self._pool.give_back(connection)

    def head(self, method: str, path: str, body: bytes | None) -> bytes:
        """Return the head of a request; `path` goes out as it stands."""
        line = b"%s %s%s HTTP/1.1\r\n" % (method.encode(), self._prefix, path.encode())
        length = b"" if body is None else b"content-length: %d\r\n" % len(body)
        return b"%s%s%s\r\n" % (line, self._fields, length)

    def redacted(self, detail: ErrorDetail) -> ErrorDetail:
        """Return `detail` with our secrets taken out of its texts."""
        return replace(detail, slug=redact(detail.slug, self.secrets), message=redact(detail.message, self.secrets))

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()


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


def _secrets_of(
    settings: ProviderSettings, auth: tuple[tuple[str, str], ...], proxy: Address | None
) -> tuple[str, ...]:
    values = [value.split()[-1] for _, value in (*auth, *settings.headers) if value.split()]
    password = proxy.credentials.partition(":")[2] if proxy else ""
    return tuple(value for value in (*values, settings.api_key, password) if value and _is_secret(value))


def _is_secret(value: str) -> bool:
    return len(value) >= _MIN_SECRET_CHARACTERS


def _target_of(settings: ProviderSettings) -> Address:
    try:
        return read_address(settings.base_url.rstrip("/"))
    except ValueError as error:
        right = "it must be http:// or https:// and a host, such as https://api.example.org/v1"
        raise OutletError(f"base_url of provider {settings.name} is no address; {right}.") from error


def _proxy_of(settings: ProviderSettings, target: Address) -> Address | None:
    """Return the proxy as set, else the environment's, read once; never the environment's for a local server."""
    if settings.proxy:
        return _read_proxy(settings.proxy, f"of provider {settings.name}")
    if settings.is_local or proxy_bypass(target.host):
        return None
    text = getproxies().get(target.scheme, "")
    return _read_proxy(text, f"in the environment variable {target.scheme.upper()}_PROXY") if text else None


def _read_proxy(text: str, place: str) -> Address:
    """Return the address in `text`; one without a scheme is http://, as other programs take it. Raises OutletError."""
    right = "it must be http:// or https:// and a host, such as http://proxy.example.org:3128"
    url = text if "://" in text else f"http://{text}"
    scheme, _, rest = url.partition("://")
    if scheme not in {"http", "https"}:
        raise OutletError(f"The proxy {place} is {scheme}://…; {right}.")
    if not rest.strip("/"):
        raise OutletError(f"The proxy {place} names no host; {right}.")
    try:
        return read_address(url)
    except ValueError as error:
        raise OutletError(f"The proxy {place} is no address; {right}.") from error


def _certificates_of(settings: ProviderSettings, target: Address, proxy: Address | None) -> ssl.SSLContext | None:
    """Return what to check certificates against, None where nothing is encrypted. Raises OutletError."""
    if not settings.ca_file:
        return _usual_certificates() if target.is_tls or (proxy and proxy.is_tls) else None
    context = _make_context()
    try:
        context.load_verify_locations(cafile=settings.ca_file)
    except OSError as error:
        message = f"ca_file of provider {settings.name} is {settings.ca_file}, which can't be used: {error.strerror}"
        raise OutletError(f"{message}; it must be a file of certificates in PEM.") from error
    return context


@cache
def _usual_certificates() -> ssl.SSLContext:
    """Return the system's authorities, the same for all providers: to load them takes 20 ms."""
    return _make_context()


def _make_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
