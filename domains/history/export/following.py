"""Following the chain through an export, record by record."""

from __future__ import annotations

from collections.abc import Iterable

from domains.history.chain import Head, Row
from domains.history.export.records import NOT_PROVED, Header, LeftOut, Malformed, Record, Trailer
from domains.history.ledger import chain_hash, link


class Following:
    """A chain as far as it was read, and how published heads agree with it.

    ``seq`` and ``hash`` are those of the last entry, ``tied`` is the newest head that an entry agreed with, and
    ``ties`` how many did.
    """

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
