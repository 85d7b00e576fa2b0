"""Contract: GET /v1/models and its sisters, and GET /v3/models; contracts/gateway.md, "Models".

Query parameters that are not known are ignored, bad values are refused. Clients of the compare API get bare arrays,
others OpenAI's list object. Prices are decimal strings in US dollars, null where they are not known.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from parley.catalog.catalog import PANEL_PREFIX, Catalog
from parley.domain.errors import InvalidRequest
from parley.domain.json import JsonObject, JsonValue
from parley.domain.models import Deployment, Model
from parley.domain.settings import PanelPreset
from parley.domain.usage import Price

Listed = Model | PanelPreset

# Kinds of models that the compare API's clients may ask for; Parley has text models alone.
_TYPES = ("text", "embedding", "image", "audio", "video")
_SORTS = ("brand", "name", "id", "context_length")
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_USUAL_LIMIT = 50
_MOST_LIMIT = 500
_MOST_OFFSET = 1_000_000
_THOUSAND = Decimal(1_000)
_PANEL_BRAND = "Parley"


def list_models(entries: Iterable[Listed], query: Mapping[str, str], is_compare_client: bool) -> JsonValue:
    """Return the answer of GET /v1/models: `free`, `type` and `provider` narrow it.

    Raises InvalidRequest for a value that a parameter does not take.
    """
    wants_free = _read_flag(query, "free")
    kind = _read_choice(query, "type", _TYPES)
    provider = query.get("provider")
    if kind not in {None, "text"}:
        return _framed([], is_compare_client)
    found = [encode_model(entry) for entry in entries]
    if wants_free is not None:
        found = [each for each in found if each["is_free"] is wants_free]
    if provider:
        found = [each for each in found if each["provider"] == provider]
    return _framed(found, is_compare_client)


def list_free(entries: Iterable[Listed], is_compare_client: bool) -> JsonValue:
    """Return the answer of GET /v1/models/free: those whose price is known to be 0."""
    return list_models(entries, {"free": "true"}, is_compare_client)


def list_paid(entries: Iterable[Listed], is_compare_client: bool) -> JsonValue:
    """Return the answer of GET /v1/models/paid: all others, those of unknown price included."""
    return list_models(entries, {"free": "false"}, is_compare_client)


def search_models(entries: Iterable[Listed], query: Mapping[str, str]) -> JsonObject:
    """Return the answer of GET /v1/models/search: a page of the models that hold every word of `q`.

    `free`, `brand`, `sort` and `order` are read too. `brands` are those of all that was found, not of the page.
    """
    words = query.get("q", "").lower().split()
    wants_free = _read_flag(query, "free")
    brand = query.get("brand", "").lower()
    limit = _read_integer(query, "limit", _USUAL_LIMIT, 1, _MOST_LIMIT)
    offset = _read_integer(query, "offset", 0, 0, _MOST_OFFSET)
    found = [
        each
        for each in map(encode_model, entries)
        if _holds(each, words)
        and (wants_free is None or each["is_free"] is wants_free)
        and (not brand or str(each["brand"]).lower() == brand)
    ]
    page = _sorted(found, query)[offset : offset + limit]
    brands: list[JsonValue] = [*sorted({str(each["brand"]) for each in found})]
    return {"items": [*page], "total": len(found), "limit": limit, "offset": offset, "brands": brands}


def retrieve_model(catalog: Catalog, model_id: str) -> JsonObject:
    """Return the answer of GET /v1/models/{id}: any name that can be called, listed or not, and any panel.

    Raises ModelNotFound with the nearest names.
    """
    is_panel = model_id.startswith(PANEL_PREFIX)
    return encode_model(catalog.panel(model_id) if is_panel else catalog.find(model_id))


def list_for_roundtable(models: Iterable[Model]) -> JsonObject:
    """Return the answer of GET /v3/models; panels are not in it, because a roundtable can't seat one."""
    return {"models": [_encode_for_roundtable(model) for model in models]}


def encode_model(entry: Listed) -> JsonObject:
    """Return one entry as /v1/models shows it, with OpenAI's own fields."""
    return _encode_panel(entry) if isinstance(entry, PanelPreset) else _encode_single(entry)


def _encode_single(model: Model) -> JsonObject:
    first = model.deployments[0]
    known = first.capabilities
    body: JsonObject = {
        **_identity(model.name, model.title, first.provider, model.brand),
        "context_length": known.context_length,
        "context_window": known.context_length,
        "max_output_tokens": known.max_output_tokens,
        "is_free": _is_free(model.deployments),
        "pricing": encode_pricing(first.price),
        "supports_tools": known.supports_tools,
        "supports_structured_output": known.supports_structured_output,
        "supports_thinking": None if known.efforts is None else bool(known.efforts),
        "supports_system_prompt": True,
        "supports_completions_api": True,
        "input_modalities": ["text", "image"] if known.supports_images else ["text"],
        "output_modalities": ["text"],
    }
    if model.description:
        body["description"] = model.description
    if model.is_sandbox:
        body["sandbox"] = True
    return body


