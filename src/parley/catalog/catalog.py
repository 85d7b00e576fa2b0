"""Which models can be called, where, what they can do and what they cost. Knows names and data, calls nobody.

A name is a row of `[models]`, or `<provider>/<model>` for any configured provider, known to the catalog or not. The
part behind the provider goes upstream as it stands.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from parley.catalog.brands import brand_of
from parley.catalog.capabilities import capabilities_of
from parley.catalog.prices import PriceBook, PriceRow, price_list_of, utc_now
from parley.catalog.sandbox import CONTEXT_LENGTH, SANDBOX_MODELS, sandbox_model
from parley.catalog.vendors import Vendor, find_vendor
from parley.domain.errors import InvalidRequest, ModelNotFound
from parley.domain.models import Capabilities, Deployment, Dialect, Model
from parley.domain.settings import ModelSettings, PanelPreset, ProviderSettings
from parley.domain.usage import Price, Rates

PANEL_PREFIX = "panel/"
MAX_NAME_LENGTH = 256
_KEPT_MODELS = 4_096
_SHOWN_NAME_LENGTH = 80
_FREE = Price(Rates(Decimal(0), Decimal(0)))

Known = TypeVar("Known", int, bool)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of one provider's model; `is_fixed`: its price does not depend on the time."""

    price: Price | None
    capabilities: Capabilities
    title: str = ""
    description: str = ""
    is_fixed: bool = True


