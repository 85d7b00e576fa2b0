"""/v1/providers: admins see how providers are set and doing, and check them; no secret is shown, no model called."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest

from parley.panel.breaker import FAILURES_TO_OPEN
from serving import ADMIN_KEY, OPEN, Got, get, post, serving
from wire_server import WireServer, json_reply
from write_openapi import STATIC

ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}
SECRET = "secret-key-of-the-house-0123456789"
SCHEMAS: Any = json.loads((STATIC / "openapi.json").read_bytes())["components"]["schemas"]


def follows(name: str, value: Any) -> None:
    schema = {"components": {"schemas": SCHEMAS}, "$ref": f"#/components/schemas/{name}"}
    jsonschema_rs.validate(schema, value)


def house(url: str) -> str:
    return (
        f'[providers.house]\ndialect = "openai"\nbase_url = "{url}/v1"\napi_key_env = "HOUSE_KEY"\n'
        "max_concurrency = 4\n"
        '[providers.house.headers]\nx-tenant = "tenant-secret-0123456789"\n'
        '[providers.sandbox]\ndialect = "sandbox"\n'
        '[models."house/small"]\ndeployments = [{ provider = "house", model = "small" }]\n'
    )


def beside(server: WireServer, work: Callable[[str], None], env: dict[str, str]) -> None:
    """Run `work` with the URL of a Parley whose provider `house` is `server`."""

    def run(url: str) -> None:
        with serving(house(url), env) as parley:
            work(parley)

    async def main() -> None:
        async with server:
            await asyncio.to_thread(run, server.url)

    asyncio.run(main())


def row(url: str, name: str) -> dict[str, Any]:
    got = get(url, "/v1/providers", ADMIN)
    assert got.status == 200, got.body
    follows("ProviderList", got.json)
    return next(each for each in got.json["providers"] if each["name"] == name)


def ask(url: str, model: str) -> Got:
    return post(
        url, "/v3/roundtable", {"input": "hi", "models": [model], "resolution": "fast", "max_retries": 0}, ADMIN
    )


def test_settings_are_shown_without_their_secrets() -> None:
    def work(url: str) -> None:
        shown = row(url, "house")
        assert shown["api_key"] == {"env": "HOUSE_KEY", "set": True}
        assert (shown["dialect"], shown["max_concurrency"], shown["model_count"]) == ("openai", 4, 1)
        assert shown["base_url"].startswith("http://127.0.0.1:")
        assert (shown["state"], shown["calls"], shown["last_success_at"]) == ("unknown", 0, None)
        body = get(url, "/v1/providers", ADMIN).body.decode()
        assert SECRET not in body
        assert "tenant-secret" not in body

    beside(WireServer(json_reply({})), work, {"HOUSE_KEY": SECRET})


def test_calls_and_failures_show_in_the_health_and_an_open_breaker_too() -> None:
    with serving() as url:
        ask(url, "sandbox/terse")
        assert (row(url, "sandbox")["state"], row(url, "sandbox")["calls"]) == ("ok", 1)
        for _ in range(FAILURES_TO_OPEN):
            ask(url, "sandbox/down")
        shown = row(url, "sandbox")
    assert (shown["state"], shown["calls"], shown["failures"]) == ("failing", 1 + FAILURES_TO_OPEN, FAILURES_TO_OPEN)
    assert shown["in_flight"] == 0
    assert (shown["last_failure"]["model"], shown["last_failure"]["error_code"]) == ("down", "upstream_error")
    assert (shown["breakers"][0]["model"], shown["breakers"][0]["state"]) == ("down", "open")


def test_check_says_what_is_wrong_and_what_to_do_and_calls_no_model() -> None:
    server = WireServer(json_reply({"error": {"message": f"No such key: {SECRET}"}}, 401))

    def work(url: str) -> None:
        got = post(url, "/v1/providers/check", {}, ADMIN)
        follows("ProviderChecks", got.json)
        house, sandbox = got.json["checks"]
        assert (house["provider"], house["status"], house["findings"][0]["code"]) == ("house", "error", "key_refused")
        assert "HOUSE_KEY" in house["findings"][0]["next_step"]
        assert (sandbox["provider"], sandbox["status"]) == ("sandbox", "ok")
        assert SECRET not in got.body.decode()
        assert row(url, "house")["calls"] == 0

    beside(server, work, {"HOUSE_KEY": SECRET})
    assert [(request.method, request.path) for request in server.requests] == [("GET", "/v1/models")]


def test_check_finds_a_model_of_the_configuration_that_the_provider_has_not() -> None:
    def work(url: str) -> None:
        (check,) = post(url, "/v1/providers/check", {"providers": ["house"]}, ADMIN).json["checks"]
        assert (check["status"], check["listed_models"]) == ("warning", 1)
        assert [each["code"] for each in check["findings"]] == ["model_missing"]

    beside(WireServer(json_reply({"data": [{"id": "smaller"}]})), work, {"HOUSE_KEY": SECRET})


@pytest.mark.parametrize(
    ("body", "reason"),
    [({"providers": ["sandbax"]}, "sandbox"), ({"provider": "sandbox"}, "provider"), ({"providers": "all"}, "array")],
)
def test_wrong_body_is_refused_with_what_would_be_right(body: Any, reason: str) -> None:
    with serving(OPEN) as url:
        got = post(url, "/v1/providers/check", body)
    assert (got.status, got.error["code"]) == (422, "validation_error")
    assert reason in got.error["message"]


def test_ordinary_keys_see_and_check_nothing() -> None:
    with serving("") as url:
        key = post(url, "/v1/keys", {"name": "reader"}, ADMIN).json["key"]
        mine = {"Authorization": f"Bearer {key}"}
        assert get(url, "/v1/providers", mine).status == 403
        assert post(url, "/v1/providers/check", {}, mine).status == 403
        assert get(url, "/v1/providers").status == 401
