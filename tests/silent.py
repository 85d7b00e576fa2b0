"""A provider that takes every call and never answers, for tests of what ends a call that would not end by itself."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

MODEL = "silent/model"


@contextmanager
def silent_provider() -> Iterator[str]:
    """Yield the configuration of a silent provider beside the sandbox; it listens until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        yield (
            "[providers.sandbox]\ndialect = 'sandbox'\ntps = 0\n"
            f"[providers.silent]\ndialect = 'openai'\nbase_url = 'http://127.0.0.1:{port}/v1'\n"
        )
