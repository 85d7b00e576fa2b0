"""One row for each method and path, in the order of the reference; `routes.py` must have the same ones."""

from dataclasses import dataclass

from parley.domain.json import JsonObject, JsonValue
from parley.wire.openapi import chat, compare, models, roundtable
from parley.wire.openapi.errors import JSON, pick
from parley.wire.openapi.shapes import ref
from parley.wire.openapi.streams import EVENT_STREAM, StreamEvent, stream_content

_BEFORE_BODY = ("Unauthorized", "Forbidden", "ModelNotFound", "RequestTimeout", "RequestTooLarge")
_ANY_BODY = (*_BEFORE_BODY, "UnsupportedMediaType", "InternalError")
_KEYED = ("Unauthorized", "Forbidden", "InternalError")


@dataclass(frozen=True, slots=True)
class Operation:
    """One endpoint. `body` names the component of its request body; `answers` are its responses by status."""

    method: str
    path: str
    tag: str
    name: str
    summary: str
    description: str
    answers: JsonObject
    body: str | None = None
    parameters: tuple[JsonValue, ...] = ()
    is_open: bool = False


def operations() -> tuple[Operation, ...]:
    """Return every endpoint of the server."""
    return (
        *_panel_operations(),
        *_listings("/v1", ""),
        *_listings("/v3/compat", "Compat"),
        _seats(),
        *_open_operations(),
    )


def _panel_operations() -> tuple[Operation, ...]:
    return (
        Operation(
            "post",
            "/v3/roundtable",
            "Panels",
            "createRoundtable",
            "Ask a panel, get one answer",
            "One `input` goes to every seat at once; the answers are merged, handed back as they are, or counted as "
            "votes. A seat that fails does not disturb the others.",
            _panel_answers("RoundtableResponse", roundtable.FRAMES, roundtable.EVENTS, "InvalidRequest400"),
            "RoundtableBody",
        ),
        Operation(
            "post",
            "/v1/chat/compare",
            "Panels",
            "createComparison",
            "Ask several models, get their answers side by side",
            "The same conversation goes to every model at once; one more call compares the answers unless "
            "`skip_comparison` is set.",
            _panel_answers("CompareResponse", compare.FRAMES, compare.EVENTS, "InvalidRequest422"),
            "CompareBody",
        ),
        _chat("/v1/chat/completions", "createChatCompletion", "As OpenAI defines it."),
        _chat("/v3/compat/chat/completions", "createCompatChatCompletion", "The same as `/v1/chat/completions`."),
    )


def _chat(path: str, name: str, lead: str) -> Operation:
    return Operation(
        "post",
        path,
        "Chat",
        name,
        "Ask one model, or a configured panel",
        f"{lead} `model` may be `panel/NAME`: the consolidated answer of a configured panel comes as an ordinary "
        "completion. Parameters that Parley does not know are passed on to the provider.",
        {
            "200": _answer(ref("ChatCompletion"), "The completion.", chat.FRAMES, chat.EVENTS),
            **pick(
                (*_ANY_BODY, "ChatInvalid", "ChatRateLimited", "ChatUpstreamError", "ChatUnavailable", "ChatTimeout")
            ),
        },
        "ChatBody",
    )


def _panel_answers(schema: str, frames: str, events: tuple[StreamEvent, ...], invalid: str) -> JsonObject:
    refusals = pick((invalid, *_ANY_BODY, "AllModelsFailed", "ShuttingDown"))
    return {"200": _answer(ref(schema), "The answer; a stream with `stream: true`.", frames, events), **refusals}


