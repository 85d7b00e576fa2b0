"""What goes wrong on the way, in this package's words, and the few things that only httpx's insides can do.

Shared by both shells. Never sees a key or a body.
"""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

import httpx

from parley_client.errors import APIConnectionError
from parley_client.reading import Reading
from parley_client.retries import Attempts

_BROKEN = (httpx.RequestError, httpx.StreamError)

NO_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=20)
"""A hundred streams that stay open must not keep the next call waiting."""


@contextmanager
def named_for_call(url: str, attempts: Attempts) -> Generator[None, None, None]:
    """Turn what httpx raises before an answer is whole into this package's errors."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise attempts.out_of_time() from error
    except httpx.ConnectError as error:
        raise APIConnectionError(
            f"Could not reach {url} ({error}); is the server running, and is PARLEY_URL right?"
        ) from error
    except _BROKEN as error:
        raise APIConnectionError(f"The connection to {url} broke ({type(error).__name__}: {error}).") from error


@contextmanager
def named_for_stream(reading: Reading[Any, Any]) -> Generator[None, None, None]:
    """Turn what httpx raises in the middle of a stream into this package's errors, unless it was left on purpose."""
    try:
        yield
    except _BROKEN as error:
        silence = "not even a comment came" if isinstance(error, httpx.TimeoutException) else str(error)
        message = f"The stream was cut ({type(error).__name__}: {silence})."
        reading.failure = reading.failure or APIConnectionError(message, request_id=reading.request_id)
        raise reading.failure from error


def limit_reads(response: httpx.Response, seconds: float) -> None:
    """Let each read of the body take at most `seconds`: httpx looks the limit up when it begins with the body."""
    response.request.extensions["timeout"]["read"] = seconds


def wake(connection: Any) -> None:
    """Shut a connection down, so that a thread that waits for it is woken; closing alone would leave it waiting."""
    with suppress(OSError, AttributeError):
        connection.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
