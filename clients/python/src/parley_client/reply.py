"""A whole response, and what it means: an answer, or an error with all that the server said about it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from parley_client.decoding import Misfit
from parley_client.errors import APIConnectionError, APIError, StreamError
from parley_client.typevars import T

_MOST_WORDS = 300


@dataclass(frozen=True, slots=True)
class Reply:
    """`headers` finds names in any case, as the HTTP library's do. `body` is empty where there was none."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def request_id(self) -> str | None:
        return self.headers.get("x-request-id")


def read_answer(read: Callable[[Any], T], reply: Reply) -> T:
    """Return the typed answer of a successful reply. Raises APIConnectionError for what is none of Parley's."""
    try:
        return read(None if reply.status == HTTPStatus.NO_CONTENT else json.loads(reply.body))
    except Misfit as error:
        raise APIConnectionError(f"The answer is not Parley's: {error}.", request_id=reply.request_id) from error
    except (ValueError, RecursionError) as error:
        kind = reply.headers.get("content-type", "no content type")
        message = f"The answer is no whole JSON ({kind}, {len(reply.body)} bytes); is the URL a Parley server's?"
        raise APIConnectionError(message, request_id=reply.request_id) from error


def api_error(reply: Reply, now: datetime) -> APIError:
    """Return the error that `reply` is, whoever wrote it: the server's envelope, a bare string, a proxy's page."""
    envelope = _object(_json(reply.body))
    fields = {**envelope, **_object(envelope.get("error"))}
    return APIError(
        **_told(envelope, _bare_message(reply)),
        status=reply.status,
        param=_text(fields.get("param")),
        provider_error=fields.get("provider_error"),
        retry_after=_retry_after_s(reply, fields, now),
        request_id=reply.request_id or _text(envelope.get("request_id")),
    )


def stream_error(event: Mapping[str, Any], request_id: str | None) -> StreamError:
    """Return the error that ends a stream; its `error` is a sentence (roundtable) or an object (compare, chat)."""
    told = _told(event, "The server ended the stream with an error.")
    return StreamError(**told, request_id=_text(event.get("request_id")) or request_id)


def seconds_until(retry_after: str, now: datetime) -> float | None:
    """Read a Retry-After, seconds or a date; None if it is neither. Source: RFC 9110, section 10.2.3."""
    if re.fullmatch(r"\d+(\.\d*)?", retry_after, re.ASCII):
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return max((aware - now).total_seconds(), 0.0)


def _retry_after_s(reply: Reply, fields: Mapping[str, Any], now: datetime) -> float | None:
    found = seconds_until(reply.headers.get("retry-after", "").strip(), now)
    in_body = fields.get("retry_after_seconds")
    return float(in_body) if found is None and isinstance(in_body, int | float) else found


def _bare_message(reply: Reply) -> str:
    """Say what a reply without an envelope was; a page's markup is left out."""
    kind = reply.headers.get("content-type", "").split(";")[0]
    if location := reply.headers.get("location"):
        return f"The server points to {location[:_MOST_WORDS]}; redirects are not followed, so set the URL to it."
    words = reply.body[:_MOST_WORDS].decode("utf-8", "replace").strip() if kind == "text/plain" else kind
    return f"The server answered {reply.status} with {words or 'nothing more'}."


def _told(body: Mapping[str, Any], otherwise: str) -> dict[str, Any]:
    """Return what both kinds of errors tell; the message is `otherwise` where `body` has none."""
    said = body.get("error")
    fields = {**body, **_object(said)}
    details = fields.get("details")
    return {
        "message": _text(fields.get("message")) or _text(said) or _text(body.get("detail")) or otherwise,
        "code": _text(fields.get("code")) or _text(fields.get("error_code")),
        "details": details if isinstance(details, list) else None,
    }


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
