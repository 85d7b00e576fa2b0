"""Frozen dataclasses that are cheap to make: the type checker refuses what changes them, the running server does not.

A request makes hundreds of them, and Python's own frozen ones take 20 times as long to set a field.
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: bool = False, slots: bool = False) -> Callable[[type[T]], type[T]]:
        """Stand in for `dataclasses.dataclass`: equal and hashed by its fields, as a frozen one."""
        return dataclasses.dataclass(slots=slots, unsafe_hash=frozen)
