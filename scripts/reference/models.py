"""The model listings described: query parameters and answers."""

from parley.catalog.catalog import MAX_NAME_LENGTH
from parley.domain.json import JsonObject, JsonValue
from reference.shapes import array, constant, count, flag, nullable, record, ref, text, words

_PRICE = "^[0-9]+([.][0-9]+)?$"


def schemas() -> JsonObject:
    """Return the components of the listings."""
    return {
        "Model": _model(),
        "Pricing": _pricing(),
        "ModelList": record(
            "Models in the shape that OpenAI's clients expect.",
            {"object": constant("list", "Always `list`."), "data": array(ref("Model"), "The models.")},
        ),
        "ModelSearch": record(
            "One page of what was found.",
            {
                "items": array(ref("Model"), "The models of this page."),
                "total": count("How many were found."),
                "limit": count("Most entries of a page, as asked for.", 1),
                "offset": count("How many entries were passed over."),
                "brands": array({"type": "string"}, "The brands of all that was found."),
            },
        ),
        "RoundtableModels": record(
            "Models in the shape of the roundtable family.",
            {"models": array(ref("RoundtableModel"), "What can take a seat.")},
        ),
        "RoundtableModel": _roundtable_model(),
    }


def listing_parameters() -> list[JsonValue]:
    """Return the query parameters of GET /v1/models."""
    return [
        query("free", {"type": "boolean"}, "Only models whose price is known to be 0 (`true`), or only the others."),
        query(
            "type",
            {"type": "string", "enum": ["text", "embedding", "image", "audio", "video"]},
            "Kind of model. Parley has text models alone, so that every other kind is an empty list.",
        ),
        query("provider", {"type": "string"}, "Only models whose first deployment is at this provider."),
    ]


def search_parameters() -> list[JsonValue]:
    """Return the query parameters of GET /v1/models/search."""
    sorts: list[JsonValue] = ["brand", "name", "id", "context_length"]
    return [
        query("q", {"type": "string"}, "Words that id, name or brand must hold, all of them, in any case."),
        query("free", {"type": "boolean"}, "As in `GET /v1/models`."),
        query("brand", {"type": "string"}, "Only models of this brand, in any case."),
        query(
            "sort", {"type": "string", "enum": sorts}, "What the models are sorted by; default: the catalog's order."
        ),
        query("order", {"type": "string", "enum": ["asc", "desc"], "default": "asc"}, "Rising or falling."),
        query("limit", {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}, "Most entries of a page."),
        query("offset", {"type": "integer", "minimum": 0, "maximum": 1_000_000, "default": 0}, "Entries to pass over."),
    ]


def listing_schema() -> JsonObject:
    """Return the answer of a listing: OpenAI's list object, or a bare array to clients of the compare API."""
    return {"anyOf": [ref("ModelList"), array(ref("Model"), "To clients of the compare API.")]}


def name_parameter() -> JsonObject:
    """Return the path parameter of one model."""
    return {
        "name": "name",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH, "examples": ["sandbox/terse"]},
        "description": "The model's name; its slashes may stand in the path as they are.",
    }


def sdk_header(description: str) -> JsonObject:
    """Return the header by which clients of the compare API are known."""
    return {
        "name": "X-MeshAPI-SDK",
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": description,
    }


def query(name: str, schema: JsonObject, description: str) -> JsonObject:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _model() -> JsonObject:
    fields: JsonObject = {
        "id": text("The name that callers use."),
        "object": constant("model", "Always `model`."),
        "created": count("0: no source knows it for every model."),
        "owned_by": text("As `brand`."),
        "name": text("The name for people."),
        "provider": text("The first provider where it is called; `panel` for a configured panel."),
        "brand": text("Who made the model."),
        "type": constant("text", "Always `text`."),
        "model_type": constant("text", "As `type`."),
        "context_length": nullable(count("Most tokens of input and output together; null where not known.")),
        "context_window": nullable(count("As `context_length`.")),
        "max_output_tokens": nullable(count("Most tokens of an answer; null where not known.")),
        "is_free": flag("Whether the price is known and 0 wherever the model is called."),
        "pricing": ref("Pricing", "What it costs."),
        "supports_tools": _maybe("Whether it calls tools; null where not known."),
        "supports_structured_output": _maybe("Whether the provider itself can hold it to a JSON Schema."),
        "supports_thinking": _maybe("Whether it takes a reasoning effort; null where not known."),
        "supports_system_prompt": flag("Always true."),
        "supports_completions_api": flag("Always true."),
        "input_modalities": array(words(["text", "image"], "A kind of input."), "What it takes."),
        "output_modalities": array({"type": "string"}, "What it gives."),
        "description": text("What it is."),
        "sandbox": flag("True for the embedded models: deterministic programs, not language models."),
        "is_composite": flag("True for a configured panel."),
        "composite_models": array({"type": "string"}, "The models of a configured panel."),
    }
    always: tuple[str, ...] = ("id", "object", "created", "owned_by", "name", "provider", "brand", "type", "model_type")
    always += ("context_length", "is_free", "pricing", "supports_tools", "supports_structured_output")
    return record("A model, or a configured panel.", fields, [name for name in fields if name not in always])


def _pricing() -> JsonObject:
    fields: JsonObject = {
        "prompt_usd_per_1k": _money("US dollars for 1,000 tokens of input."),
        "completion_usd_per_1k": _money("US dollars for 1,000 tokens of output."),
        "pricing_unit": constant("token", "Always `token`."),
        "prompt_usd_per_1m": _money("US dollars for a million tokens of input."),
        "completion_usd_per_1m": _money("US dollars for a million tokens of output."),
        "cache_read_input_usd_per_1m": _money("US dollars for a million tokens read from the provider's cache."),
        "cache_write_input_usd_per_1m": _money("US dollars for a million tokens written to the provider's cache."),
        "long_context_input_usd_per_1m": _money("US dollars for a million tokens of input of a long call."),
        "long_context_output_usd_per_1m": _money("US dollars for a million tokens of output of a long call."),
    }
    optional = [name for name in fields if name.startswith("long_context")]
    return record("Prices as decimal strings; null where not known.", fields, optional)


def _roundtable_model() -> JsonObject:
    names = ["structured_output", "tools", "vision", "reasoning"]
    pricing: JsonObject = {
        "input_usd_per_1m": _money("US dollars for a million tokens of input."),
        "output_usd_per_1m": _money("US dollars for a million tokens of output."),
    }
    fields: JsonObject = {
        "id": text("The name that callers use."),
        "type": constant("text", "Always `text`."),
        "provider": text("The first provider where it is called."),
        "name": text("The name for people."),
        "capabilities": array(words(names, "A capability."), "What is known that it can do."),
        "context_window": nullable(count("Most tokens of input and output together; null where not known.")),
        "pricing": record("Prices as decimal strings; null where not known.", pricing),
        "description": text("What it is."),
        "sandbox": flag("True for the embedded models."),
    }
    return record("A model that can take a seat.", fields, ["description", "sandbox"])


def _money(description: str) -> JsonObject:
    return {"type": ["string", "null"], "pattern": _PRICE, "description": description}


def _maybe(description: str) -> JsonObject:
    return nullable(flag(description))
