"""Processes on this machine, by what stands on their command lines."""

from __future__ import annotations

from pathlib import Path


def commands_with(words: str) -> list[str]:
    """Give the command lines that hold these words."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended meanwhile
        if words in line:
            found.append(line)
    return found
