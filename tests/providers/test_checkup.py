"""Checking a provider: every way in which it can be out of reach has its own name and next step, and costs nothing."""

import asyncio
import socket
import ssl
import time
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest

from parley.domain.checkup import Checkup
from parley.domain.models import Dialect
from parley.domain.settings import ProviderSettings
from parley.providers.anthropic import AnthropicProvider
from parley.providers.checkup import check_provider
from parley.providers.gemini import GeminiProvider
from parley.providers.openai import OpenAIProvider
from parley.providers.replay import ReplayProvider
from wire_server import CUT, HANG, Reply, WireServer, body_reply, json_reply

SECRET = "key-of-the-house-0123456789"
HOUSE = ProviderSettings("house", Dialect.OPENAI, api_key=SECRET, api_key_env="HOUSE_KEY", is_local=True)
CERTIFICATE = Path(__file__).parents[1] / "tls" / "server.pem"
LISTING = {"object": "list", "data": [{"id": "small"}, {"id": "large-v2"}]}


def server_tls() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context


async def look(settings: ProviderSettings, *wanted: str, timeout_s: float = 5) -> Checkup:
    provider = OpenAIProvider(settings)
    try:
        return await check_provider(settings, provider, wanted, timeout_s)
    finally:
        await provider.close()


def checked(reply: Reply, *wanted: str, settings: ProviderSettings = HOUSE, timeout_s: float = 5) -> Checkup:
    async def main() -> Checkup:
        async with WireServer(reply) as server:
            return await look(replace(settings, base_url=server.url + "/v1"), *wanted, timeout_s=timeout_s)

    return asyncio.run(main())


def codes(checkup: Checkup) -> list[tuple[str, str]]:
    return [(finding.severity.value, finding.code) for finding in checkup.findings]


def test_provider_that_lists_its_models_is_well() -> None:
    checkup = checked(json_reply(LISTING), "small")
    assert (checkup.subject, checkup.findings, checkup.listed_models) == ("house", (), 2)


@pytest.mark.parametrize(
    ("reply", "found", "next_step"),
    [
        (json_reply({"error": {"message": f"Bad key {SECRET}."}}, 401), ("error", "key_refused"), "HOUSE_KEY"),
        (json_reply({}, 403), ("error", "key_refused"), "HOUSE_KEY"),
        (json_reply({}, 404), ("warning", "not_found"), "up to and with /v1"),
        (json_reply({}, 307, [("Location", "/v2")]), ("error", "redirect"), "base_url"),
        (json_reply({}, 429), ("warning", "rate_limited"), "Wait"),
        (json_reply({}, 503), ("error", "server_error"), "status page"),
        (json_reply({}, 400), ("error", "upstream_refused"), "base_url"),
        (json_reply({"hello": 1}), ("error", "wrong_place"), "base_url"),
        (body_reply(b"<html>", headers=[("Content-Type", "text/html")]), ("error", "wrong_place"), "base_url"),
        (Reply((b"SSH-2.0-OpenSSH_9.6\r\n",), closes=True), ("error", "not_http"), "port"),
        (Reply((CUT,)), ("error", "closed"), "https://"),
    ],
)
def test_what_is_wrong_is_named_with_the_next_step(reply: Reply, found: tuple[str, str], next_step: str) -> None:
    checkup = checked(reply)
    assert codes(checkup) == [found]
    assert next_step in checkup.findings[0].next_step
    assert SECRET not in repr(checkup)
    assert checkup.listed_models is None


def test_silence_ends_the_check_in_time() -> None:
    assert codes(checked(Reply((HANG,)), timeout_s=0.05)) == [("error", "no_answer")]


def test_port_where_nobody_listens_is_refused() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        checkup = asyncio.run(look(replace(HOUSE, base_url=f"http://127.0.0.1:{free.getsockname()[1]}/v1")))
    assert codes(checkup) == [("error", "refused")]


def test_host_that_is_not_known_is_a_matter_of_dns() -> None:
    checkup = asyncio.run(look(replace(HOUSE, base_url="http://nobody.invalid/v1")))
    assert codes(checkup) == [("error", "host_unknown")]
    assert "nobody.invalid" in checkup.findings[0].next_step


def test_certificate_of_an_unknown_authority_leads_to_ca_file() -> None:
    async def main() -> Checkup:
        async with WireServer(json_reply(LISTING), tls=server_tls()) as server:
            return await look(replace(HOUSE, base_url=server.url))

    checkup = asyncio.run(main())
    assert codes(checkup) == [("error", "certificate")]
    assert "ca_file" in checkup.findings[0].next_step


def test_https_to_a_server_that_speaks_plain_http_is_told_so() -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def main() -> Checkup:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await look(replace(HOUSE, base_url=f"https://127.0.0.1:{port}"))

    checkup = asyncio.run(main())
    assert codes(checkup) == [("error", "tls")]
    assert "http://" in checkup.findings[0].next_step


def test_key_that_is_not_set_is_one_finding_and_not_two() -> None:
    unset = replace(HOUSE, api_key=None)
    assert codes(checked(json_reply({}, 401), settings=unset)) == [("error", "key_missing")]
    assert codes(checked(json_reply({}, 503), settings=unset)) == [("error", "key_missing"), ("error", "server_error")]


def test_configured_model_that_is_not_in_a_whole_list_is_a_warning_with_the_nearest() -> None:
    checkup = checked(json_reply(LISTING), "small", "large-v1")
    assert codes(checkup) == [("warning", "model_missing")]
    assert checkup.findings[0].next_step == "Did you mean large-v2?"
    assert codes(checked(json_reply({**LISTING, "has_more": True}), "large-v1")) == []


@pytest.mark.parametrize(("skew_s", "found"), [(0, []), (600, [("warning", "clock_skew")])])
def test_clock_that_is_wrong_is_noticed_by_the_date_of_the_answer(skew_s: int, found: list[tuple[str, str]]) -> None:
    date = formatdate(time.time() + skew_s, usegmt=True)
    checkup = checked(json_reply(LISTING, headers=[("Date", date)]))
    assert codes(checkup) == found
    assert all("behind the provider's" in finding.message for finding in checkup.findings)


def test_bare_array_is_a_list_too() -> None:
    assert checked(json_reply([{"id": "a"}, {"id": "b"}, {"id": "c"}])).listed_models == 3


def test_other_dialects_are_asked_in_their_own_way() -> None:
    async def main() -> None:
        gemini = json_reply({"models": [{"name": "models/gemini-9"}], "nextPageToken": "n"})
        async with WireServer(json_reply(LISTING), gemini) as server:
            settings = replace(HOUSE, dialect=Dialect.ANTHROPIC, base_url=server.url)
            for provider, wanted in ((AnthropicProvider(settings), "small"), (GeminiProvider(settings), "gemini-9")):
                assert (await check_provider(settings, provider, [wanted])).findings == ()
                await provider.close()
            assert [request.path.partition("?")[0] for request in server.requests] == ["/v1/models", "/v1beta/models"]
            assert server.requests[0].headers["x-api-key"] == SECRET
            assert server.requests[1].headers["x-goog-api-key"] == SECRET

    asyncio.run(main())


def test_provider_without_a_network_has_nothing_to_reach(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"prompt": "p", "answers": {"m": "a"}}\n')
    settings = ProviderSettings("recorded", Dialect.REPLAY, path=str(path), is_local=True)
    checkup = asyncio.run(check_provider(settings, ReplayProvider(settings), []))
    assert codes(checkup) == [("note", "recorded")]