class Catalog:
    """Finds models by name. `discovered` are the models that local servers named at start, by provider."""

    def __init__(
        self,
        providers: Iterable[ProviderSettings],
        models: Iterable[ModelSettings] = (),
        panels: Iterable[PanelPreset] = (),
        discovered: Mapping[str, tuple[str, ...]] | None = None,
        book: PriceBook | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._providers = {provider.name: provider for provider in providers}
        self._configured = {model.name: model for model in models}
        self._panels = {panel.name: panel for panel in panels}
        self._discovered = discovered or {}
        self._book = book or PriceBook()
        self._now = now
        self._kept: dict[str, Model] = {}
        self._listed = self._list_names()

    def find(self, name: str) -> Model:
        """Return the model that callers know by this name.

        Raises ModelNotFound with the nearest known names, InvalidRequest for a name that can't be a model's.
        """
        kept = self._kept.get(name)
        if kept is not None:
            return kept
        model, is_fixed = self._build(name)
        if is_fixed:
            if len(self._kept) >= _KEPT_MODELS:
                self._kept.clear()
            self._kept[name] = model
        return model

    def models(self) -> tuple[Model, ...]:
        """Return the models worth listing: configured, known of configured providers, discovered, sandbox."""
        return tuple(self.find(name) for name in self._listed)

    def names(self) -> tuple[str, ...]:
        """Return the names of `models()`, which costs nothing."""
        return self._listed

    def panels(self) -> tuple[PanelPreset, ...]:
        return tuple(self._panels.values())

    def panel(self, name: str) -> PanelPreset:
        """Return the panel that callers know as `panel/NAME`; raises ModelNotFound with the nearest names."""
        preset = self._panels.get(name.removeprefix(PANEL_PREFIX)) if name.startswith(PANEL_PREFIX) else None
        if preset is None:
            raise ModelNotFound(self._not_found(name, [PANEL_PREFIX + known for known in self._panels]))
        return preset

    def _build(self, name: str) -> tuple[Model, bool]:
        configured = self._configured.get(name)
        if configured is not None:
            return self._build_configured(configured)
        _check_name(name)
        provider_name, _, upstream_model = name.partition("/")
        provider = self._providers.get(provider_name)
        if provider is None or not upstream_model:
            raise ModelNotFound(self._not_found(name, [*self._listed, *self._configured]))
        facts = self._facts(provider, upstream_model)
        deployment = Deployment(provider.name, upstream_model, 1, facts.price, facts.capabilities)
        return self._model(name, (deployment,), facts), facts.is_fixed

    def _build_configured(self, settings: ModelSettings) -> tuple[Model, bool]:
        """Return a `[models]` row as a model: what the row says wins over what the catalog knows."""
        deployments = []
        every_facts = []
        for place in settings.deployments:
            facts = self._facts(self._providers[place.provider], place.model)
            price = settings.price or facts.price
            capabilities = _override(facts.capabilities, settings)
            deployments.append(Deployment(place.provider, place.model, place.weight, price, capabilities))
            every_facts.append(facts)
        is_fixed = settings.price is not None or all(facts.is_fixed for facts in every_facts)
        return self._model(settings.name, tuple(deployments), every_facts[0]), is_fixed

    def _model(self, name: str, deployments: tuple[Deployment, ...], facts: _Facts) -> Model:
        first = deployments[0]
        is_sandbox = all(self._providers[each.provider].dialect is Dialect.SANDBOX for each in deployments)
        brand = "Parley" if is_sandbox else brand_of(first.upstream_model, first.provider)
        title = facts.title or name
        return Model(name, deployments, title, brand, is_sandbox, facts.description)

    def _facts(self, provider: ProviderSettings, upstream_model: str) -> _Facts:
        known = capabilities_of(provider.dialect, upstream_model)
        if provider.dialect is Dialect.SANDBOX:
            return _sandbox_facts(upstream_model, known)
        row = self._price_row(provider, upstream_model)
        if row is not None:
            known = replace(known, context_length=row.context_window)
            return _Facts(row.price_at(self._now()), known, row.name, is_fixed=row.is_fixed)
        is_free = provider.is_local or provider.dialect is Dialect.REPLAY
        return _Facts(_FREE if is_free else None, known)

    def _price_row(self, provider: ProviderSettings, upstream_model: str) -> PriceRow | None:
        name = price_list_of(provider)
        return None if name is None else self._book.list_of(name).find(upstream_model)

    def _list_names(self) -> tuple[str, ...]:
        names = list(self._configured)
        for provider in self._providers.values():
            names += [f"{provider.name}/{model}" for model in self._models_of(provider)]
        return tuple(dict.fromkeys(names))

    def _models_of(self, provider: ProviderSettings) -> Iterable[str]:
        if provider.dialect is Dialect.SANDBOX:
            return [model.name for model in SANDBOX_MODELS]
        if provider.name in self._discovered:
            return self._discovered[provider.name]
        name = price_list_of(provider)
        return [] if name is None else [row.id for row in self._book.list_of(name).rows if not row.unlisted]

    def _not_found(self, name: str, known: list[str]) -> str:
        shown = _shown(name)
        near = nearest_names(name, known)
        if near:
            return f"model {shown} is not known; did you mean {' or '.join(near)}?"
        prefix, _, rest = name.partition("/")
        vendor = find_vendor(prefix) if rest else None
        if vendor is not None and vendor.name not in self._providers:
            return f"model {shown} is not known, as provider {vendor.name} is not set up here; {_remedy(vendor)}"
        return f"model {shown} is not known; a model is named <provider>/<model>, with one of {self._provider_names()}"

    def _provider_names(self) -> str:
        return ", ".join(self._providers) or "no provider, as none is configured"


def _remedy(vendor: Vendor) -> str:
    section = f"[providers.{vendor.name}]"
    if vendor.is_local:
        return f"start it before Parley, or add {section} to the configuration"
    return f"set {vendor.api_key_env} and start again, with {section} where the configuration has such sections"


def nearest_names(name: str, known: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """Return up to `count` of `known` that look most like `name`, best first.

    A name without its provider, such as `gpt-5-mini`, is found as well.
    """
    names = list(dict.fromkeys(known))
    wanted = name[:MAX_NAME_LENGTH].lower()
    whole = [each for each in names if each.lower().partition("/")[2] == wanted]
    close = difflib.get_close_matches(wanted, names, count, 0.6)
    return tuple(dict.fromkeys([*whole, *close]))[:count]


def _check_name(name: str) -> None:
    """Refuse a name that must not go upstream: too long, with control characters, or with `..` as a segment."""
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidRequest(f"a model's name has {len(name)} characters; the most is {MAX_NAME_LENGTH}")
    if any(_is_unfit(character) for character in name):
        raise InvalidRequest(f"model {_shown(name)} holds a control character; leave it out")
    if any(segment in {".", ".."} for segment in name.split("/")):
        raise InvalidRequest(f"model {_shown(name)} has a segment '.' or '..'; leave it out")


def _is_unfit(character: str) -> bool:
    code = ord(character)
    return code < 0x20 or 0x7F <= code < 0xA0 or code in {0x2028, 0x2029} or 0xD800 <= code < 0xE000


def _shown(name: str) -> str:
    cut = name if len(name) <= _SHOWN_NAME_LENGTH else name[:_SHOWN_NAME_LENGTH] + "…"
    return ascii(cut) if any(_is_unfit(character) for character in cut) else repr(cut)


def _sandbox_facts(upstream_model: str, known: Capabilities) -> _Facts:
    row = sandbox_model(upstream_model)
    if row is None:
        return _Facts(None, known)
    return _Facts(row.price, replace(known, context_length=CONTEXT_LENGTH), row.title, row.description)


def _override(known: Capabilities, settings: ModelSettings) -> Capabilities:
    """Return `known` with what the operator says of the model."""
    return replace(
        known,
        context_length=_first(settings.context_length, known.context_length),
        max_output_tokens=_first(settings.max_output_tokens, known.max_output_tokens),
        supports_structured_output=_first(settings.supports_structured_output, known.supports_structured_output),
        supports_tools=_first(settings.supports_tools, known.supports_tools),
        supports_images=_first(settings.supports_images, known.supports_images),
    )


def _first(said: Known | None, known: Known | None) -> Known | None:
    return known if said is None else said
