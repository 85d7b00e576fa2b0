"""Planted secrets are looked for wherever Parley writes or answers: logs, database, traces, events, metrics, errors."""

import json
from pathlib import Path

from cli_process import serving
from serving import ADMIN_KEY, get, post
from upstream_models import Fails, Upstream, says

PROVIDER_KEY = "sk-planted-provider-key-0123456789"
HEADER = "planted-extra-header-value-0123456789"
PROMPT = "planted prompt of a user 4711"
ANSWER = "planted answer of a model 0815"
ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}


def test_no_planted_secret_is_found_where_it_does_not_belong(tmp_path: Path) -> None:
    refusal = Fails(400, "invalid_value", f"Bad request, key {PROVIDER_KEY} with {HEADER}.", {"x-echo": PROVIDER_KEY})
    with Upstream({"a": [says(ANSWER)], "b": [refusal]}) as upstream:
        path = tmp_path / "parley.toml"
        path.write_text(
            f'[providers.p]\ndialect = "openai"\nbase_url = "{upstream.url}/v1"\napi_key_env = "PLANTED_KEY"\n'
            'headers = { x-team = { env = "PLANTED_HEADER" } }\n'
        )
        env = {"PARLEY_ADMIN_KEY": ADMIN_KEY, "PLANTED_KEY": PROVIDER_KEY, "PLANTED_HEADER": HEADER}
        with serving(tmp_path, "serve", "--port", "0", "--config", str(path), env=env) as server:
            key = post(server.url, "/v1/keys", {"name": "user", "rpm": 100}, ADMIN).json["key"]
            mine = {"Authorization": f"Bearer {key}"}
            seats = {"input": PROMPT, "models": ["p/a", "p/b"], "resolution": "fast"}
            answers = [
                post(server.url, "/v3/roundtable", seats, mine),
                post(server.url, "/v3/roundtable", {**seats, "stream": True}, mine),
                post(server.url, "/v1/chat/completions", {"model": "p/b", "messages": message()}, mine),
                post(server.url, "/v1/chat/compare", {"models": ["p/b"], "messages": message()}, mine),
            ]
            traces = get(server.url, "/v3/traces", mine)
            spans = [get(server.url, f"/v3/traces/{row['id']}", mine) for row in traces.json["traces"]]
            books = [traces, *spans, post(server.url, "/v1/usage/events", {}, mine), get(server.url, "/metrics", ADMIN)]
            server.process.terminate()
            _, logs = server.process.communicate(timeout=30)

    assert ANSWER in answers[0].body.decode()
    sent = [headers for headers in upstream.headers if headers.get("authorization") == f"Bearer {PROVIDER_KEY}"]
    assert len(sent) == len(upstream.headers) > 0
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("parley.db*"))
    told = "".join(json.dumps(got.headers) + got.body.decode() for got in (*answers, *books))
    for secret in (PROVIDER_KEY, HEADER, key, ADMIN_KEY):
        assert secret not in logs
        assert secret not in told
        assert secret.encode() not in kept
    written = "".join(got.body.decode() for got in books)
    for text in (PROMPT, ANSWER):
        assert text not in logs
        assert text not in written
        assert text.encode() not in kept


def message() -> list[dict[str, str]]:
    return [{"role": "user", "content": PROMPT}]
