"""The error envelope and each refusal of it, as reusable responses. Statuses and codes: `wire/problems.py`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from parley.domain.errors import FailureCode
from parley.domain.json import JsonObject, JsonValue
from reference.shapes import anything, array, count, nullable, record, text, words

JSON = "application/json"

_PLACE = "#/components/responses/"
_JOINT = "-"

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


_FIELDS = "a field is missing, unknown, of the wrong type or out of bounds, or the body is no JSON object."
_MEND = "Mend the field that `param` names; `details` has its place and the rule."
_LATER = "Send the request again after `Retry-After`."

REFUSALS = (
    Refusal("InvalidRequest400", 400, ("validation_error",), f"Under `/v3`, but for `/v3/compat`: {_FIELDS}", _MEND),
    Refusal("InvalidRequest422", 422, ("validation_error",), f"Under `/v1` and `/v3/compat`: {_FIELDS}", _MEND),
    Refusal(
        "Unauthorized",
        401,
        ("unauthorized",),
        "No API key, or one that is unknown, disabled or expired.",
        "Send a valid key.",
    ),
    Refusal(
        "SpendLimit",
        402,
        ("spend_limit_exceeded",),
        "The key's spend cap is reached, or what this request may cost would pass it.",
        "Set a smaller `max_tokens`, ask fewer models, or have the cap raised.",
    ),
    Refusal(
        "ForeignPage",
        403,
        ("forbidden",),
        "The server runs without keys and the `Host` is not loopback, or the `Origin` is a foreign page.",
        "Ask from this machine, or name the page's origin in `server.cors_origins`.",
    ),
    Refusal(
        "ForbiddenModel",
        403,
        ("forbidden",),
        "The key may not use one of the models, or it has a spend cap and a model's price is not known.",
        "Leave the model out, or have the key changed; no model was called.",
    ),
    Refusal("AdminOnly", 403, ("forbidden",), "The key is not an admin key.", "Use an admin key."),
    Refusal(
        "ForeignKey",
        403,
        ("forbidden",),
        "`key_id` names another key, and the key is not an admin key.",
        "Leave `key_id` out: an ordinary key sees its own usage.",
    ),
    Refusal(
        "ForbiddenTemplate",
        403,
        ("forbidden",),
        "Only admin keys write global templates.",
        "Leave `is_global` out, or use an admin key.",
    ),
    Refusal(
        "ModelNotFound",
        404,
        ("model_not_found",),
        "A model's name is not known here; the message offers the nearest names. No model was called.",
        "Take a name from `GET /v1/models`.",
    ),
    Refusal(
        "TemplateNotFound",
        404,
        ("not_found",),
        "`template` names none that the key can see; the message offers the nearest names.",
        "Take a name or id from `GET /v1/templates`.",
    ),
    Refusal(
        "NotFound",
        404,
        ("not_found",),
        "There is nothing of this name or id that the key can see.",
        "Take one that the listing beside it shows.",
    ),
    Refusal(
        "RequestTimeout",
        408,
        ("request_timeout",),
        "The body did not arrive within 30 seconds.",
        "Send the body in one go.",
    ),
    Refusal(
        "IdempotencyInProgress",
        409,
        ("idempotency_in_progress",),
        "A request with this `Idempotency-Key` still runs.",
        _LATER,
        has_retry_after=True,
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
        "IdempotencyMismatch",
        422,
        ("idempotency_mismatch",),
        "This `Idempotency-Key` was used for another body.",
        "Take a new key for a new request.",
    ),
    Refusal(
        "RateLimited",
        429,
        ("rate_limit_exceeded",),
        "The key's requests per minute or per day are used up.",
        _LATER,
        has_retry_after=True,
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
        "NotServing",
        503,
        ("overloaded", "shutting_down", "store_unavailable", "limiter_unavailable"),
        "The server can take no request just now: it has too many, it is shutting down, or it can't record or count "
        "this one. No model was called.",
        _LATER,
        has_retry_after=True,
    ),
    Refusal(
        "StoreUnavailable",
        503,
        ("store_unavailable",),
        "The database can't be reached, or it takes nothing more.",
        _LATER,
        has_retry_after=True,
    ),
    Refusal(
        "LimiterUnavailable",
        503,
        ("limiter_unavailable",),
        "The shared limiter can't be reached.",
        _LATER,
        has_retry_after=True,
    ),
    Refusal(
        "ChatRefused",
        422,
        ("invalid_request", "context_length_exceeded", "content_filtered"),
        "The provider refused the request; `provider_error` has its words.",
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
        ("unavailable",),
        "The provider can't be reached, or it failed so often that it is left alone for a while.",
        "Come back after `Retry-After`, or name other models in `models`.",
        has_retry_after=True,
    ),
    Refusal(
        "ChatTimeout",
        504,
        ("timeout",),
        "The provider did not answer in time.",
        "Ask again, raise `timeout`, or ask a faster model.",
        has_retry_after=True,
    ),
)


def _limit_header(description: str) -> JsonObject:
    return {"description": description, "schema": {"type": "integer", "minimum": 0}}


REQUEST_ID_HEADER: JsonObject = {
    "description": "The id of this request, as in the log: `req_` and a ULID.",
    "schema": {"type": "string", "pattern": "^req_[0-9A-HJKMNP-TV-Z]{26}$"},
}
RETRY_AFTER_HEADER: JsonObject = {
    "description": "Whole seconds to wait; also in `error.retry_after_seconds`.",
    "schema": {"type": "integer", "minimum": 0},
}
HEADERS: JsonObject = {
    "X-Request-Id": REQUEST_ID_HEADER,
    "Retry-After": RETRY_AFTER_HEADER,
    "X-RateLimit-Limit": _limit_header("Requests that the tightest of the key's windows allows."),
    "X-RateLimit-Remaining": _limit_header("Requests that are left in it."),
    "X-RateLimit-Reset": _limit_header("Seconds until it has room again, or begins anew."),
    "RateLimit-Policy": {
        "description": "Every window of the key: its name, quota and seconds, as the IETF's draft has it.",
        "schema": {"type": "string", "examples": ['"rpm";q=100;w=60']},
    },
    "RateLimit": {
        "description": "What is left in every window, and for how many seconds no more than that.",
        "schema": {"type": "string", "examples": ['"rpm";r=99;t=12']},
    },
    "X-Cache": {
        "description": "Sent where every call of the request was answered from the cache.",
        "schema": {"type": "string", "const": "HIT"},
    },
    "Idempotent-Replayed": {
        "description": "Sent where the answer is the stored one of a former request with the same `Idempotency-Key`.",
        "schema": {"type": "string", "const": "true"},
    },
}


def pick(*names: str) -> JsonObject:
    """Return the `responses` entries of the refusals called `names`, by status; those of one status are one entry."""
    by_status: dict[int, list[str]] = {}
    for refusal in _called(names):
        by_status.setdefault(refusal.status, []).append(refusal.name)
    return {str(status): {"$ref": _PLACE + _JOINT.join(by_status[status])} for status in sorted(by_status)}


def refusals_of(response: JsonValue) -> tuple[Refusal, ...]:
    """Return the refusals behind one entry that `pick` made; none behind another entry."""
    pointer = response.get("$ref") if isinstance(response, dict) else None
    return _called(pointer.removeprefix(_PLACE).split(_JOINT)) if isinstance(pointer, str) else ()


def responses(used: Iterable[JsonValue]) -> JsonObject:
    """Return components.responses: one for each different entry of `used` that `pick` made."""
    found: JsonObject = {}
    for entry in used:
        refusals = refusals_of(entry)
        if refusals:
            found[_JOINT.join(refusal.name for refusal in refusals)] = _response(refusals)
    return {name: found[name] for name in sorted(found)}


def _called(names: Sequence[str]) -> tuple[Refusal, ...]:
    """Raises LookupError for a name that no refusal has."""
    by_name = {refusal.name: refusal for refusal in REFUSALS}
    unique = {name: by_name[name] for name in names}
    return tuple(refusal for refusal in REFUSALS if refusal.name in unique)


def _response(refusals: Sequence[Refusal]) -> JsonObject:
    codes: list[JsonValue] = [*dict.fromkeys(code for refusal in refusals for code in refusal.codes)]
    headers: JsonObject = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}
    if any(refusal.has_retry_after for refusal in refusals):
        headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    narrowed: JsonObject = {"properties": {"error": {"properties": {"code": {"enum": codes}}}}}
    said = [f"`{'`, `'.join(refusal.codes)}`: {refusal.description} {refusal.advice}" for refusal in refusals]
    return {
        "description": "\n\n".join(said),
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
