"""The tool calls under way in this process, so that a notification can cancel the one that it names."""

import asyncio
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


class Underway:
    """One call, from before it is let in until it has ended."""

    def __init__(self, name: CallName | None) -> None:
        self.name = name
        self._is_cancelled = False
        self._task: asyncio.Task[None] | None = None

    def bind(self, task: "asyncio.Task[None]") -> None:
        """Take the task that runs it; a call that was cancelled before does not get to run."""
        self._task = task
        if self._is_cancelled:
            task.cancel()

    def cancel(self) -> None:
        self._is_cancelled = True
        if self._task is not None:
            self._task.cancel()


class RunningCalls:
    """Every call of a session, by its name; of two of one name the later one can be cancelled."""

    def __init__(self) -> None:
        self._calls: dict[CallName, Underway] = {}

    def begin(self, name: CallName | None) -> Underway:
        """Return the call; whoever begins it ends it."""
        call = Underway(name)
        if name is not None:
            self._calls[name] = call
        return call

    def end(self, call: Underway) -> None:
        """Forget the call; ending it again does nothing."""
        if call.name is not None and self._calls.get(call.name) is call:
            del self._calls[call.name]

    def cancel(self, name: CallName | None) -> None:
        """Cancel the call; one that is not known has ended, or runs in another process."""
        call = None if name is None else self._calls.get(name)
        if call is not None:
            call.cancel()
