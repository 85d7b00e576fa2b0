"""A gateway on scripted models that keeps books in a database of its own."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from engine import Bench
from parley.books.journal import Journal
from parley.books.ledger import Ledger
from parley.domain.run import PanelRequest, PanelResult
from parley.domain.settings import StoreSettings
from parley.gate.admission import Admission
from parley.gate.keyring import Caller
from parley.gate.limits import MemoryLimiter
from parley.gateway import Gateway, Origin, Ticket
from parley.panel.plan import Planner
from parley.store.database import Store


class Office:
    """A gateway on scripted models that keeps books in a database of its own."""

    def __init__(
        self, url: str, folder: Path, scripts: dict[str, Any], room_bytes: int = 1_000_000, starts: bool = True
    ) -> None:
        self.bench = Bench(scripts)
        self.store = Store(StoreSettings(url=url))
        self.ledger = Ledger(self.store, Journal(folder, "journal", room_bytes))
        if starts:
            self.ledger.start_now()
        planner = Planner(self.bench.catalog_with(()), self.bench.settings, self.bench.tools.rng)
        self.gateway = Gateway(planner, self.bench.tools, Admission(MemoryLimiter(time.time)), self.ledger)
        self.count = 0

    async def open(self, caller: Caller, request: PanelRequest, request_id: str) -> Ticket:
        """Let a request in, and leave it there."""
        return await self.gateway.open(Origin(caller, request_id), request)

    async def ask(self, caller: Caller, request: Any) -> PanelResult:
        self.count += 1
        ticket = await self.open(caller, request, f"req_{self.count}")
        return await self.gateway.run(ticket, lambda _event: None)

    def rows(self, table: Any) -> list[Any]:
        return self.store.read_now(lambda connection: list(connection.execute(select(table)).mappings()))

    def do(self, work: Callable[["Office"], Awaitable[Any]]) -> Any:
        """Run `work` with the ledger at work beside it."""

        async def main() -> Any:
            keeper = asyncio.create_task(self.ledger.run())
            try:
                done = await work(self)
                await self.ledger.drain()
                return done
            finally:
                keeper.cancel()
                await asyncio.wait([keeper])

        return asyncio.run(main())
