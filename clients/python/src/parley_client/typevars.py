"""Type variables, and the words of newer typing modules: Python 3.10 lacks them, but only type checkers need them."""

from typing import TYPE_CHECKING, ParamSpec, TypeVar

import httpx

if TYPE_CHECKING:
    from typing_extensions import Required, Unpack
else:
    Required = Unpack = None  # annotations are never evaluated here

P = ParamSpec("P")
T = TypeVar("T")
E = TypeVar("E")
R = TypeVar("R")
S = TypeVar("S")
H = TypeVar("H", httpx.Client, httpx.AsyncClient)

__all__ = ["E", "H", "P", "R", "Required", "S", "T", "Unpack"]