def _listings(prefix: str, kind: str) -> tuple[Operation, ...]:
    path = f"{prefix}/models"
    said = "" if not kind else f" The same as under `/v1`, for OpenAI clients with the base URL `{prefix}`."
    bad_query = pick((*_KEYED, "InvalidRequest422"))
    listed: JsonObject = {"200": _answer(models.listing_schema(), "The models."), **bad_query}
    by_price: JsonObject = {"200": _answer(models.listing_schema(), "The models."), **pick(_KEYED)}
    found: JsonObject = {"200": _answer(ref("ModelSearch"), "A page of models."), **bad_query}
    one: JsonObject = {
        "200": _answer(ref("Model"), "The model."),
        **pick((*_KEYED, "ModelNotFound", "InvalidRequest422")),
    }
    sdk = models.sdk_header()
    rows = (
        ("", "list", "List models", "Every model worth listing, configured panels first.", listed),
        ("/free", "listFree", "List free models", "Models whose price is known to be 0.", by_price),
        ("/paid", "listPaid", "List paid models", "All others, those of unknown price included.", by_price),
        ("/search", "search", "Search models", "A page of the models that hold every word of `q`.", found),
        ("/{name}", "retrieve", "Describe a model", "Any name that can be called, slashes as they are.", one),
    )
    parameters: dict[str, tuple[JsonValue, ...]] = {
        "": (*models.listing_parameters(), sdk),
        "/free": (sdk,),
        "/paid": (sdk,),
        "/search": tuple(models.search_parameters()),
        "/{name}": (models.name_parameter(),),
    }
    return tuple(
        Operation(
            "get", path + end, "Models", f"{verb}{kind}Models", title, meaning + said, answers, None, parameters[end]
        )
        for end, verb, title, meaning, answers in rows
    )


def _seats() -> Operation:
    return Operation(
        "get",
        "/v3/models",
        "Models",
        "listRoundtableModels",
        "List models for a roundtable",
        "Capabilities and prices of what can take a seat.",
        {"200": _answer(ref("RoundtableModels"), "The models."), **pick(_KEYED)},
    )


def _open_operations() -> tuple[Operation, ...]:
    status = "One word: `ok`, `ready` or `shutting_down`."
    plain: JsonObject = {"type": "object", "properties": {"status": {"type": "string", "description": status}}}
    plain["required"] = ["status"]
    refused = pick(("Forbidden", "InternalError"))
    rows: tuple[tuple[str, str, str, str, JsonObject], ...] = (
        (
            "/healthz",
            "getHealth",
            "Does the process live?",
            "200 as long as it does.",
            {"200": _answer(plain, "It lives.")},
        ),
        (
            "/readyz",
            "getReadiness",
            "Does it take requests?",
            "200 while it does, 503 once it is shutting down, so that a balancer looks elsewhere.",
            {"200": _answer(plain, "It does."), "503": _answer(plain, "It is shutting down.")},
        ),
        ("/openapi.json", "getOpenapi", "This document", "OpenAPI 3.1.", {"200": _answer({"type": "object"}, "It.")}),
        ("/docs", "getDocs", "The readable reference", "A page that works offline.", {"200": _page("text/html")}),
        (
            "/docs/{asset}",
            "getDocsAsset",
            "A part of the reference",
            "The page's style and script.",
            {"200": _page("text/css", "text/javascript"), **pick(("NotFound",))},
        ),
    )
    asset: JsonObject = {
        "name": "asset",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "enum": ["docs.css", "docs.js"]},
        "description": "The file's name.",
    }
    return tuple(
        Operation(
            "get",
            path,
            "Operations",
            name,
            title,
            meaning,
            {**answers, **refused},
            None,
            (asset,) if path.endswith("}") else (),
            is_open=True,
        )
        for path, name, title, meaning, answers in rows
    )


def _answer(
    schema: JsonObject, description: str, frames: str | None = None, events: tuple[StreamEvent, ...] = ()
) -> JsonObject:
    content: JsonObject = {JSON: {"schema": schema}}
    if frames is not None:
        content[EVENT_STREAM] = stream_content(frames, events)
    return {"description": description, "headers": _headers(), "content": content}


def _page(*media_types: str) -> JsonObject:
    content: JsonObject = {media_type: {"schema": {"type": "string"}} for media_type in media_types}
    return {"description": "The file.", "headers": _headers(), "content": content}


def _headers() -> JsonObject:
    return {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}
