"""A server that is killed: what it had answered is replayed, what it had begun is free to be done anew."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cli_process import serving
from serving import ADMIN_KEY, Got, post
from upstream_models import Upstream, says

ENV = {"PARLEY_ADMIN_KEY": ADMIN_KEY}


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    held = threading.Event()
    with Upstream({"a": [says("Paris")], "slow": [says("never", waits=held), says("At last")]}) as made:
        yield made
        held.set()


def ask(url: str, model: str) -> Got:
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"Authorization": f"Bearer {ADMIN_KEY}", "Idempotency-Key": model}
    return post(url, "/v1/chat/completions", body, headers)


def test_killed_server_replays_answers_and_frees_what_it_had_begun(tmp_path: Path, upstream: Upstream) -> None:
    (tmp_path / "parley.toml").write_text(upstream.toml.replace('auth = "open"', 'auth = "keys"'))
    command = ("serve", "--port", "0", "--config", "parley.toml")
    with ThreadPoolExecutor(1) as pool, serving(tmp_path, *command, env=ENV) as server:
        answered = ask(server.url, "a")
        running = pool.submit(ask, server.url, "slow")
        with upstream.asked:
            assert upstream.asked.wait_for(lambda: upstream.of("slow"), 10)
        assert ask(server.url, "slow").error["code"] == "idempotency_in_progress"
        server.process.kill()
        with pytest.raises(ConnectionError):
            running.result(10)
    with serving(tmp_path, *command, env=ENV) as server:
        again = ask(server.url, "a")
        assert (again.body, again.headers["idempotent-replayed"]) == (answered.body, "true")
        done = ask(server.url, "slow")
        assert (done.status, done.json["choices"][0]["message"]["content"]) == (200, "At last")
    assert [len(upstream.of(model)) for model in ("a", "slow")] == [1, 2]
