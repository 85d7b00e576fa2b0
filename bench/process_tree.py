"""What a process and all that descend from it have used, from /proc. Source: proc(5)."""

import os
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_USER_TIME, _CHILDREN_SYSTEM_TIME = 11, 15
"""Columns of /proc/PID/stat behind the name in parentheses: utime, stime, cutime and cstime are 11 to 14."""


def members(root: int) -> list[int]:
    """Return `root` and its living descendants."""
    found = [root]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            found += map(int, _read(task).split())
    return found


def cpu_s(root: int) -> float:
    """Return the CPU time of the tree, children that have ended included, in seconds."""
    ticks = 0
    for pid in members(root):
        columns = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
        ticks += sum(map(int, columns[_USER_TIME:_CHILDREN_SYSTEM_TIME]))
    return ticks / _TICKS_PER_S


def pss_mb(root: int) -> float:
    """Return the memory of the tree in 10⁶ bytes, each shared page divided by those who share it."""
    kilobytes = 0
    for pid in members(root):
        for line in _read(Path(f"/proc/{pid}/smaps_rollup")).splitlines():
            if line.startswith("Pss:"):
                kilobytes += int(line.split()[1])
    return kilobytes * 1024 / 1e6


def _read(path: Path) -> str:
    """Return the file's text; one of a process that has just ended is empty."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
