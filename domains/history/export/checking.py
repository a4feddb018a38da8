"""Checking an export: whether it fits together, and what that proves. Needs the file and no database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from domains.history.chain import Head
from domains.history.export.following import Following
from domains.history.export.forms import FORMS, LONGEST, Form
from domains.history.export.records import Header, Malformed, Record, Trailer


class Unfit(Exception):
    """A line that does not fit; the text says which it is and what is wrong with it."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(f"Line {line}: {sentence}")


@dataclass(frozen=True, slots=True)
class Proof:
    """What a file that fits holds.

    ``tied`` is the newest published head that one of its entries agrees with, and ``ties`` how many do.
    """

    form: Form
    header: Header
    trailer: Trailer
    tied: Head | None
    ties: int


def check(file: BinaryIO, heads: Iterable[Head] = ()) -> Proof:
    """Read an export to its end, in constant memory, and compare it with heads that were published.

    Raises :class:`Unfit` for the first line that does not fit.
    """
    lines = _Lines(file)
    form = _form(lines)
    try:
        header = _record(form, lines)
        if not isinstance(header, Header):
            raise Malformed("The export's header is due here.")
        chain = Following(header, heads)
        while not isinstance(record := _record(form, lines.step()), Trailer):
            chain.follow(record)
        chain.end(record, lines.read.hexdigest())
        if lines.step().line:
            raise Malformed("It stands after the trailer, where nothing may follow.")
    except Malformed as problem:
        raise Unfit(lines.number, str(problem)) from problem
    return Proof(form, header, record, chain.tied, chain.ties)


class _Lines:
    """The lines of a file one by one. ``read`` is the SHA-256 of those before the present one."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.number, self.line = 0, b""
        self.read = hashlib.sha256()

    def step(self) -> _Lines:
        """Take the next line; an empty one is the end of the file."""
        self.read.update(self.line)
        self.line = self._file.readline(LONGEST)
        self.number += 1
        return self


def _form(lines: _Lines) -> Form:
    """Tell from its first line in which form a file is, and step to the line of the header."""
    first = lines.step().line
    for form in FORMS.values():
        if form.opening and first == form.opening:
            lines.step()
            return form
        if not form.opening and first.startswith(b"{"):
            return form
    raise Unfit(1, "An export does not begin like this." if first else "The file is empty.")


def _record(form: Form, lines: _Lines) -> Record:
    """Read the present line. Raises :class:`Malformed`."""
    if not lines.line:
        raise Malformed("The file ends here and has no trailer: it was cut off, or its writing broke off.")
    if not lines.line.endswith(b"\n"):
        long = len(lines.line) == LONGEST
        raise Malformed("It is longer than any entry." if long else "The file breaks off within this line.")
    return form.record(lines.line)
