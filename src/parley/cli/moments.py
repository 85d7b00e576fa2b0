"""Times as people type them: a date, or a time without its offset, is UTC. The server takes RFC 3339 alone."""

from datetime import UTC, datetime


def moment(text: str | None) -> str | None:
    """Return a typed time in RFC 3339; what is none goes as it is to the server, which says what is wrong with it."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).isoformat()
