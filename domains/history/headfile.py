"""Reading and writing files of heads: one line of JSON each, kept where nobody can change them."""

from __future__ import annotations

import contextlib
import errno
import json
import os
from pathlib import Path

from domains.history.archived import is_hash
from domains.history.chain import Head

_LONGEST = 1000  # bytes of a line; a head takes about 140
_HIGHEST = 2**63 - 1  # what the column can hold


class HeadFileError(Exception):
    """The file cannot be read, or is none of heads; the text is the sentence for the person."""


def read(path: Path) -> list[Head]:
    """Read all heads of a file, in its order; the same head again is left out. Raises :class:`HeadFileError`."""
    heads: dict[Head, None] = {}
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(_LONGEST):
                number += 1
                if line.strip():
                    heads[_head(line, f"{path}, line {number},")] = None
    except OSError as error:
        raise HeadFileError(f"{path} cannot be read: {error.strerror}.") from error
    if not heads:
        raise HeadFileError(f"{path} holds no head. manage.py history head prints one.")
    return list(heads)


def append(path: Path, head: Head) -> None:
    """Add a head at the end of the file, which is made where it is missing, for its owner alone.

    When this returns, the line is on the disk; when it raises ``OSError``, nothing of it is left in the file.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        line = f"{head.line()}\n".encode("ascii")
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line  # somebody left the last line without an end
        try:
            if os.write(descriptor, line) < len(line):
                raise OSError(errno.ENOSPC, "only a part of the line could be written")
            os.fsync(descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


def _head(line: bytes, where: str) -> Head:
    try:
        values = json.loads(line)
        seq, hash_, time = values["seq"], values["hash"], values["time"]
    except (ValueError, TypeError, KeyError, RecursionError):
        seq = hash_ = time = None
    if type(seq) is not int or not 1 <= seq <= _HIGHEST or not is_hash(hash_) or not isinstance(time, str):
        raise HeadFileError(
            f'{where} is no head: it must be a JSON object like {{"seq":7,"hash":"…","time":"…"}}, with a number of 1 '
            "or more and 64 lower-case hexadecimal digits, as manage.py history head prints it."
        )
    return Head(seq, hash_, time)
