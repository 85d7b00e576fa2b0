"""Ask the embedded models the examples' questions on a real server and write down what they answer.

Ids and times of day become fixed ones, durations small ones, so that a new recording differs where the answers do.
"""

import http.client
import re
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from parley.config import load_config
from parley.domain.json import JsonObject
from parley.server import local_server
from reference.examples import RECORDING

_QUESTION = "Our team has ten users and one small server. Should we take SQLite or PostgreSQL?"
_ULID = re.compile(r"(rt_|cmp_|req_|chatcmpl-)[0-9A-HJKMNP-TV-Z]{26}")
_UUID = re.compile(r'("trace_uuid": ?)"[0-9a-f-]{36}"')
_CREATED = re.compile(r'("created": ?)\d+')
_DURATION = re.compile(r'("(?:total_)?(?:duration|latency)_ms": ?)\d+')


@dataclass(frozen=True, slots=True)
class Question:
    """One request that the reference shows; `body` names the component that describes it."""

    name: str
    summary: str
    path: str
    body: str
    request: JsonObject


_ASKED: JsonObject = {"role": "user", "content": _QUESTION}

QUESTIONS = (
    Question(
        "summary",
        "two answers, merged",
        "/v3/roundtable",
        "RoundtableBody",
        {"input": _QUESTION, "models": ["sandbox/terse", "sandbox/contrarian"], "summary_model": "sandbox/judge"},
    ),
    Question(
        "vote",
        "three votes for one of two choices, as a stream",
        "/v3/roundtable",
        "RoundtableBody",
        {
            "input": _QUESTION,
            "models": ["sandbox/terse", "sandbox/thorough", {"name": "sandbox/contrarian", "temperature": 0.2}],
            "resolution": "multiple_choice",
            "choices": ["SQLite", "PostgreSQL"],
            "stream": True,
        },
    ),
    Question(
        "comparison",
        "two answers side by side, and a comparison",
        "/v1/chat/compare",
        "CompareBody",
        {"models": ["sandbox/terse", "sandbox/contrarian"], "messages": [_ASKED]},
    ),
    Question(
        "side_by_side",
        "two answers as they come, without a comparison",
        "/v1/chat/compare",
        "CompareBody",
        {
            "models": ["sandbox/terse", "sandbox/contrarian"],
            "messages": [_ASKED],
            "skip_comparison": True,
            "stream": True,
        },
    ),
    Question(
        "completion",
        "one model",
        "/v1/chat/completions",
        "ChatBody",
        {"model": "sandbox/terse", "messages": [_ASKED]},
    ),
    Question(
        "streamed_completion",
        "one model, as a stream with usage",
        "/v1/chat/completions",
        "ChatBody",
        {
            "model": "sandbox/terse",
            "messages": [_ASKED],
            "stream": True,
            "stream_options": {"include_usage": True},
        },
    ),
)


def main() -> None:
    """Write `examples.json`. Raises RuntimeError for an answer that is none."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "parley.toml"
        config.write_text('[server]\nauth = "open"\n\n[providers.sandbox]\ndialect = "sandbox"\n')
        given = {"SANDBOX_TPS": "0", "PARLEY_STORE_URL": f"sqlite:///{folder}/parley.db"}
        with local_server(load_config(config, given)) as url:
            rows = [_recorded(url, question) for question in QUESTIONS]
    RECORDING.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=1) + b"\n")


def _recorded(url: str, question: Question) -> dict[str, object]:
    text = _fixed(_ask(url, question))
    answer = text if question.request.get("stream") else msgspec.json.decode(text)
    return {**asdict(question), "response": answer}


def _ask(url: str, question: Question) -> str:
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
    try:
        body = msgspec.json.encode(question.request)
        connection.request("POST", question.path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    if response.status != 200:
        raise RuntimeError(f"The example {question.name} was answered {response.status}: {text[:500]}")
    return text


def _fixed(text: str) -> str:
    text = _ULID.sub(lambda found: found[1] + "0" * 26, text)
    text = _UUID.sub(r'\1"4bf92f35-77b3-4da6-a3ce-929d0e0e4736"', text)
    return _DURATION.sub(r"\g<1>7", _CREATED.sub(r"\g<1>1790000000", text))


if __name__ == "__main__":
    main()
