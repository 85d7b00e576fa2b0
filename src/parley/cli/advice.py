"""What to do about a refusal of the server, where its own sentence leaves that open."""

from parley.domain.json import JsonObject

_STEPS = {
    "spend_limit_exceeded": "`parley usage` shows what was spent; ask fewer models, or have the cap raised.",
    "request_too_large": "An image counts a third more than its file; scale it down, or send part of a file.",
    "overloaded": "Ask again{when}.",
    "shutting_down": "Ask again{when}.",
    "store_unavailable": "Ask again{when}; the operator finds more in the server's log.",
    "limiter_unavailable": "Ask again{when}; the operator finds more in the server's log.",
    "internal_error": "The server's log has more under {request_id}.",
}
_NO_KEY = (
    "Set PARLEY_API_KEY to a key of {url}: the first start of `parley serve` shows one, "
    "`parley keys create --name NAME` makes more."
)
_NO_ADMIN = "Set PARLEY_API_KEY to an admin key of {url}."


def next_step(status: int, path: str, url: str, envelope: JsonObject) -> str:
    """Return the next step after the refusal in `envelope`, empty where the server has named it."""
    error = envelope.get("error")
    facts = error if isinstance(error, dict) else {}
    wait_s = facts.get("retry_after_seconds")
    when = f" in {wait_s} s" if isinstance(wait_s, int) else " in a while"
    code = str(facts.get("code"))
    if status == 401:
        step = _NO_KEY
    elif status == 403 and path.startswith("/v1/keys"):
        step = _NO_ADMIN
    else:
        step = _STEPS.get(code, "")
    return step.format(url=url, when=when, request_id=envelope.get("request_id"))
