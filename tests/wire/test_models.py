"""Model listings: what each kind of client gets, narrowed, searched, sorted; the official clients read them."""

import asyncio
from decimal import Decimal
from typing import Any

import openai
import pytest
from meshapi import MeshAPI
from meshapi._types import ModelSearchParams

from parley.catalog.catalog import Catalog
from parley.domain.errors import InvalidRequest, ModelNotFound
from parley.domain.models import Capabilities, Deployment, Dialect, Effort, Model
from parley.domain.settings import PanelPreset, ProviderSettings
from parley.domain.usage import Price, PriceTier, Rates
from parley.wire.models import (
    list_for_roundtable,
    list_free,
    list_models,
    list_paid,
    retrieve_model,
    search_models,
)
from wire_server import WireServer, json_reply


def price(input_usd: str, output_usd: str) -> Price:
    return Price(Rates(Decimal(input_usd), Decimal(output_usd)))


DEAR = Model(
    "openai/big",
    (
        Deployment(
            "openai",
            "big",
            price=Price(
                Rates(Decimal("2.50"), Decimal("10"), Decimal("0.25"), Decimal("3")),
                (PriceTier(1_000, Rates(Decimal("5"), Decimal("20"))),),
            ),
            capabilities=Capabilities(
                400_000, 128_000, supports_tools=True, supports_structured_output=True, efforts=(Effort.LOW,)
            ),
        ),
    ),
    "The Big One",
    "OpenAI",
)
FREE = Model("ollama/tiny", (Deployment("ollama", "tiny", price=price("0", "0")),), "Tiny", "Qwen")
UNPRICED = Model("else/where", (Deployment("else", "where"),), "else/where", "Someone")
HALF_FREE = Model(
    "mixed",
    (Deployment("ollama", "x", price=price("0", "0")), Deployment("openai", "y", price=price("1", "1"))),
    "Mixed",
)
SANDBOX = Model(
    "sandbox/terse",
    (Deployment("sandbox", "terse", price=price("0.10", "0.40"), capabilities=Capabilities(32_768)),),
    "Sandbox Terse",
    "Parley",
    is_sandbox=True,
    description="Answers in few words.",
)
PANEL = PanelPreset("reviewers", ("openai/big", "ollama/tiny"))
MODELS = (DEAR, FREE, UNPRICED, HALF_FREE, SANDBOX)
ENTRIES = (*MODELS, PANEL)


def listed(query: dict[str, str] | None = None) -> list[dict[str, Any]]:
    found = list_models(ENTRIES, query or {}, is_compare_client=True)
    assert isinstance(found, list)
    return found


def ids(found: Any) -> list[str]:
    return [each["id"] for each in found]


def test_model_shows_every_field_of_the_contract() -> None:
    body = listed()[0]
    assert {key: body[key] for key in ("id", "name", "provider", "brand", "type")} == {
        "id": "openai/big",
        "name": "The Big One",
        "provider": "openai",
        "brand": "OpenAI",
        "type": "text",
    }
    assert (body["object"], body["created"], body["owned_by"]) == ("model", 0, "OpenAI")
    assert (body["context_length"], body["is_free"]) == (400_000, False)
    assert (body["supports_tools"], body["supports_structured_output"], body["supports_thinking"]) == (True, True, True)
    assert "description" not in body
    assert "sandbox" not in body


def test_prices_are_decimal_strings_for_a_thousand_and_a_million_tokens() -> None:
    assert listed()[0]["pricing"] == {
        "prompt_usd_per_1k": "0.0025",
        "completion_usd_per_1k": "0.01",
        "pricing_unit": "token",
        "prompt_usd_per_1m": "2.5",
        "completion_usd_per_1m": "10",
        "cache_read_input_usd_per_1m": "0.25",
        "cache_write_input_usd_per_1m": "3",
        "long_context_input_usd_per_1m": "5",
        "long_context_output_usd_per_1m": "20",
    }


