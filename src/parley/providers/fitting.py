"""Fits a call to what a model takes, whatever the dialect: drops refused parameters, lowers efforts, reads data URLs.

Nothing is dropped silently: every function that changes what was asked for adds a sentence to `warnings`.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import NoReturn

from parley.domain.errors import FailureCode, SeatFailure, UpstreamFailure
from parley.domain.json import JsonObject, JsonValue
from parley.domain.models import Capabilities, Effort
from parley.domain.run import Sampling
from parley.providers.provider import Call

# The request's own names -> the fields of Sampling that hold them.
_SAMPLING_FIELDS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_tokens",
    "seed": "seed",
    "stop": "stop",
    "reasoning_effort": "effort",
}
_RISING = tuple(Effort)
# Fields that say what every dialect does anyway; dropping them changes nothing.
_NEUTRAL: JsonObject = {"n": 1, "logprobs": False, "store": False}

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)(?:;[\w.+-]+=[^;,]*)*;base64,", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class InlineData:
    """Bytes inside a message, as base 64, and their media type."""

    media_type: str
    data_base64: str


def refuse_call(message: str) -> NoReturn:
    """Raise the failure of a call that this provider can't be asked at all, before anything is sent."""
    raise UpstreamFailure(SeatFailure(FailureCode.INVALID_REQUEST, message))


def drop_refused(call: Call, refused: Collection[str], warnings: list[str]) -> Call:
    """Return `call` without the parameters named in `refused`."""
    for name in sorted(refused):
        changed = _without(call, name)
        if changed is not call:
            warnings.append(f"{name} was dropped: {call.deployment.upstream_model} does not take it")
            call = changed
    return call


def _without(call: Call, name: str) -> Call:
    sampling_field = _SAMPLING_FIELDS.get(name)
    if sampling_field is not None:
        default = getattr(Sampling(), sampling_field)
        if getattr(call.sampling, sampling_field) == default:
            return call
        return replace(call, sampling=replace(call.sampling, **{sampling_field: default}))
    if name == "tool_choice" and call.tool_choice is not None:
        return replace(call, tool_choice=None)
    if name == "parallel_tool_calls" and call.allows_parallel_tools is not None:
        return replace(call, allows_parallel_tools=None)
    if name in call.extra:
        return replace(call, extra={key: value for key, value in call.extra.items() if key != name})
    return call


def split_extra(call: Call, vendor: str, is_known: Callable[[str, JsonValue], bool], warnings: list[str]) -> JsonObject:
    """Return the extra parameters that `vendor` takes; report the others as dropped, all in one sentence."""
    known: JsonObject = {
        name: value for name, value in call.extra.items() if value is not None and is_known(name, value)
    }
    unknown = sorted(
        name for name, value in call.extra.items() if name not in known and value not in (None, _NEUTRAL.get(name))
    )
    if unknown:
        verb, it = ("were", "them") if len(unknown) > 1 else ("was", "it")
        warnings.append(f"{', '.join(unknown)} {verb} dropped: {vendor} does not take {it}")
    return known


def accepted_effort(asked: Effort, capabilities: Capabilities) -> Effort | None:
    """Return the effort to ask for: `asked` if it is accepted or nobody knows, else the next lower, else the lowest.

    None: the model has no efforts. A wish to reason never becomes Effort.NONE.
    """
    efforts = capabilities.efforts
    if efforts is None or asked in efforts:
        return asked
    offered = sorted((effort for effort in efforts if effort is not Effort.NONE), key=_RISING.index)
    lower = [effort for effort in offered if _RISING.index(effort) < _RISING.index(asked)]
    return next(reversed(lower), None) or next(iter(offered), None)


def read_data_url(url: str) -> InlineData | None:
    """Return what a base 64 `data:` URL holds, None for any other address."""
    found = _DATA_URL.match(url)
    if found is None:
        return None
    return InlineData(found[1].lower(), url[found.end() :])


def shorten(text: str) -> str:
    """Return the beginning of `text`, for a message that names a value."""
    return text if len(text) <= 40 else text[:40] + "…"
