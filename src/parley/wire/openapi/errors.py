"""The error envelope and each refusal of it, as reusable responses. Statuses and codes: `wire/problems.py`."""

from collections.abc import Sequence
from dataclasses import dataclass

from parley.domain.errors import FailureCode
from parley.domain.json import JsonObject, JsonValue
from parley.wire.openapi.shapes import anything, array, count, nullable, record, text, words

JSON = "application/json"

_TYPES = ["invalid_request_error", "authentication_error", "permission_error", "not_found_error"]
_TYPES += ["rate_limit_error", "api_error"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """One documented error response: `codes` are what `error.code` may be, `advice` what a client does next."""

    name: str
    status: int
    codes: tuple[str, ...]
    description: str
    advice: str
    has_retry_after: bool = False


_FIELDS = "A field is missing, unknown, of the wrong type or out of bounds, or the body is no JSON object."
_MEND = "Mend the field that `param` names; `details` has its place and the rule."

REFUSALS = (
    Refusal("InvalidRequest400", 400, ("validation_error",), _FIELDS, _MEND),
    Refusal("InvalidRequest422", 422, ("validation_error",), _FIELDS, _MEND),
    Refusal("Unauthorized", 401, ("unauthorized",), "No API key, or one that is not known.", "Send a valid key."),
    Refusal(
        "Forbidden",
        403,
        ("forbidden",),
        "The server runs without keys and the `Host` is not loopback, or the `Origin` is a foreign page.",
        "Ask from this machine, or name the page's origin in `server.cors_origins`.",
    ),
    Refusal(
        "ModelNotFound",
        404,
        ("model_not_found",),
        "A model's name is not known here; the message offers the nearest names. No model was called.",
        "Take a name from `GET /v1/models`.",
    ),
    Refusal("NotFound", 404, ("not_found",), "There is nothing at this path.", "`GET /docs` lists every path."),
    Refusal(
        "RequestTimeout",
        408,
        ("request_timeout",),
        "The body did not arrive within 30 seconds.",
        "Send the body in one go.",
    ),
    Refusal(
        "RequestTooLarge",
        413,
        ("request_too_large",),
        "The body is over `server.max_body_bytes` (4 MiB by default).",
        "Send less, or raise the setting.",
    ),
    Refusal(
        "UnsupportedMediaType",
        415,
        ("unsupported_media_type",),
        "The body is not `application/json`, or it is compressed.",
        "Send plain JSON with `Content-Type: application/json`.",
    ),
    Refusal(
        "InternalError",
        500,
        ("internal_error",),
        "A fault of the server; its log has more under `request_id`.",
        "Report it with its `request_id`.",
    ),
    Refusal(
        "AllModelsFailed",
        502,
        ("all_models_failed",),
        "No model answered; `details` has one entry for each, with its own `error_code`.",
        "Read `details`; come back after `Retry-After` where it is given.",
        has_retry_after=True,
    ),
    Refusal(
        "ShuttingDown",
        503,
        ("shutting_down",),
        "The server is shutting down and takes no new request.",
        "Send the request again after `Retry-After`.",
        has_retry_after=True,
    ),
    Refusal(
        "ChatInvalid",
        422,
        ("validation_error", "invalid_request", "context_length_exceeded", "content_filtered"),
        "A field is wrong (`validation_error`), or the provider refused the request (`provider_error` has its words).",
        "Mend the request.",
    ),
    Refusal(
        "ChatRateLimited",
        429,
        ("rate_limited",),
        "The provider's rate limit is reached, retries included.",
        "Come back after `Retry-After`, or name other models in `models`.",
        has_retry_after=True,
    ),
    Refusal(
        "ChatUpstreamError",
        502,
        (
            *("all_models_failed", "upstream_error", "quota_exceeded", "authentication", "refused", "empty_answer"),
            *("answer_too_large", "model_not_found", "schema_invalid"),
        ),
        "The provider failed, or its answer is of no use; for a panel model, every seat failed.",
        "Read `provider_error`; `authentication` and `quota_exceeded` are the operator's to mend.",
        has_retry_after=True,
    ),
    Refusal(
        "ChatUnavailable",
        503,
        ("shutting_down", "unavailable"),
        "The server is shutting down, or the provider can't be reached.",
        "Come back after `Retry-After`.",
        has_retry_after=True,
    ),
    Refusal(
        "ChatTimeout",
        504,
        ("timeout",),
        "The provider did not answer in time.",
        "Ask again, raise `timeout`, or ask a faster model.",
    ),
)

REQUEST_ID_HEADER: JsonObject = {
    "description": "The id of this request, as in the log: `req_` and a ULID.",
    "schema": {"type": "string", "pattern": "^req_[0-9A-HJKMNP-TV-Z]{26}$"},
}
RETRY_AFTER_HEADER: JsonObject = {
    "description": "Whole seconds to wait; also in `error.retry_after_seconds`.",
    "schema": {"type": "integer", "minimum": 0},
}


def pick(names: Sequence[str]) -> JsonObject:
    """Return the `responses` entries of the refusals called `names`, by status."""
    by_name = {refusal.name: refusal for refusal in REFUSALS}
    return {str(by_name[name].status): {"$ref": f"#/components/responses/{name}"} for name in names}


def responses() -> JsonObject:
    """Return components.responses."""
    return {refusal.name: _response(refusal) for refusal in REFUSALS}


def _response(refusal: Refusal) -> JsonObject:
    codes: list[JsonValue] = [*refusal.codes]
    headers: JsonObject = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}
    if refusal.has_retry_after:
        headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    narrowed: JsonObject = {"properties": {"error": {"properties": {"code": {"enum": codes}}}}}
    return {
        "description": f"{refusal.description} {refusal.advice}",
        "headers": headers,
        "content": {JSON: {"schema": {"allOf": [{"$ref": "#/components/schemas/Error"}, narrowed]}}},
        "x-codes": codes,
    }


def schemas() -> JsonObject:
    """Return the components that errors are made of."""
    return {
        "Error": record(
            "The one envelope of every error.",
            {
                "error": record("What went wrong.", _fields(), ["details", "provider_error", "retry_after_seconds"]),
                "request_id": text("The request's id, as in `X-Request-Id`."),
            },
        ),
        "ErrorCode": words(
            [code.value for code in FailureCode],
            "Why one model call failed.",
        ),
    }


def _fields() -> JsonObject:
    fault: JsonObject = record(
        "A fault of the request.",
        {
            "type": text("Kind of fault, such as `missing` or `value_error`."),
            "loc": array({"type": ["string", "integer"]}, "Path of the field, beginning with `body`."),
            "msg": text("What is wrong and what would be right."),
        },
    )
    failure: JsonObject = record(
        "The failure of one model.",
        {
            "index": count("The seat's index (roundtable)."),
            "model": text("The model's name."),
            "error": text("What went wrong, as a sentence."),
            "error_code": {"$ref": "#/components/schemas/ErrorCode"},
        },
        ["index"],
    )
    return {
        "code": text("What happened, as a slug; the list is under each status."),
        "message": text("What was wrong, with the value, and what would be right."),
        "type": words(_TYPES, "The class of error, in OpenAI's words."),
        "param": nullable(text("The field at fault, such as `models[1].temperature`.")),
        "details": array({"anyOf": [fault, failure]}, "More, one entry for each fault or failed model."),
        "provider_error": anything("The provider's own error, without headers; an empty object where it gave none."),
        "retry_after_seconds": count("As the header `Retry-After`."),
    }
