"""Which processes share the store. Each renews a lease; one whose lease has run out is gone, and what it left running
is closed by the others. A process of this machine that was killed is known to be gone at once.
"""

import os
import platform
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from parley.domain.ids import new_id
from parley.store.schema import instances

LEASE_S = 15.0
"""Source: contracts/gateway.md, "Usage events"."""

RENEW_EVERY_S = 3.0


class Instance:
    """This process, as the store knows it."""

    def __init__(self) -> None:
        self.id = new_id("ins_")
        self.host = _host()
        self.pid = os.getpid()
        self._started_at = _start_ticks(self.pid)

    def renew(self, connection: Connection, now: float) -> None:
        """Register or renew the lease: a process that was thought gone comes back as itself."""
        lease = {"lease_until": now + LEASE_S}
        if connection.execute(update(instances).where(instances.c.id == self.id).values(lease)).rowcount == 0:
            row = {"id": self.id, "started_at": self._started_at or 0.0, "host": self.host, "pid": self.pid}
            connection.execute(insert(instances), {**row, **lease})

    def gone(self, connection: Connection, now: float) -> list[str]:
        """Return the ids of the processes that are gone: their lease ran out, or they were killed on this machine."""
        others = connection.execute(select(instances).where(instances.c.id != self.id)).all()
        return [
            row.id
            for row in others
            if row.lease_until < now or (row.host == self.host and self._has_died(row.pid, row.started_at))
        ]

    def _has_died(self, pid: int, started_at: float) -> bool:
        """Whether no process of that number and beginning runs here any more; without /proc the lease decides."""
        return self._started_at is not None and _start_ticks(pid) != started_at

    def forget(self, connection: Connection, ids: list[str]) -> None:
        """Delete the rows of processes that are gone and whose work is closed."""
        connection.execute(delete(instances).where(instances.c.id.in_(ids)))


def _host() -> str:
    """Return this machine and this boot of it; a container has a name of its own."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot = ""
    return f"{platform.node()}/{boot}"


def _start_ticks(pid: int) -> float | None:
    """Return when process `pid` began, in clock ticks since the boot; None if there is none, or nobody can tell.

    Source: proc(5), /proc/pid/stat, field 22; the name in field 2 may hold blanks and brackets.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return float(text.rpartition(")")[2].split()[19])
