"""Error bodies of the `openai` dialect, in the shapes that OpenAI and its look-alikes give them.

Source: contracts/providers.md, sections 1 and 4. OpenRouter, Mistral, xAI and LM Studio put the words elsewhere.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from parley.domain.errors import FailureCode
from parley.domain.json import JsonObject, JsonValue
from parley.providers.failures import ErrorDetail

# Words that say more than the status. Sources: the error references of OpenAI, llama.cpp, Mistral, Groq, Azure.
_MEANINGS = {
    "insufficient_quota": FailureCode.QUOTA_EXCEEDED,
    "billing_hard_limit_reached": FailureCode.QUOTA_EXCEEDED,
    "billing_not_active": FailureCode.QUOTA_EXCEEDED,
    "rate_limit_exceeded": FailureCode.RATE_LIMITED,
    "context_length_exceeded": FailureCode.CONTEXT_LENGTH_EXCEEDED,
    "string_above_max_length": FailureCode.CONTEXT_LENGTH_EXCEEDED,
    "exceed_context_size_error": FailureCode.CONTEXT_LENGTH_EXCEEDED,
    "content_filter": FailureCode.CONTENT_FILTERED,
    "content_policy_violation": FailureCode.CONTENT_FILTERED,
    "moderation_blocked": FailureCode.CONTENT_FILTERED,
    "responsibleaipolicyviolation": FailureCode.CONTENT_FILTERED,
    "model_not_found": FailureCode.MODEL_NOT_FOUND,
    "model_not_available": FailureCode.MODEL_NOT_FOUND,
    "model_decommissioned": FailureCode.MODEL_NOT_FOUND,
    "invalid_model": FailureCode.MODEL_NOT_FOUND,
    "json_validate_failed": FailureCode.UPSTREAM_ERROR,
    "tool_use_failed": FailureCode.UPSTREAM_ERROR,
}
# The status that an error inside of a stream would have had.
_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "rate_limit_error": 429,
    "server_error": 500,
    "internal_error": 500,
    "internal_server_error": 500,
    "service_unavailable": 503,
    "overloaded_error": 503,
}
_GO_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s)", re.ASCII)
_UNIT_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


@dataclass(frozen=True, slots=True)
class Fault:
    """The words of an error body: `code` and `type` in lower case, `param` the request's field at fault."""

    code: str = ""
    type: str = ""
    message: str = ""
    param: str | None = None
    is_moderation: bool = False

    @property
    def slug(self) -> str:
        return self.code or self.type


def read_error(status: int, body: bytes, headers: Mapping[str, str]) -> ErrorDetail:
    """Return what an error body and the rate-limit headers say; nothing where the body is not JSON."""
    wait_s = read_reset_s(headers) if status == 429 else None
    try:
        fault = find_fault(msgspec.json.decode(body))
    except (ValueError, RecursionError):
        return ErrorDetail(retry_after_s=wait_s)
    meaning = FailureCode.CONTENT_FILTERED if fault.is_moderation else _MEANINGS.get(fault.code)
    return ErrorDetail(
        meaning=meaning or _MEANINGS.get(fault.type),
        slug=fault.slug,
        message=fault.message,
        param=fault.param,
        status=_inner_status(fault) if status < 300 else None,
        retry_after_s=wait_s,
    )


def find_fault(body: JsonValue) -> Fault:
    """Return the words of an error body, wherever this vendor puts them."""
    if not isinstance(body, dict):
        return Fault()
    error = body.get("error", body.get("detail"))
    if isinstance(error, list):
        return _schema_fault({"detail": error})
    if isinstance(error, str):
        return Fault(code=_word(body.get("code")), type=_word(body.get("type")), message=error)
    if not isinstance(error, dict):
        error = body
    message = error.get("message")
    if isinstance(message, dict | list):
        return _schema_fault({"detail": message} if isinstance(message, list) else message)
    metadata = error.get("metadata")
    param = error.get("param")
    return Fault(
        code=_word(error.get("code")),
        type=_word(error.get("type")),
        message=message if isinstance(message, str) else "",
        param=param if isinstance(param, str) else None,
        is_moderation=isinstance(metadata, dict) and "flagged_input" in metadata,
    )


def read_reset_s(headers: Mapping[str, str]) -> float | None:
    """Return seconds until the used-up rate-limit buckets are filled again, None if no header tells."""
    waits = [
        _read_go_duration_s(headers.get(f"x-ratelimit-reset-{bucket}", ""))
        for bucket in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{bucket}") == "0"
    ]
    return max([wait for wait in waits if wait is not None], default=None)


def _read_go_duration_s(text: str) -> float | None:
    """Return seconds of a duration such as 6m0s or 12ms, None if it is none. Source: Go, time.ParseDuration."""
    pieces = _GO_DURATION.findall(text)
    if not pieces or "".join([number + unit for number, unit in pieces]) != text:
        return None
    return sum([float(number) * _UNIT_S[unit] for number, unit in pieces])


def _schema_fault(body: JsonObject) -> Fault:
    """Read a list of validation faults, such as FastAPI and Mistral send: the first one counts."""
    faults = body.get("detail")
    first = faults[0] if isinstance(faults, list) and faults else None
    if not isinstance(first, dict):
        return Fault()
    location, text = first.get("loc"), first.get("msg")
    param = location[1] if isinstance(location, list) and len(location) > 1 else None
    message = f"{param}: {text}" if isinstance(param, str) else text
    return Fault(
        code=_word(first.get("type")),
        message=message if isinstance(message, str) else "",
        param=param if isinstance(param, str) else None,
    )


def _inner_status(fault: Fault) -> int | None:
    for word in (fault.code, fault.type):
        if word.isdecimal() and 400 <= int(word[:4]) < 600:
            return int(word)
        if word in _STATUSES:
            return _STATUSES[word]
    return None


def _word(value: JsonValue) -> str:
    if isinstance(value, str):
        return value.lower()[:100]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
