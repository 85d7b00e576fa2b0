"""Times on the wire: read strictly and written in one form, as RFC 3339 has them."""

import re
from datetime import UTC, datetime

# Source: RFC 3339, section 5.6; a leap second is no time that a clock here shows.
_FORM = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII)


def read_moment(text: str) -> float | None:
    """Return the seconds since 1970; None for what is no time in RFC 3339."""
    if _FORM.fullmatch(text) is None:
        return None
    try:
        # In UTC it may lie in the year 10000, which no answer could show.
        return datetime.fromisoformat(text.upper()).astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def write_moment(time_s: float, timespec: str = "milliseconds") -> str:
    """Return seconds since 1970 as a time in UTC; `timespec` as for `datetime.isoformat`."""
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
