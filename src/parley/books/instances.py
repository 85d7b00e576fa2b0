"""Which processes share the store. Each renews a lease; one whose lease has run out is gone, and what it left running
is closed by the others. A process of this machine that was killed is known to be gone at once.
"""

import os
import platform
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from parley.domain.ids import new_id
from parley.store.schema import instances

LEASE_S = 15.0
"""Source: contracts/gateway.md, "Usage events"."""

RENEW_EVERY_S = 3.0

_DEAD_STATES = "ZX"


class Instance:
    """This process, or the one of number `pid`, as the store knows it."""

    def __init__(self, pid: int | None = None) -> None:
        self.id = new_id("ins_")
        self.host = _host()
        self.pid = os.getpid() if pid is None else pid
        self.started_at = _start_ticks(self.pid)

    def renew(self, connection: Connection, now: float) -> None:
        """Register or renew the lease: a process that was thought gone comes back as itself."""
        lease = {"lease_until": now + LEASE_S}
        if connection.execute(update(instances).where(instances.c.id == self.id).values(lease)).rowcount == 0:
            row = {"id": self.id, "started_at": self.started_at or 0.0, "host": self.host, "pid": self.pid}
            connection.execute(insert(instances), {**row, **lease})

    def gone(self, connection: Connection, now: float, owners: Iterable[str]) -> list[str]:
        """Return the ids of the processes that are gone: their lease ran out, or they were killed on this machine.

        Those of `owners` that are not registered are gone too: a process registers before it owns anything.
        """
        known = connection.execute(select(instances)).all()
        others = [row for row in known if row.id != self.id]
        dead = [
            row.id
            for row in others
            if row.lease_until < now or (row.host == self.host and self._has_died(row.pid, row.started_at))
        ]
        return [*dead, *sorted(set(owners) - {row.id for row in known} - {self.id})]

    def _has_died(self, pid: int, started_at: float) -> bool:
        """Whether no process of that number and beginning runs here any more; without /proc the lease decides."""
        return self.started_at is not None and _start_ticks(pid) != started_at

    def forget(self, connection: Connection, ids: list[str]) -> None:
        """Delete the rows of processes that are gone and whose work is closed."""
        connection.execute(delete(instances).where(instances.c.id.in_(ids)))


def _host() -> str:
    """Return this machine, this boot of it and the space in which process numbers count: a container has its own."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        boot = space = ""
    return f"{platform.node()}/{boot}/{space}"


def _start_ticks(pid: int) -> float | None:
    """Return when process `pid` began, in clock ticks since the boot; None if there is none, or nobody can tell.

    One that was killed is none, also before its parent has asked for its end. Source: proc(5), /proc/pid/stat, fields
    3 and 22; the name in field 2 may hold blanks and brackets.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in _DEAD_STATES else float(fields[19])
