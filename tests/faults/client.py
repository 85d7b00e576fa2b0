"""What clients of the fault runs send, and what they got: nothing is taken for an answer that did not come whole."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import aiohttp

from faults.house import ADMIN_KEY


@dataclass
class Got:
    """One request's fate. `status` 0: no answer; `is_whole`: the last byte came, also that of a stream."""

    tag: str
    status: int = 0
    is_whole: bool = False
    request_id: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    error: str = ""

    @property
    def is_answered(self) -> bool:
        return self.status == 200 and self.is_whole and "error_code" not in self.body

    @property
    def code(self) -> str:
        error = self.body.get("error")
        return str(error.get("code")) if isinstance(error, dict) else str(self.body.get("error_code", ""))

    @property
    def cost(self) -> Decimal:
        return Decimal(str(self.body["meta"]["total_cost"]))


def panel(tag: str, *models: str, **more: object) -> dict[str, object]:
    return {"input": f"[[{tag}]] What is the capital of France?", "models": list(models), "max_retries": 0, **more}


def session(limit: int = 0, timeout_s: float = 60) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=limit, force_close=True)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=timeout_s))


async def ask(http: aiohttp.ClientSession, url: str, tag: str, body: Mapping[str, object], key: str = ADMIN_KEY) -> Got:
    """Send a panel and wait for its last byte; a connection that breaks is written down, not raised."""
    got = Got(tag)
    try:
        async with http.post(f"{url}/v3/roundtable", json=body, headers={"Authorization": f"Bearer {key}"}) as response:
            got.status = response.status
            got.headers = response.headers
            got.request_id = response.headers.get("X-Request-Id", "")
            raw = await response.read()
            if body.get("stream") and response.status == 200:
                got.is_whole = raw.endswith(b"data: [DONE]\n\n")
                got.body = _last_event(raw)
            else:
                got.is_whole = True
                got.body = json.loads(raw)
    except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
        got.error = type(error).__name__
    return got


def _last_event(raw: bytes) -> dict[str, Any]:
    frames = [line[6:] for line in raw.split(b"\n") if line.startswith(b"data: ") and line != b"data: [DONE]"]
    found: dict[str, Any] = json.loads(frames[-1]) if frames else {}
    return found


async def make_key(url: str, name: str, **terms: object) -> str:
    """Create a key by the API and return it."""
    async with (
        session() as http,
        http.post(
            f"{url}/v1/keys", json={"name": name, **terms}, headers={"Authorization": f"Bearer {ADMIN_KEY}"}
        ) as got,
    ):
        told = await got.json()
        assert got.status == 201, told
        return str(told["key"])


async def metric(url: str, name: str) -> float:
    """Return the sum of a metric's samples, 0 where there is none."""
    async with session() as http, http.get(f"{url}/metrics", headers={"Authorization": f"Bearer {ADMIN_KEY}"}) as got:
        text = await got.text()
    lines = [line for line in text.split("\n") if line.startswith((name + " ", name + "{"))]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


async def until(condition: Any, timeout_s: float, every_s: float = 0.05) -> bool:
    """Wait until `condition()` is true; return whether it came true in time."""
    async with asyncio.timeout(timeout_s + 60):
        end = asyncio.get_running_loop().time() + timeout_s
        while not condition():
            if asyncio.get_running_loop().time() >= end:
                return bool(condition())
            await asyncio.sleep(every_s)
    return True
