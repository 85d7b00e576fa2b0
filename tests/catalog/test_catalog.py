"""Finding models by name: providers, rows of [models], the sandbox, panels, and names that lead nowhere."""

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.catalog.catalog import MAX_NAME_LENGTH, Catalog
from parley.catalog.sandbox import SANDBOX_MODELS
from parley.domain.errors import InvalidRequest, ModelNotFound
from parley.domain.models import Deployment, Dialect
from parley.domain.settings import DeploymentSettings, ModelSettings, PanelPreset, ProviderSettings
from parley.domain.usage import Price, Rates

OPENAI = ProviderSettings("openai", Dialect.OPENAI, "https://api.openai.com/v1")
ANTHROPIC = ProviderSettings("anthropic", Dialect.ANTHROPIC, "https://api.anthropic.com")
OPENROUTER = ProviderSettings("openrouter", Dialect.OPENAI, "https://openrouter.ai/api/v1")
DEEPSEEK = ProviderSettings("deepseek", Dialect.OPENAI, "https://api.deepseek.com/v1")
OLLAMA = ProviderSettings("ollama", Dialect.OPENAI, "http://127.0.0.1:11434/v1", is_local=True)
ELSEWHERE = ProviderSettings("elsewhere", Dialect.OPENAI, "https://llm.example.org/v1")
SANDBOX = ProviderSettings("sandbox", Dialect.SANDBOX, is_local=True)
REPLAY = ProviderSettings("recorded", Dialect.REPLAY, path="x.jsonl", is_local=True)
ALL = (OPENAI, ANTHROPIC, OPENROUTER, OLLAMA, ELSEWHERE, SANDBOX, REPLAY)


def catalog(models: Sequence[ModelSettings] = (), panels: Sequence[PanelPreset] = ()) -> Catalog:
    return Catalog(ALL, models, panels, {"ollama": ("qwen3:8b", "library/phi-4")})


def only_deployment(name: str) -> Deployment:
    (deployment,) = catalog().find(name).deployments
    return deployment


def test_known_model_has_price_context_and_capabilities() -> None:
    deployment = only_deployment("openai/gpt-5-mini")
    assert (deployment.provider, deployment.upstream_model) == ("openai", "gpt-5-mini")
    assert deployment.price == Price(Rates(Decimal("0.25"), Decimal("2"), Decimal("0.025")))
    assert deployment.capabilities.context_length == 400_000
    assert "temperature" in deployment.capabilities.refused_parameters


@pytest.mark.parametrize("rest", ["gpt-99-unheard-of", "some/deep/name", "ft:gpt-4o:org::id", "Ünïcode-模型"])
def test_any_model_of_a_configured_provider_goes_upstream_as_it_stands(rest: str) -> None:
    assert only_deployment(f"elsewhere/{rest}").upstream_model == rest


def test_unknown_price_is_none_and_a_local_servers_is_zero() -> None:
    assert only_deployment("elsewhere/anything").price is None
    for name in ("ollama/qwen3:8b", "ollama/never-listed", "recorded/gpt-4o"):
        price = only_deployment(name).price
        assert price is not None
        assert price.is_free


def test_openrouter_names_keep_their_vendor_prefix() -> None:
    model = catalog().find("openrouter/anthropic/claude-opus-4.7")
    assert model.deployments[0].upstream_model == "anthropic/claude-opus-4.7"
    assert model.brand == "Anthropic"
    assert model.deployments[0].price is not None


def test_rows_of_models_win_over_the_catalog() -> None:
    price = Price(Rates(Decimal("9"), Decimal("9")))
    row = ModelSettings(
        "openai/gpt-5-mini",
        (DeploymentSettings("openai", "gpt-5-mini", 3), DeploymentSettings("ollama", "gpt-oss:20b")),
        context_length=1_000,
        price=price,
        supports_tools=False,
    )
    first, second = catalog([row]).find("openai/gpt-5-mini").deployments
    assert (first.provider, first.weight, first.price, first.capabilities.context_length) == ("openai", 3, price, 1_000)
    assert (second.provider, second.weight, second.price) == ("ollama", 1, price)
    assert first.capabilities.supports_tools is False
    assert first.capabilities.supports_structured_output is True


def test_row_of_models_without_price_keeps_each_deployments_own() -> None:
    row = ModelSettings("small", (DeploymentSettings("openai", "gpt-5-mini"), DeploymentSettings("ollama", "x")))
    first, second = catalog([row]).find("small").deployments
    assert first.price is not None
    assert first.price.rates.input == Decimal("0.25")
    assert second.price is not None
    assert second.price.is_free


@pytest.mark.parametrize("suffix", ["", "?tps=0", "?tps=1000"])
def test_sandbox_model_resolves_with_its_speed_in_the_name(suffix: str) -> None:
    model = catalog().find(f"sandbox/terse{suffix}")
    assert model.is_sandbox
    assert model.deployments[0].upstream_model == f"terse{suffix}"
    price = model.deployments[0].price
    assert price is not None
    assert price.rates.input > 0
    assert model.deployments[0].capabilities.context_length


