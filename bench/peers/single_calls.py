"""A panel for a gateway that has no panels: as many chat completions, sent at the same time by as many connections."""

import json

from bench.work import Request, Work

PATH = "/v1/chat/completions"


def single_calls(work: Work, model: str, headers: tuple[str, ...]) -> Request:
    """Return the call of which `work.calls` make one unit of the work."""
    messages = [{"role": "user", "content": work.prompt}]
    body = json.dumps({"model": model, "messages": messages, "stream": work.is_stream}).encode()
    return Request(PATH, body, headers, per_unit=work.calls)