def test_free_is_zero_and_unknown_is_null() -> None:
    by_id = {each["id"]: each for each in listed()}
    assert by_id["ollama/tiny"]["pricing"]["prompt_usd_per_1k"] == "0"
    assert by_id["else/where"]["pricing"]["prompt_usd_per_1k"] is None
    assert {each["id"]: each["is_free"] for each in listed()} == {
        "openai/big": False,
        "ollama/tiny": True,
        "else/where": False,
        "mixed": False,
        "sandbox/terse": False,
        "panel/reviewers": False,
    }


def test_tiny_price_has_no_exponent() -> None:
    model = Model("a/b", (Deployment("a", "b", price=price("0.0000001", "1000000")),))
    (body,) = list_models([model], {}, is_compare_client=True)  # type: ignore[misc]
    assert body["pricing"]["prompt_usd_per_1k"] == "0.0000000001"
    assert body["pricing"]["completion_usd_per_1m"] == "1000000"


def test_sandbox_model_says_what_it_is() -> None:
    body = next(each for each in listed() if each["id"] == "sandbox/terse")
    assert (body["sandbox"], body["description"]) == (True, "Answers in few words.")


def test_panel_is_listed_as_a_composite_model() -> None:
    body = listed()[-1]
    assert (body["id"], body["is_composite"], body["composite_models"]) == (
        "panel/reviewers",
        True,
        ["openai/big", "ollama/tiny"],
    )


def test_openai_clients_get_a_list_object_and_compare_clients_an_array() -> None:
    framed = list_models(ENTRIES, {}, is_compare_client=False)
    assert framed == {"object": "list", "data": listed()}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"free": "true"}, ["ollama/tiny"]),
        ({"free": "1", "provider": "openai"}, []),
        ({"free": "false", "provider": "openai"}, ["openai/big"]),
        ({"provider": "nobody"}, []),
        ({"type": "text", "provider": "sandbox"}, ["sandbox/terse"]),
        ({"type": "image"}, []),
        ({"unheard": "of", "provider": "ollama"}, ["ollama/tiny", "mixed"]),
    ],
)
def test_listing_is_narrowed_by_its_parameters(query: dict[str, str], expected: list[str]) -> None:
    assert ids(listed(query)) == expected


def test_free_and_paid_share_all_models_between_them() -> None:
    free, paid = list_free(ENTRIES, is_compare_client=True), list_paid(ENTRIES, is_compare_client=True)
    assert ids(free) == ["ollama/tiny"]
    assert sorted(ids(free) + ids(paid)) == sorted(ids(listed()))


@pytest.mark.parametrize(
    ("query", "param", "remedy"),
    [
        ({"free": "maybe"}, "free", "it is true or false"),
        ({"type": "smell"}, "type", "it is one of text, embedding, image, audio, video"),
        ({"limit": "0"}, "limit", "it is a whole number from 1 to 500"),
        ({"limit": "501"}, "limit", "from 1 to 500"),
        ({"limit": "x"}, "limit", "limit is 'x'"),
        ({"offset": "-1"}, "offset", "from 0 to"),
        ({"offset": "²"}, "offset", "from 0 to"),
        ({"sort": "price"}, "sort", "it is one of brand, name, id, context_length"),
        ({"order": "up"}, "order", "it is one of asc, desc"),
    ],
)
def test_bad_parameter_is_refused_by_name_with_the_remedy(query: dict[str, str], param: str, remedy: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        list_models(ENTRIES, query, False) if param in {"free", "type"} else search_models(ENTRIES, query)
    assert caught.value.param == param
    assert remedy in caught.value.message


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["openai/big", "ollama/tiny", "else/where", "mixed", "sandbox/terse", "panel/reviewers"]),
        ({"q": "TINY"}, ["ollama/tiny"]),
        ({"q": "one big"}, ["openai/big"]),
        ({"q": "qwen"}, ["ollama/tiny"]),
        ({"q": "big tiny"}, []),
        ({"brand": "parley"}, ["sandbox/terse", "panel/reviewers"]),
        ({"free": "true"}, ["ollama/tiny"]),
        ({"q": "e", "sort": "id", "order": "desc", "limit": "2"}, ["sandbox/terse", "panel/reviewers"]),
        ({"sort": "context_length", "order": "desc", "limit": "2"}, ["openai/big", "sandbox/terse"]),
        ({"sort": "context_length", "limit": "2"}, ["sandbox/terse", "openai/big"]),
        ({"limit": "1", "offset": "2"}, ["else/where"]),
        ({"offset": "99"}, []),
    ],
)
def test_search_finds_sorts_and_pages(query: dict[str, str], expected: list[str]) -> None:
    assert ids(search_models(ENTRIES, query)["items"]) == expected


