"""How the engine's values look on the wire: usage in both spellings, money as JSON numbers, nulls left out."""

import re
import struct
from decimal import Decimal
from typing import TypeAlias

import msgspec

from parley.domain.usage import Usage

Wire: TypeAlias = "bool | int | float | Decimal | str | list[Wire] | dict[str, Wire] | None"
WireObject: TypeAlias = dict[str, Wire]

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encode_json(value: Wire) -> bytes:
    """Return `value` as JSON in UTF-8; money keeps every digit."""
    return _ENCODER.encode(value)


def without_nulls(fields: WireObject) -> WireObject:
    """Return `fields` without those that are null."""
    return {name: value for name, value in fields.items() if value is not None}


def escape_non_ascii(frames: bytes) -> bytes:
    """Return JSON with everything beyond ASCII as `\\uXXXX`, in UTF-16 code units as RFC 8259, section 7, has it."""
    return frames if frames.isascii() else _BEYOND_ASCII.sub(_escaped, frames.decode()).encode()


def _escaped(found: re.Match[str]) -> str:
    units = found.group().encode("utf-16-be")
    return "".join([f"\\u{unit:04x}" for unit in struct.unpack(f">{len(units) // 2}H", units)])


def encode_usage(usage: Usage | None) -> Wire:
    """Return usage as the roundtable spells it; counts that a provider may lack are left out when they are 0."""
    if usage is None:
        return None
    fields: WireObject = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
    optional = {
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_creation_tokens": usage.cache_creation_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }
    fields.update({name: count for name, count in optional.items() if count})
    if usage.is_estimate:
        fields["estimated"] = True
    return fields


def encode_openai_usage(usage: Usage | None) -> Wire:
    """Return usage as OpenAI's chat completions spell it."""
    if usage is None:
        return None
    fields: WireObject = {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
    }
    if usage.cache_read_tokens or usage.cache_creation_tokens:
        fields["prompt_tokens_details"] = {
            "cached_tokens": usage.cache_read_tokens,
            "cache_write_tokens": usage.cache_creation_tokens,
        }
    if usage.reasoning_tokens:
        fields["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    if usage.is_estimate:
        fields["estimated"] = True
    return fields