def test_every_sandbox_model_of_the_contract_is_listed() -> None:
    names = {model.name for model in catalog().models() if model.is_sandbox}
    expected = {"terse", "thorough", "contrarian", "judge", "slow", "flaky", "down", "garbled", "chatty"}
    assert names == {f"sandbox/{name}" for name in expected}
    assert {model.name for model in SANDBOX_MODELS} == expected


def test_names_are_those_of_the_listed_models() -> None:
    assert catalog().names() == tuple(model.name for model in catalog().models())


def test_listing_holds_configured_known_and_discovered_models_once_each() -> None:
    row = ModelSettings("openai/gpt-5-mini", (DeploymentSettings("openai", "gpt-5-mini"),))
    names = [model.name for model in catalog([row]).models()]
    assert names[0] == "openai/gpt-5-mini"
    assert len(names) == len(set(names))
    assert {"anthropic/claude-haiku-4-5", "ollama/qwen3:8b", "ollama/library/phi-4"} <= set(names)
    assert not [name for name in names if name.startswith("elsewhere/")]


def test_listing_leaves_out_what_chat_can_not_call() -> None:
    names = [model.name for model in catalog().models() if model.name.startswith("openai/")]
    assert not [name for name in names if "embedding" in name or "tts" in name or "whisper" in name]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("gpt-5-mini", "openai/gpt-5-mini"),
        ("opnai/gpt-5-mini", "openai/gpt-5-mini"),
        ("sandbx/terse", "sandbox/terse"),
        ("claude-haiku-4-5", "anthropic/claude-haiku-4-5"),
    ],
)
def test_unknown_name_is_refused_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(ModelNotFound) as caught:
        catalog().find(name)
    assert repr(name) in caught.value.message
    assert near in caught.value.message


def test_name_like_no_other_is_refused_with_the_providers() -> None:
    with pytest.raises(ModelNotFound, match="<provider>/<model>, with one of openai, anthropic"):
        catalog().find("zzzzzzzz")


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        (
            "openai/gpt-5-mini",
            "provider openai is not set up here; set OPENAI_API_KEY and start again, with [providers.openai]",
        ),
        ("ollama/llama3", "provider ollama is not set up here; start it before Parley, or add [providers.ollama]"),
        ("nobody/llama3", "with one of sandbox"),
        ("openai", "with one of sandbox"),
    ],
)
def test_model_of_a_known_vendor_that_is_not_set_up_is_refused_with_how_to_do_it(name: str, remedy: str) -> None:
    with pytest.raises(ModelNotFound) as caught:
        Catalog((SANDBOX,), ()).find(name)
    assert remedy in caught.value.message


@pytest.mark.parametrize("name", ["sandbox/../keys", "sandbox/a/../b", "sandbox/..", "sandbox/./x"])
def test_dot_segments_are_refused(name: str) -> None:
    with pytest.raises(InvalidRequest, match="segment"):
        catalog().find(name)


@pytest.mark.parametrize("character", ["\n", "\x00", "\x7f", "\x85", "\u2028", "\ud800"])
def test_control_characters_are_refused_and_not_echoed(character: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        catalog().find(f"sandbox/a{character}b")
    assert character not in caught.value.message


def test_name_has_a_longest_length() -> None:
    fits = "sandbox/" + "a" * (MAX_NAME_LENGTH - 8)
    assert catalog().find(fits).name == fits
    with pytest.raises(InvalidRequest, match="257 characters; the most is 256"):
        catalog().find(fits + "a")


@pytest.mark.parametrize("name", ["", "openai/", "/", "/gpt-5"])
def test_name_without_provider_or_model_is_not_found(name: str) -> None:
    with pytest.raises(ModelNotFound):
        catalog().find(name)


def test_panel_is_found_by_its_name_and_is_no_model() -> None:
    preset = PanelPreset("reviewers", ("sandbox/terse",))
    ours = catalog(panels=[preset])
    assert ours.panel("panel/reviewers") is preset
    assert ours.panels() == (preset,)
    with pytest.raises(ModelNotFound, match="did you mean panel/reviewers"):
        ours.panel("panel/reviewer")
    with pytest.raises(ModelNotFound):
        ours.panel("reviewers")
    with pytest.raises(ModelNotFound):
        ours.find("panel/reviewers")


def test_price_that_depends_on_the_hour_follows_the_clock() -> None:
    moments = [datetime(2026, 11, 1, 2, tzinfo=UTC), datetime(2026, 11, 1, 12, tzinfo=UTC)]
    ours = Catalog([DEEPSEEK], now=lambda: moments[0])
    dear = ours.find("deepseek/deepseek-v4-pro").deployments[0].price
    moments.pop(0)
    cheap = ours.find("deepseek/deepseek-v4-pro").deployments[0].price
    assert dear is not None
    assert cheap is not None
    assert dear.rates.input == 2 * cheap.rates.input


def test_same_name_gives_the_same_model_again() -> None:
    ours = catalog()
    assert ours.find("openai/gpt-4o") is ours.find("openai/gpt-4o")


CATALOG = catalog()


@given(st.text(max_size=300))
def test_no_text_breaks_the_lookup(name: str) -> None:
    with contextlib.suppress(ModelNotFound, InvalidRequest):
        assert CATALOG.find(name).name == name