def test_search_counts_and_names_brands_beyond_its_page() -> None:
    page = search_models(ENTRIES, {"q": "i", "limit": "1", "offset": "1"})
    assert (page["limit"], page["offset"]) == (1, 1)
    assert page["total"] == 4
    assert page["brands"] == ["", "OpenAI", "Parley", "Qwen"]


def test_roundtable_listing_has_its_own_shape_and_no_panels() -> None:
    body: Any = list_for_roundtable(MODELS)
    assert ids(body["models"]) == [model.name for model in MODELS]
    assert body["models"][0] == {
        "id": "openai/big",
        "type": "text",
        "provider": "openai",
        "name": "The Big One",
        "capabilities": ["structured_output", "tools", "reasoning"],
        "context_window": 400_000,
        "pricing": {"input_usd_per_1m": "2.5", "output_usd_per_1m": "10"},
    }
    assert body["models"][2]["pricing"] == {"input_usd_per_1m": None, "output_usd_per_1m": None}
    assert body["models"][4]["sandbox"] is True


def sandbox_catalog() -> Catalog:
    return Catalog([ProviderSettings("sandbox", Dialect.SANDBOX, is_local=True)], panels=[PANEL])


def test_one_model_is_described_listed_or_not_and_so_is_a_panel() -> None:
    assert retrieve_model(sandbox_catalog(), "sandbox/terse")["sandbox"] is True
    assert retrieve_model(sandbox_catalog(), "sandbox/terse?tps=0")["id"] == "sandbox/terse?tps=0"
    assert retrieve_model(sandbox_catalog(), "panel/reviewers")["is_composite"] is True
    with pytest.raises(ModelNotFound, match="did you mean sandbox/terse"):
        retrieve_model(sandbox_catalog(), "sandbx/terse")


def test_compare_apis_client_reads_listing_page_and_model() -> None:
    async def run() -> None:
        replies = [listed(), search_models(ENTRIES, {}), retrieve_model(sandbox_catalog(), "sandbox/terse")]
        async with WireServer(*(json_reply(reply) for reply in replies)) as server:
            models, page, model = await asyncio.to_thread(ask, server.url)
        assert server.requests[0].headers["x-meshapi-sdk"].startswith("python/")
        assert server.requests[0].path == "/v1/models?free=true&type=text"
        assert [each.id for each in models] == ids(listed())
        assert models[0].pricing.prompt_usd_per_1k == "0.0025"
        assert models[-1].composite_models == ["openai/big", "ollama/tiny"]
        assert (page.total, len(page.items)) == (len(ENTRIES), len(ENTRIES))
        assert (model.id, model.is_free) == ("sandbox/terse", False)

    def ask(url: str) -> tuple[Any, Any, Any]:
        with MeshAPI(base_url=url, token="token") as client:
            models = client.models.list(free=True, type="text")
            return models, client.models.search(ModelSearchParams(q="x")), client.models.get("sandbox/terse")

    asyncio.run(run())


def test_openai_client_reads_listing_and_model() -> None:
    async def run() -> None:
        replies = [
            list_models(ENTRIES, {}, is_compare_client=False),
            retrieve_model(sandbox_catalog(), "sandbox/terse"),
        ]
        async with (
            WireServer(*(json_reply(reply) for reply in replies)) as server,
            openai.AsyncOpenAI(base_url=server.url + "/v1", api_key="k") as client,
        ):
            models = [model async for model in client.models.list()]
            model = await client.models.retrieve("sandbox/terse")
        assert [each.id for each in models] == ids(listed())
        assert (model.id, model.object, model.created, model.owned_by) == ("sandbox/terse", "model", 0, "Parley")

    asyncio.run(run())
