"""What runs below a process, as /proc tells."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path


def descendants(pid: int) -> dict[int, list[str]]:
    """Return the command line of every living process below `pid`, by process id (as seen from here)."""
    children: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The name in parentheses may hold anything, so fields are counted from its end: state, parent.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if fields[0] != "Z":
            children[int(fields[1])].append(int(folder.name))
    found: dict[int, list[str]] = {}
    waiting = [pid]
    while waiting:
        for child in sorted(children[waiting.pop()]):
            waiting.append(child)
            try:
                found[child] = Path(f"/proc/{child}/cmdline").read_text().split("\0")[:-1]
            except OSError:
                continue
    return found
