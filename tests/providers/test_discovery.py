"""Finding local servers: who answers with models is found, everybody else is no error and costs no time."""

import asyncio
import socket

import pytest

from parley.domain.models import Dialect
from parley.domain.settings import ProviderSettings
from parley.providers.discovery import Discovered, discover_local, local_servers
from wire_server import HANG, Reply, WireServer, body_reply, json_reply

LISTING = {"object": "list", "data": [{"id": "qwen3:8b", "object": "model"}, {"id": "phi-4", "owned_by": "x"}]}
HTML = [("Content-Type", "text/html")]


def server_at(url: str, name: str = "ollama") -> ProviderSettings:
    return ProviderSettings(name, Dialect.OPENAI, url + "/v1", is_local=True)


async def ask(*replies: Reply, timeout_s: float = 5) -> tuple[Discovered, ...]:
    async with WireServer(*replies) as server:
        found = await discover_local([server_at(server.url)], timeout_s)
        assert server.requests[0].path == "/v1/models"
        assert "authorization" not in server.requests[0].headers
        return found


def test_server_that_lists_models_is_found_with_them() -> None:
    ((settings, models),) = asyncio.run(ask(json_reply(LISTING)))
    assert (settings.name, models) == ("ollama", ("qwen3:8b", "phi-4"))


@pytest.mark.parametrize(
    "reply",
    [
        json_reply(LISTING, status=404),
        json_reply(LISTING, status=301, headers=[("Location", "/v1/models")]),
        json_reply({"data": []}),
        json_reply({"models": [{"name": "a"}]}),
        json_reply({"data": [{"id": 5}]}),
        json_reply({"data": [{"id": ""}, {"id": "a\nb"}, {"id": "x" * 201}]}),
        body_reply(b"<html>hello</html>", headers=HTML),
        body_reply(b'{"data": [{"id": "' + b"x" * 1_100_000, headers=HTML),
        Reply((b"SSH-2.0-OpenSSH_9.6\r\n",), closes=True),
        Reply((HANG,)),
    ],
)
def test_anybody_else_on_the_port_is_no_server(reply: Reply) -> None:
    assert asyncio.run(ask(reply, timeout_s=0.2)) == ()


def test_port_where_nobody_listens_is_no_server_and_the_others_are_found() -> None:
    async def probe() -> tuple[Discovered, ...]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            nobody = server_at(f"http://127.0.0.1:{free.getsockname()[1]}", "vllm")
            async with WireServer(json_reply(LISTING)) as first, WireServer(json_reply(LISTING)) as second:
                servers = [server_at(first.url, "b"), nobody, server_at(second.url, "a")]
                return await discover_local(servers, 5)

    assert [settings.name for settings, _ in asyncio.run(probe())] == ["b", "a"]


def test_no_server_to_ask_is_no_error() -> None:
    assert asyncio.run(discover_local([])) == ()


def test_known_local_servers_are_those_of_the_contract() -> None:
    ports = {settings.base_url for settings in local_servers()}
    assert ports == {f"http://127.0.0.1:{port}/v1" for port in (11434, 1234, 8081, 8000)}
    assert all(settings.is_local and settings.api_key is None for settings in local_servers())
