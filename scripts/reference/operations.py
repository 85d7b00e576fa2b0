"""One row for each method and path, in the order of the reference; a test holds them against `wire/routes.py`."""

from dataclasses import dataclass

from parley.domain.json import JsonObject, JsonValue
from reference import chat, compare, models, roundtable
from reference.answers import COUNTED, IDEMPOTENT, answer, document, file
from reference.errors import pick
from reference.shapes import ref
from reference.streams import StreamEvent

BODY = ("ForeignPage", "Unauthorized", "RequestTimeout", "RequestTooLarge", "UnsupportedMediaType", "InternalError")
KEYED = ("ForeignPage", "Unauthorized", "InternalError")
_ASKING = (
    *("SpendLimit", "ForbiddenModel", "ModelNotFound", "IdempotencyInProgress", "IdempotencyMismatch"),
    *("RateLimited", "NotServing"),
)


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


def asking_operations() -> tuple[Operation, ...]:
    """Return the endpoints that ask models."""
    return (
        Operation(
            "post",
            "/v3/roundtable",
            "Panels",
            "createRoundtable",
            "Ask a panel, get one answer",
            "One `input` goes to every seat at once; the answers are merged, handed back as they are, or counted as "
            "votes. A seat that fails does not disturb the others.",
            _panel_answers("RoundtableResponse", roundtable.FRAMES, roundtable.EVENTS, ("InvalidRequest400",)),
            "RoundtableBody",
            IDEMPOTENT,
        ),
        Operation(
            "post",
            "/v1/chat/compare",
            "Panels",
            "createComparison",
            "Ask several models, get their answers side by side",
            "The same conversation goes to every model at once; one more call compares the answers unless "
            "`skip_comparison` is set.",
            _panel_answers(
                "CompareResponse", compare.FRAMES, compare.EVENTS, ("InvalidRequest422", "TemplateNotFound")
            ),
            "CompareBody",
            (*IDEMPOTENT, models.sdk_header("Clients of the compare API say who they are; it shapes their streams.")),
        ),
        _chat("/v1/chat/completions", "createChatCompletion", "As OpenAI defines it."),
        _chat("/v3/compat/chat/completions", "createCompatChatCompletion", "The same as `/v1/chat/completions`."),
    )


def _chat(path: str, name: str, lead: str) -> Operation:
    failures = ("ChatRefused", "ChatRateLimited", "ChatUpstreamError", "ChatUnavailable", "ChatTimeout")
    refusals = pick("InvalidRequest422", "TemplateNotFound", *BODY, *_ASKING, *failures)
    return Operation(
        "post",
        path,
        "Chat",
        name,
        "Ask one model, or a configured panel",
        f"{lead} `model` may be `panel/NAME`: the consolidated answer of a configured panel comes as an ordinary "
        "completion. Parameters that Parley does not know are passed on to the provider. A provider's failure before "
        "the first piece of a stream is answered by its status, not in the stream.",
        {"200": answer(ref("ChatCompletion"), "The completion.", COUNTED, (chat.FRAMES, chat.EVENTS)), **refusals},
        "ChatBody",
        IDEMPOTENT,
    )


def _panel_answers(schema: str, frames: str, events: tuple[StreamEvent, ...], family: tuple[str, ...]) -> JsonObject:
    refusals = pick(*family, *BODY, *_ASKING, "AllModelsFailed")
    whole = answer(ref(schema), "The answer; a stream with `stream: true`.", COUNTED, (frames, events))
    return {"200": whole, **refusals}


def model_operations() -> tuple[Operation, ...]:
    """Return the listings of models."""
    return (*_listings("/v1", ""), *_listings("/v3/compat", "Compat"), _seats())


def _listings(prefix: str, kind: str) -> tuple[Operation, ...]:
    path = f"{prefix}/models"
    said = "" if not kind else f" The same as under `/v1`, for OpenAI clients with the base URL `{prefix}`."
    bad_query = pick(*KEYED, "InvalidRequest422")
    listed: JsonObject = {"200": answer(models.listing_schema(), "The models."), **bad_query}
    by_price: JsonObject = {"200": answer(models.listing_schema(), "The models."), **pick(*KEYED)}
    found: JsonObject = {"200": answer(ref("ModelSearch"), "A page of models."), **bad_query}
    one: JsonObject = {"200": answer(ref("Model"), "The model."), **pick(*KEYED, "ModelNotFound", "InvalidRequest422")}
    sdk = models.sdk_header("Sent by the clients of the compare API; with it the answer is a bare array.")
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
        {"200": answer(ref("RoundtableModels"), "The models."), **pick(*KEYED)},
    )


def service_operations() -> tuple[Operation, ...]:
    """Return what is open to everybody: health and this description."""
    status = "One word: `ok`, `ready` or `shutting_down`."
    plain: JsonObject = {"type": "object", "properties": {"status": {"type": "string", "description": status}}}
    plain["required"] = ["status"]
    ready: JsonObject = {"200": answer(plain, "It does."), "503": answer(plain, "It is shutting down.")}
    asset: JsonObject = {
        "name": "asset",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "enum": ["docs.css", "docs.js"]},
        "description": "The file's name.",
    }
    part: JsonObject = {
        "name": "path",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "enum": ["index.html", "app.js"]},
        "description": "The file's path.",
    }
    media = ("text/html", "text/css", "text/javascript", "image/svg+xml")
    return (
        _open("/", "getConsole", "Open the console", "A page that works offline.", {"200": file("text/html")}),
        _open(
            "/console/{path}",
            "getConsoleFile",
            "Get a part of the console",
            "Scripts, styles and pictures.",
            {"200": file(*media), **pick("NotFound")},
            (part,),
        ),
        _open("/healthz", "getHealth", "Ask whether the process lives", "200 as long as it does.", document(plain)),
        _open(
            "/readyz",
            "getReadiness",
            "Ask whether it takes requests",
            "503 once it is shutting down, so that a balancer looks elsewhere.",
            ready,
        ),
        _open("/openapi.json", "getOpenapi", "Get this document", "OpenAPI 3.1.", document({"type": "object"})),
        _open("/docs", "getDocs", "Read the reference", "A page that works offline.", {"200": file("text/html")}),
        _open(
            "/docs/{asset}",
            "getDocsAsset",
            "Get a part of the reference",
            "The page's style and script.",
            {"200": file("text/css", "text/javascript"), **pick("NotFound")},
            (asset,),
        ),
    )


def _open(
    path: str, name: str, title: str, meaning: str, answers: JsonObject, parameters: tuple[JsonValue, ...] = ()
) -> Operation:
    whole = {**answers, **pick("ForeignPage", "InternalError")}
    return Operation("get", path, "Operations", name, title, meaning, whole, None, parameters, is_open=True)
