"""How a connection to a provider's host is made: names, addresses, TLS, proxies.

Raises OSError for all that can go wrong: TimeoutError, socket.gaierror, ssl.SSLError, ProxyRefused, the system's own.
"""

import asyncio
import socket
import ssl
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from aiohappyeyeballs import AddrInfoType, start_connection

from parley.providers.connection import Connection

_NEXT_ADDRESS_S = 0.25
"""How long an address may take before the next one is tried beside it. Source: RFC 8305, section 5."""

_ADDRESSES_S = 10.0
"""How long a name's addresses are believed, so that a thousand calls at once don't ask a thousand times."""


class ProxyRefused(ConnectionError):
    """The proxy will not connect us; `status` is its answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Address:
    """Where a URL leads. `path` is as it was written; `credentials` are the `user:password` in it, or empty."""

    scheme: str
    host: str
    port: int
    path: str
    credentials: str = ""

    @property
    def is_tls(self) -> bool:
        return self.scheme == "https"

    @property
    def host_and_port(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def authority(self) -> str:
        """The host as the Host header wants it: without the port that goes without saying."""
        is_usual = self.port == _USUAL_PORTS[self.scheme]
        return self.host_and_port.rpartition(":")[0] if is_usual else self.host_and_port

    @property
    def authorization(self) -> str:
        """The value of an authorization header made from the credentials."""
        return "Basic " + b64encode(self.credentials.encode()).decode()


_USUAL_PORTS = {"http": 80, "https": 443}


def read_address(url: str) -> Address:
    """Return where `url` leads. Raises ValueError for a bad port, an unknown scheme, and where no host is named."""
    parts = urlsplit(url)
    if parts.scheme not in _USUAL_PORTS or not parts.hostname:
        raise ValueError("it is not http:// or https:// and a host")
    host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    credentials = unquote(parts.netloc.rpartition("@")[0])
    return Address(parts.scheme, host, parts.port or _USUAL_PORTS[parts.scheme], parts.path, credentials)


class Dialer:
    """Makes connections to one address, through a proxy if there is one. Belongs to a running loop."""

    def __init__(self, target: Address, proxy: Address | None, certificates: ssl.SSLContext | None) -> None:
        self._target = target
        self._proxy = proxy
        self._first = proxy or target
        self._certificates = certificates
        self._loop = asyncio.get_running_loop()
        self._addresses: Sequence[AddrInfoType] = ()
        self._believed_until_s = 0.0
        self._asking = asyncio.Lock()

    async def dial(self, timeout_s: float) -> Connection:
        """Return a new connection, its TLS agreed on, within `timeout_s`."""
        async with asyncio.timeout(timeout_s):
            connection = await self._connect()
            try:
                if self._first.is_tls:
                    connection = await self._encrypt(connection, self._first.host)
                if self._proxy is not None and self._target.is_tls:
                    await self._ask_for_tunnel(connection, self._proxy)
                    connection = await self._encrypt(connection, self._target.host)
            except BaseException:
                connection.abort()
                raise
            return connection

    async def _connect(self) -> Connection:
        try:
            raw = await start_connection(await self._look_up(), happy_eyeballs_delay=_NEXT_ADDRESS_S, loop=self._loop)
        except RuntimeError as error:  # uvloop's word for a socket that the system took away
            raise ConnectionAbortedError(str(error)) from error
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _, connection = await self._loop.create_connection(lambda: Connection(self._loop), sock=raw)
        except BaseException:
            raw.close()
            raise
        return connection

    async def _look_up(self) -> Sequence[AddrInfoType]:
        async with self._asking:
            if self._loop.time() >= self._believed_until_s:
                host, port = self._first.host, self._first.port
                self._addresses = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                self._believed_until_s = self._loop.time() + _ADDRESSES_S
            return self._addresses

    async def _encrypt(self, outer: Connection, host: str) -> Connection:
        """Return a connection inside of `outer`.

        TLS is not begun by create_connection: cancelled in the handshake, uvloop's would keep 60 kB for a minute.
        """
        assert self._certificates is not None
        inner = Connection(self._loop)
        transport = outer.hand_over()
        try:
            carrier = await self._loop.start_tls(transport, inner, self._certificates, server_hostname=host)
        except BaseException:
            transport.abort()
            raise
        if carrier is None:  # the connection was lost meanwhile
            raise ConnectionResetError
        inner.connection_made(carrier)
        return inner

    async def _ask_for_tunnel(self, connection: Connection, proxy: Address) -> None:
        """Have the proxy connect us to the target. Source: RFC 9110, section 9.3.6."""
        where = self._target.host_and_port
        lines = [f"CONNECT {where} HTTP/1.1", f"host: {where}"]
        if proxy.credentials:
            lines.append(f"proxy-authorization: {proxy.authorization}")
        await connection.ask("\r\n".join([*lines, "", ""]).encode())
        if not 200 <= connection.status < 300:
            raise ProxyRefused(connection.status)
