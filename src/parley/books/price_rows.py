"""The prices that calls are billed at, as rows of the store, each written once by a process and not with every call."""

import hashlib
import time
from collections.abc import Iterable

import msgspec

from parley.books.entries import Entry, Row, Settlement
from parley.domain.models import Deployment
from parley.domain.usage import Price


class PriceList:
    """Every price that this process has billed at, and which of them are known to be in the store."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], tuple[Price, Row]] = {}
        self._written: set[str] = set()

    def row_of(self, deployment: Deployment, price: Price) -> Row:
        """Return the price as a row; its id follows from what it says, so that every process has the same."""
        place = (deployment.provider, deployment.upstream_model)
        known = self._rows.get(place)
        if known is None or known[0] is not price:
            known = self._rows[place] = (price, _row(deployment, price))
        return known[1]

    def is_written(self, row: Row) -> bool:
        return row["id"] in self._written

    def note_written(self, entries: Iterable[Entry]) -> None:
        """Hear that the store has these entries, their prices among them."""
        for entry in entries:
            if isinstance(entry, Settlement):
                self._written.update(str(row["id"]) for row in entry.prices)


def _row(deployment: Deployment, price: Price) -> Row:
    rates = msgspec.json.encode(price).decode()
    name = f"{deployment.provider}/{deployment.upstream_model}"
    digest = hashlib.sha256(f"{name} {rates}".encode()).hexdigest()[:32]
    row: Row = {"id": digest, "provider": deployment.provider, "model": deployment.upstream_model}
    return {**row, "rates": rates, "first_used_at": time.time()}
