"""One client measured in this process: `python -m bench.transports.child CLIENT URL FOLDER WHAT`, prints JSON.

WHAT is `work` (CPU of calls and tokens, the way of a token, the time to cancel) or `memory` (of open streams). FOLDER
holds the certificates that `bench.certificates` makes. CPU is that of the whole process, its threads included.
"""

import asyncio
import importlib
import json
import re
import resource
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from statistics import median, quantiles

import uvloop

from bench.process_tree import pss_mb
from bench.transports import AUTHORITY, Transport

_BODY = json.dumps({"model": "stub", "messages": [{"role": "user", "content": "Say something. " * 40}]}).encode()
_STREAM_BODY = _BODY[:-1] + b',"stream":true}'
_STAMP = re.compile(rb"@T(\d{19})")
_OPEN_STREAMS = 6_000
_CANCELS = 100


async def main(name: str, url: str, folder: Path, what: str) -> dict[str, float]:
    client: Transport = importlib.import_module(f"bench.transports.{name}").Client(url, str(folder / "authority.pem"))
    try:
        if what == "memory":
            return await _memory(client)
        found = await _work(client)
    finally:
        await client.close()
    return found | await _cancelling(name, url.partition(":")[0], folder)


async def _work(client: Transport) -> dict[str, float]:
    await _calls(client, 1_000)
    await _streams(client, 48, "/c/200/0/0", 2)
    found = {"call_us": await _cpu_us(client, 6_000)}
    await _streams(client, 600, "/c/1/0/0", 2)  # so that no connection is made while its tokens are counted
    for name, at_once, manner, tokens, rounds in (
        ("token_us", 48, "/c/300/10000/0", 300, 1),
        ("token_600_us", 600, "/c/60/50000/0", 60, 1),
        ("burst_us", 48, "/c/200/0/0", 200, 15),
    ):
        before = _cpu_s()
        ways = await _streams(client, at_once, manner, rounds)
        found[name] = (_cpu_s() - before) / (at_once * tokens * rounds) * 1e6
        if name == "token_us":
            found["way_p50_ms"], found["way_p99_ms"] = median(ways), quantiles(ways, n=100)[-1]
    return found


async def _cpu_us(client: Transport, count: int) -> float:
    before = _cpu_s()
    await _calls(client, count)
    return (_cpu_s() - before) / count * 1e6


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def _calls(client: Transport, count: int) -> None:
    async def ask(turns: Iterator[int]) -> None:
        for _ in turns:
            body = await client.whole("/c/200/0/0/chat/completions", _BODY)
            if not body.endswith(b"}"):
                raise SystemExit(f"The stub answered {body[:200]!r}")

    turns = iter(range(count))
    async with asyncio.TaskGroup() as group:
        for _ in range(48):
            group.create_task(ask(turns))


async def _streams(client: Transport, at_once: int, manner: str, rounds: int) -> list[float]:
    """Read streams to their end; return how long each paced token that came alone was on its way, in ms."""
    seen: list[tuple[int, bytes]] = []

    async def ask() -> None:
        for _ in range(rounds):
            async for read in client.reads(f"{manner}/chat/completions", _STREAM_BODY):
                seen.append((time.monotonic_ns(), read))

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(ask())
    if not manner.endswith("/10000/0"):
        return []
    return [(at_ns - int(found[1])) / 1e6 for at_ns, read in seen if (found := _STAMP.search(read))]


async def _cancelling(name: str, scheme: str, folder: Path) -> dict[str, float]:
    """Return how long it takes from a cancel until the server sees the connection closed."""
    left_ms: list[float] = []
    cancelled_at = 0.0
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n")
        try:
            while await reader.read(65_536):
                pass
        except (ConnectionError, ssl.SSLError):
            pass
        left_ms.append((time.perf_counter() - cancelled_at) * 1e3)
        gone.set()
        writer.transport.abort()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    server = await asyncio.start_server(serve, AUTHORITY, 0, ssl=context if scheme == "https" else None)
    port = server.sockets[0].getsockname()[1]
    url = f"{scheme}://{AUTHORITY}:{port}"
    client: Transport = importlib.import_module(f"bench.transports.{name}").Client(url, str(folder / "authority.pem"))
    for _ in range(_CANCELS):
        gone.clear()
        begun = asyncio.Event()
        task = asyncio.ensure_future(_read_on(client, begun))
        await begun.wait()
        cancelled_at = time.perf_counter()
        task.cancel()
        await asyncio.wait({task})
        await gone.wait()
    await client.close()
    server.close()
    return {"cancel_p50_ms": median(left_ms), "cancel_max_ms": max(left_ms)}


async def _read_on(client: Transport, begun: asyncio.Event) -> None:
    async with aclosing(client.reads("/", _STREAM_BODY)) as reads:  # type: ignore[type-var]  # all are generators
        async for _ in reads:
            begun.set()


async def _memory(client: Transport) -> dict[str, float]:
    """Return what one open stream takes: thousands are opened, and nothing more comes after their first event."""
    await _calls(client, 500)
    before = pss_mb(_own_pid())
    at_once = asyncio.Semaphore(200)
    opened = 0
    all_open = asyncio.Event()

    async def hold() -> None:
        nonlocal opened
        await at_once.acquire()
        is_open = False
        async for _ in client.reads("/c/2/100000000/0/chat/completions", _STREAM_BODY):
            if not is_open:
                is_open = True
                at_once.release()
                opened += 1
            if opened == _OPEN_STREAMS:
                all_open.set()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(hold()) for _ in range(_OPEN_STREAMS)]
        await all_open.wait()
        found = (pss_mb(_own_pid()) - before) * 1e3 / _OPEN_STREAMS
        for task in tasks:
            task.cancel()
    return {"stream_kb": found}


def _own_pid() -> int:
    return int(Path("/proc/self").readlink().name)


if __name__ == "__main__":
    client_name, base_url, certificates, wanted = sys.argv[1:]
    print(json.dumps(uvloop.run(main(client_name, base_url, Path(certificates), wanted))))
