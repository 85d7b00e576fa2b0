"""Methods that are written once and serve both clients: each describes a call, and the client's shell makes it.

For `Parley` such a method returns its answer or a `Stream`; for `AsyncParley` an awaitable or an `AsyncStream`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from parley_client.call import Call, StreamCall

if TYPE_CHECKING:
    from parley_client.async_io import AsyncShell, AsyncStream
    from parley_client.sync_io import Shell, Stream

P = ParamSpec("P")
T = TypeVar("T")
E = TypeVar("E")
R = TypeVar("R")
S = TypeVar("S")


class Resource(Generic[S]):
    """A group of methods; `S` is the shell that makes their calls."""

    def __init__(self, shell: S) -> None:
        self._shell = shell


class plain(Generic[P, T]):
    """Turn a method that describes a plain call into one that makes it."""

    def __init__(self, describe: Callable[Concatenate[Any, P], Call[T]]) -> None:
        self._describe = describe
        self.__doc__ = describe.__doc__

    @overload
    def __get__(self, resource: Resource[Shell], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, resource: Resource[AsyncShell], owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    @overload
    def __get__(self, resource: None, owner: type) -> plain[P, T]: ...
    def __get__(self, resource: Any, owner: type) -> Any:
        return self if resource is None else _making(self._describe, resource, "send")


class streamed(Generic[P, E, R]):
    """Turn a method that describes a stream into one that returns it, unopened."""

    def __init__(self, describe: Callable[Concatenate[Any, P], StreamCall[E, R]]) -> None:
        self._describe = describe
        self.__doc__ = describe.__doc__

    @overload
    def __get__(self, resource: Resource[Shell], owner: type) -> Callable[P, Stream[E, R]]: ...
    @overload
    def __get__(self, resource: Resource[AsyncShell], owner: type) -> Callable[P, AsyncStream[E, R]]: ...
    @overload
    def __get__(self, resource: None, owner: type) -> streamed[P, E, R]: ...
    def __get__(self, resource: Any, owner: type) -> Any:
        return self if resource is None else _making(self._describe, resource, "stream")


def _making(describe: Callable[..., Any], resource: Any, way: str) -> Callable[..., Any]:
    make = getattr(resource._shell, way)

    @wraps(describe)
    def method(*args: Any, **kwargs: Any) -> Any:
        return make(describe(resource, *args, **kwargs))

    return method
