"""Checking an export: whether it fits together, and what that proves. Needs the file and no database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from domains.history.chain import Head, Row
from domains.history.export.forms import FORMS, LONGEST, Form
from domains.history.export.records import NOT_PROVED, Header, LeftOut, Malformed, Record, Trailer
from domains.history.ledger import chain_hash, link


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
        chain = _Chain(header, heads)
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


class _Chain:
    """The chain as far as it was read."""

    def __init__(self, header: Header, heads: Iterable[Head]) -> None:
        self._header = header
        self._heads: dict[int, list[Head]] = {}
        for head in heads:
            self._heads.setdefault(head.seq, []).append(head)
        self._entries = self._left_out = 0
        self.seq, self.hash = header.first - 1, header.previous_hash
        self.tied: Head | None = None
        self.ties = 0
        if header.scope != "compact":
            self._compare(self.seq, self.hash)

    def follow(self, record: Record) -> None:
        """Go on with an entry or a digest. Raises :class:`Malformed` where it does not fit."""
        if isinstance(record, Header | Trailer):
            raise Malformed("A second header stands here.")
        self._in_place(record.seq)
        if isinstance(record, Row):
            self._entry(record)
            self._entries += 1
        else:
            self._digest(record)
            self._left_out += 1
        if head := self._compare(self.seq, self.hash):
            self.tied = head
            self.ties += 1

    def end(self, trailer: Trailer, read: str) -> None:
        """Compare what was read with what the trailer says. Raises :class:`Malformed`."""
        compact = self._header.scope == "compact"
        if not compact and self.seq != self._header.last:
            raise Malformed(
                f"The export goes to entry {self._header.last} and ends after {self.seq}: lines are missing."
            )
        if (trailer.entries, trailer.left_out) != (self._entries, self._left_out):
            raise Malformed(
                f"The trailer counts {trailer.entries} entries and {trailer.left_out} left out, and before it stand "
                f"{self._entries} and {self._left_out}."
            )
        if trailer.hash != self.hash or trailer.not_proved != NOT_PROVED[self._header.scope]:
            raise Malformed("The trailer does not belong to the lines before it.")
        if trailer.sha256 != read:
            raise Malformed(
                "The SHA-256 of the lines before the trailer is not the one that it gives, though all entries fit: "
                "what the header says was changed."
            )

    def _compare(self, seq: int, hash_: str) -> Head | None:
        """Give the last head that was published with this number, if one was. Raises :class:`Malformed`."""
        published = self._heads.get(seq, [])
        for head in published:
            if head.hash != hash_:
                raise Malformed(
                    f"Entry {seq} does not have the hash that was published on {head.time}: it, or something before "
                    "it, was rewritten."
                )
        return published[-1] if published else None

    def _in_place(self, seq: int) -> None:
        due = self.seq + 1
        if seq < due:
            raise Malformed(
                f"Entry {seq} stands after entry {self.seq}: it was put in, or lines were swapped."
            )
        if seq > self._header.last:
            raise Malformed(
                f"Entry {seq} lies beyond the export's range, which ends with {self._header.last}."
            )
        if seq > due and self._header.scope != "compact":
            missing = f"entry {due} is" if seq == due + 1 else f"entries {due} to {seq - 1} are"
            raise Malformed(f"Before entry {seq}, {missing} missing.")

    def _entry(self, row: Row) -> None:
        if not row.body.isascii():
            raise Malformed(f"The body of entry {row.seq} is not ASCII: it was changed.")
        if chain_hash(row.previous_hash, row.seq, row.body) != row.hash:
            raise Malformed(f"Entry {row.seq} does not have the hash that it gives: it was changed.")
        if self._header.scope == "compact":
            self._compare(row.seq - 1, row.previous_hash)
        if row.seq == self.seq + 1 and row.previous_hash != self.hash:
            raise Malformed(
                f"Entry {row.seq} does not continue what stands before it: something before it was changed."
            )
        self.seq, self.hash = row.seq, row.hash

    def _digest(self, record: LeftOut) -> None:
        if self._header.scope != "filtered":
            raise Malformed(
                f"Entry {record.seq} is left out, and the export says that it is {self._header.scope}."
            )
        self.seq, self.hash = record.seq, link(self.hash, record.seq, record.digest)
