"""The models that can be called: /v1/models and its sisters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from parley_client.call import USUAL, Call, CallOptions, Resource, endpoint, place
from parley_client.decoding import decode, reader
from parley_client.typevars import S, Unpack


@dataclass(frozen=True, slots=True)
class Pricing:
    """Prices in US dollars as decimal strings, None where they are not known."""

    prompt_usd_per_1k: str | None = None
    completion_usd_per_1k: str | None = None
    prompt_usd_per_1m: str | None = None
    completion_usd_per_1m: str | None = None
    cache_read_input_usd_per_1m: str | None = None
    cache_write_input_usd_per_1m: str | None = None
    long_context_input_usd_per_1m: str | None = None
    long_context_output_usd_per_1m: str | None = None
    pricing_unit: str | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """One model, or one configured panel (`is_composite`). `id` is what a request names; sizes are in tokens."""

    id: str
    name: str | None = None
    provider: str | None = None
    brand: str | None = None
    type: str | None = None
    model_type: str | None = None
    object: str | None = None
    created: int | None = None
    owned_by: str | None = None
    description: str | None = None
    context_length: int | None = None
    context_window: int | None = None
    max_output_tokens: int | None = None
    is_free: bool | None = None
    pricing: Pricing | None = None
    supports_tools: bool | None = None
    supports_structured_output: bool | None = None
    supports_thinking: bool | None = None
    supports_system_prompt: bool | None = None
    supports_completions_api: bool | None = None
    input_modalities: tuple[str, ...] | None = None
    output_modalities: tuple[str, ...] | None = None
    sandbox: bool | None = None
    is_composite: bool | None = None
    composite_models: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ModelList:
    """What `models.list` unpacks."""

    data: tuple[Model, ...]


@dataclass(frozen=True, slots=True)
class ModelPage:
    """A page of a search; `total` and `brands` are those of everything that was found."""

    items: tuple[Model, ...]
    total: int
    limit: int
    offset: int
    brands: tuple[str, ...] = ()


class ModelFilters(TypedDict, total=False):
    """Which models to list. `free` is True for those whose price is known to be 0, False for all others."""

    free: bool
    type: str
    provider: str


class ModelSearch(TypedDict, total=False):
    """`q`: words that all stand in id, name or brand. `limit` up to 500. `sort`: brand, name, id or context_length."""

    q: str
    limit: int
    offset: int
    free: bool
    brand: str
    sort: str
    order: str


class ModelsResource(Resource[S]):
    """What can be called."""

    @endpoint
    def list(self, *, options: CallOptions = USUAL, **filters: Unpack[ModelFilters]) -> Call[tuple[Model, ...]]:
        """Return what is configured, known of a configured provider, or was found when the server started."""
        return Call("GET", place("/v1/models", query=filters), lambda value: decode(ModelList, value).data, options)

    @endpoint
    def search(self, *, options: CallOptions = USUAL, **search: Unpack[ModelSearch]) -> Call[ModelPage]:
        """Return a page of what matches."""
        return Call("GET", place("/v1/models/search", query=search), reader(ModelPage), options)

    @endpoint
    def get(self, model_id: str, *, options: CallOptions = USUAL) -> Call[Model]:
        """Return any model that can be called, listed or not. Raises APIError 404 with the nearest names."""
        return Call("GET", place("/v1/models/{}", model_id), reader(Model), options)
