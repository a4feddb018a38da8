"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterable
from pathlib import Path


def write(path: Path, lines: Iterable[bytes]) -> None:
    """Write a new file, readable by its owner alone, that takes its name once it is safe on disk.

    Until then it is called ``.NAME.part``; what a crash left of one is overwritten. Raises ``OSError``:
    ``FileExistsError`` where there is such a file already, ``BlockingIOError`` while somebody else writes it.
    """
    part = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            if path.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
            file.truncate()
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """Let a new name survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
