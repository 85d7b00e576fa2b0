"""The tool calls under way in this process, so that a notification can cancel the one that it names."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from parley.wire.mcp.rpc import RpcId


@dataclass(frozen=True, slots=True)
class CallName:
    """Which call it is: ids are the client's own choice, so they name one only within a session of a key."""

    key_id: str
    session: str
    kind: type
    rpc_id: RpcId

    @classmethod
    def of(cls, key_id: str, session: str, rpc_id: RpcId) -> "CallName | None":
        """Return the name, None without a session: two clients of one key could cancel each other's calls."""
        return cls(key_id, session, type(rpc_id), rpc_id) if session else None


class RunningCalls:
    """Every call of a session, by its name."""

    def __init__(self) -> None:
        self._tasks: dict[CallName, asyncio.Task[None]] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    @contextmanager
    def listed(self, name: CallName | None, task: "asyncio.Task[None]") -> Iterator[None]:
        """List `task` while the block lasts; of two calls of one name the later one can be cancelled."""
        if name is None:
            yield
            return
        self._tasks[name] = task
        try:
            yield
        finally:
            if self._tasks.get(name) is task:
                del self._tasks[name]

    def cancel(self, name: CallName | None) -> None:
        """Cancel the call; one that is not known has ended, or runs in another process."""
        task = None if name is None else self._tasks.get(name)
        if task is not None:
            task.cancel()
