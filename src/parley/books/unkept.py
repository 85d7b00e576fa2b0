"""The account of a gateway that keeps no books: for tests of the engine alone."""

from collections.abc import Sequence

from parley.domain.errors import SeatFailure
from parley.domain.events import CallIntent, Event


class Unkept:
    """Allows everything and remembers nothing; otherwise as `account.Account`."""

    async def open(self, intents: Sequence[CallIntent]) -> None:
        """Put nothing on record."""

    async def allow(self, _intent: CallIntent) -> SeatFailure | None:
        return None

    def __call__(self, event: Event) -> None:
        """Read nothing."""

    def close(self) -> None:
        """Nothing is open."""

    async def settled(self) -> None:
        """Nothing is owed."""
