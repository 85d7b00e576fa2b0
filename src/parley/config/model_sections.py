"""`[models]` and `[panels]`: names that callers use, and what stands behind them. Every name that they use must exist:
a deployment's provider among the providers, a panel's model among the models or behind a configured provider.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from parley.config.document import Table, nearest
from parley.domain.settings import DeploymentSettings, ModelSettings, PanelPreset
from parley.domain.usage import Price, Rates

_PANEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PRICE = re.compile(r"\d{1,7}(\.\d{1,12})?")
_LONGEST_NAME = 256
_MOST_TOKENS = 1_000_000_000
_MOST_CHOICES = 100
_LONGEST_CHOICE = 1_000


class Names:
    """The names of models that can be called: rows of `[models]`, and anything behind a provider."""

    def __init__(self, models: list[str], providers: list[str]) -> None:
        self._models = models
        self._providers = providers

    def check(self, name: str, table: Table, key: str) -> None:
        """Refuse a model's name that leads nowhere."""
        provider, _, rest = name.partition("/")
        if name in self._models or (rest and provider in self._providers):
            return
        if rest and provider != "panel":
            hint = nearest(provider, self._providers)
            table.fail(key, f"names model {name!r}, but provider {provider!r} is not configured{hint}")
        known = [*self._models, *(f"{each}/…" for each in self._providers)]
        table.fail(key, f"names model {name!r}, which is not known; models are {', '.join(known)}")


def read_models(sections: Mapping[str, Table], providers: list[str]) -> tuple[ModelSettings, ...]:
    return tuple(_read_model(name, table, providers) for name, table in sections.items())


def _read_model(name: str, table: Table, providers: list[str]) -> ModelSettings:
    _check_model_name(name, table)
    settings = ModelSettings(
        name=name,
        deployments=_read_deployments(name, table, providers),
        context_length=_optional_integer(table, "context_length"),
        max_output_tokens=_optional_integer(table, "max_output_tokens"),
        price=_read_price(table.table("price_per_1m")) if table.has("price_per_1m") else None,
        supports_structured_output=_optional_flag(table, "supports_structured_output"),
        supports_tools=_optional_flag(table, "supports_tools"),
        supports_images=_optional_flag(table, "supports_images"),
    )
    table.close()
    return settings


def _check_model_name(name: str, table: Table) -> None:
    around = Table(table.document, table.path[:-1], {})
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        around.fail(name, f"is no name for a model; use 1 to {_LONGEST_NAME} printable characters")
    if name.startswith("panel/"):
        around.fail(name, "is taken: names that begin with panel/ are the panels of this file")


def _read_deployments(name: str, table: Table, providers: list[str]) -> tuple[DeploymentSettings, ...]:
    """Return where the model is called; without a list, where its own name points: `<provider>/<model>`."""
    own_provider, _, own_model = name.partition("/")
    if not table.has("deployments") and own_provider in providers and own_model:
        return (DeploymentSettings(own_provider, own_model),)
    deployments = tuple(_read_deployment(each, providers) for each in table.tables("deployments"))
    if not deployments:
        example = '[ { provider = "openai", model = "gpt-5-mini" } ]'
        table.fail("deployments", f"is missing or empty; it says where the model is called: {example}")
    return deployments


def _read_deployment(table: Table, providers: list[str]) -> DeploymentSettings:
    settings = DeploymentSettings(
        provider=table.text("provider"), model=table.text("model"), weight=table.integer("weight", 1, 1, 1_000_000)
    )
    table.close()
    if settings.provider not in providers:
        name = settings.provider
        table.fail("provider", f"is {name!r}, which is not configured{nearest(name, providers)}")
    model = settings.model
    if not model or len(model) > _LONGEST_NAME or not model.isprintable() or ".." in model.split("/"):
        table.fail("model", f"is {model!r}; it is the provider's name of the model, in printable characters")
    return settings


def _read_price(table: Table) -> Price:
    rates = Rates(
        input=_read_amount(table, "input"),
        output=_read_amount(table, "output"),
        cache_read=_read_amount(table, "cache_read") if table.has("cache_read") else None,
        cache_creation=_read_amount(table, "cache_creation") if table.has("cache_creation") else None,
    )
    table.close()
    return Price(rates)


def _read_amount(table: Table, key: str) -> Decimal:
    value = table.raw(key)
    if value is None:
        table.fail(key, 'is missing; it is US dollars for a million tokens, such as "0.25"')
    if isinstance(value, int | float) and not isinstance(value, bool):
        table.fail(key, f'is the number {value}; quote it, "{value}", so that no digit of a price is lost')
    if not isinstance(value, str) or not _PRICE.fullmatch(value):
        table.fail(key, f'is {value!r}; it is US dollars for a million tokens as text, such as "0.25"')
    return Decimal(value)


def _optional_integer(table: Table, key: str) -> int | None:
    return table.integer(key, 0, 1, _MOST_TOKENS) if table.has(key) else None


def _optional_flag(table: Table, key: str) -> bool | None:
    return table.flag(key, False) if table.has(key) else None


def read_panels(sections: Mapping[str, Table], names: Names, max_seats: int) -> tuple[PanelPreset, ...]:
    return tuple(_read_panel(name, table, names, max_seats) for name, table in sections.items())


def _read_panel(name: str, table: Table, names: Names, max_seats: int) -> PanelPreset:
    if not _PANEL_NAME.fullmatch(name):
        around = Table(table.document, table.path[:-1], {})
        around.fail(name, "is no name for a panel; use letters, digits, '.', '_' and '-'")
    preset = PanelPreset(
        name=name,
        models=table.texts("models"),
        resolution=_read_resolution(table),
        instructions=table.text("instructions") or None,
        summary_model=table.text("summary_model") or None,
        choices=table.texts("choices"),
        max_retries=table.integer("max_retries", 1, 0, 3),
        timeout_ms=table.integer("timeout_ms", 1, 1, 300_000) if table.has("timeout_ms") else None,
    )
    table.close()
    _check_members(preset, table, names, max_seats)
    _check_choices(preset, table)
    return preset


def _read_resolution(table: Table) -> str:
    if table.raw("resolution") == "fast":
        table.fail("resolution", "is 'fast', which gives no one answer to hand back; use summary or multiple_choice")
    return table.text("resolution", "summary", ("summary", "multiple_choice"))


def _check_members(preset: PanelPreset, table: Table, names: Names, max_seats: int) -> None:
    if not 1 <= len(preset.models) <= max_seats:
        table.fail("models", f"has {len(preset.models)} models; a panel has 1 to {max_seats} (server.max_seats)")
    for model in preset.models:
        names.check(model, table, "models")
    if preset.summary_model is not None:
        names.check(preset.summary_model, table, "summary_model")


def _check_choices(preset: PanelPreset, table: Table) -> None:
    choices = preset.choices
    if preset.resolution != "multiple_choice":
        if choices:
            table.fail("choices", "belongs to resolution 'multiple_choice'; leave it out or set that resolution")
        return
    if not 2 <= len(choices) <= _MOST_CHOICES:
        table.fail("choices", f"has {len(choices)} entries; multiple_choice needs 2 to {_MOST_CHOICES}")
    for choice in choices:
        if not choice.strip() or len(choice) > _LONGEST_CHOICE:
            table.fail(
                "choices", f"holds {choice[:40]!r}; a choice has 1 to {_LONGEST_CHOICE} characters, not all blank"
            )
    if len(set(choices)) != len(choices):
        table.fail("choices", "holds the same choice twice; choices differ")
