"""The runs under way, so that a server that must stop can end them in order."""

import asyncio

from parley.domain.errors import NotServing

MOST_RUNS = 10_000
"""Far above what one process gets done in time; a bound so that a flood ends in refusals and not in lost memory."""


class Runs:
    """Knows every running request of this process, at most `most` at once.

    `is_closing`: no new one is taken; `is_stopped`: none may go on.
    """

    def __init__(self, most: int = MOST_RUNS) -> None:
        self._most = most
        self._tasks: set[asyncio.Task[object]] = set()
        self.is_closing = False
        self.is_stopped = False

    def __len__(self) -> int:
        return len(self._tasks)

    def check_open(self) -> None:
        """Raise NotServing once the server is shutting down, and while it has all that it can do."""
        if self.is_closing:
            raise shutting_down()
        if len(self) >= self._most:
            message = f"The server works on {len(self)} requests, the most that it takes; send this one again later."
            raise NotServing("overloaded", message)

    def check_running(self) -> None:
        """Raise NotServing once no run may go on: a slow body can arrive after that."""
        if self.is_stopped:
            raise shutting_down()

    def add(self, task: "asyncio.Task[object]") -> None:
        """Keep `task` until it is done."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def begin_closing(self) -> None:
        self.is_closing = True

    def stop(self) -> None:
        """Cancel what still runs; its response tells the client why."""
        self.is_closing = self.is_stopped = True
        for task in tuple(self._tasks):
            task.cancel()


def shutting_down() -> NotServing:
    return NotServing("shutting_down", "The server is shutting down; send the request again.", retry_after_s=2)