def _encode_panel(panel: PanelPreset) -> JsonObject:
    name = PANEL_PREFIX + panel.name
    return {
        **_identity(name, name, "panel", _PANEL_BRAND),
        "context_length": None,
        "is_free": False,
        "pricing": encode_pricing(None),
        "supports_tools": False,
        "supports_structured_output": panel.resolution == "summary",
        "is_composite": True,
        "composite_models": [*panel.models],
        "description": f"{len(panel.models)} models at once, their answers resolved by {panel.resolution}.",
    }


def _identity(name: str, title: str, provider: str, brand: str) -> JsonObject:
    # OpenAI's clients want a creation time; no source has one for every model, and 0 says so.
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": brand,
        "name": title,
        "provider": provider,
        "brand": brand,
        "type": "text",
        "model_type": "text",
    }


def encode_pricing(price: Price | None) -> JsonObject:
    """Return a price as the compare API shows it; the long-context rates are those of the first tier."""
    pricing: JsonObject = {
        "prompt_usd_per_1k": _amount(price.rates.input / _THOUSAND if price else None),
        "completion_usd_per_1k": _amount(price.rates.output / _THOUSAND if price else None),
        "pricing_unit": "token",
        "prompt_usd_per_1m": _amount(price.rates.input if price else None),
        "completion_usd_per_1m": _amount(price.rates.output if price else None),
        "cache_read_input_usd_per_1m": _amount(price.rates.cache_read if price else None),
        "cache_write_input_usd_per_1m": _amount(price.rates.cache_creation if price else None),
    }
    if price and price.tiers:
        rates = price.tiers[0].rates
        pricing["long_context_input_usd_per_1m"] = _amount(rates.input)
        pricing["long_context_output_usd_per_1m"] = _amount(rates.output)
    return pricing


def _encode_for_roundtable(model: Model) -> JsonObject:
    first = model.deployments[0]
    body: JsonObject = {
        "id": model.name,
        "type": "text",
        "provider": first.provider,
        "name": model.title,
        "capabilities": _capability_names(first),
        "context_window": first.capabilities.context_length,
        "pricing": {
            "input_usd_per_1m": _amount(first.price.rates.input if first.price else None),
            "output_usd_per_1m": _amount(first.price.rates.output if first.price else None),
        },
    }
    if model.description:
        body["description"] = model.description
    if model.is_sandbox:
        body["sandbox"] = True
    return body


def _capability_names(deployment: Deployment) -> list[JsonValue]:
    known = deployment.capabilities
    flags = {
        "structured_output": known.supports_structured_output,
        "tools": known.supports_tools,
        "vision": known.supports_images,
        "reasoning": bool(known.efforts),
    }
    return [name for name, is_known in flags.items() if is_known]


def _is_free(deployments: Sequence[Deployment]) -> bool:
    """Whether every place where the model may be called has a known price of 0."""
    return all(deployment.price is not None and deployment.price.is_free for deployment in deployments)


def _amount(value: Decimal | None) -> str | None:
    """Return a decimal string without an exponent and without needless zeros."""
    if value is None:
        return None
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _framed(found: list[JsonObject], is_compare_client: bool) -> JsonValue:
    data: list[JsonValue] = [*found]
    return data if is_compare_client else {"object": "list", "data": data}


def _holds(encoded: JsonObject, words: Sequence[str]) -> bool:
    text = f"{encoded['id']} {encoded['name']} {encoded['brand']}".lower()
    return all(word in text for word in words)


def _sorted(found: list[JsonObject], query: Mapping[str, str]) -> list[JsonObject]:
    """Return `found` in the wished order; models without a context length stand last when it is sorted by."""
    sort = _read_choice(query, "sort", _SORTS)
    is_falling = _read_choice(query, "order", ("asc", "desc")) == "desc"
    if sort is None:
        return found[::-1] if is_falling else found
    if sort == "context_length":
        known = [each for each in found if each[sort] is not None]
        unknown = [each for each in found if each[sort] is None]
        return [*sorted(known, key=lambda each: int(str(each[sort])), reverse=is_falling), *unknown]
    return sorted(found, key=lambda each: str(each[sort]).lower(), reverse=is_falling)


def _read_flag(query: Mapping[str, str], name: str) -> bool | None:
    text = query.get(name)
    if text is None:
        return None
    if text.lower() not in _TRUTHS:
        raise InvalidRequest(f"{name} is {text[:40]!r}; it is true or false", param=name)
    return _TRUTHS[text.lower()]


def _read_choice(query: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str | None:
    text = query.get(name)
    if text is not None and text not in choices:
        raise InvalidRequest(f"{name} is {text[:40]!r}; it is one of {', '.join(choices)}", param=name)
    return text


def _read_integer(query: Mapping[str, str], name: str, usual: int, least: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise InvalidRequest(f"{name} is {text[:40]!r}; it is a whole number from {least} to {most}", param=name)
    return int(text)
