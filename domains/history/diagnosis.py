"""Telling from what lies around a break in the chain what was done there.

Every answer says only what the rows show. Whoever can compute hashes can make one deed look like another, so all
of them hold as far as it can be told.
"""

from __future__ import annotations

from domains.history import chain
from domains.history.breakage import Break, computed
from domains.history.chain import Row
from domains.history.findings import Finding, Kind, entries


def diagnose(seq: int, head: str, row: Row) -> Finding:
    """Say what happened behind entry ``seq``, whose hash is ``head``, given the row that stands there."""
    if type(row.seq) is not int:
        sentence = (
            f"Behind entry {seq} stands a row whose number is no whole number: somebody else put it there."
        )
        return Finding(Kind.MALFORMED, None, sentence)
    place = Break(seq + 1, head, row)
    if row.seq > place.seq:
        return _gap(place)
    if row.seq <= seq or len(list(chain.rows(seq, row.seq))) > 1:
        return twice(row.seq)
    if place.written_as == place.seq:
        return _otherwise_founded(place)
    return _displaced(place) if place.written_as else _altered(place)


def twice(seq: int) -> Finding:
    """Say that a number is not the only one of its kind."""
    sentence = f"There is more than one entry {seq}: as far as it can be told, one was inserted."
    return Finding(Kind.INSERTED, seq, sentence)


def _gap(place: Break) -> Finding:
    """Tell of numbers that are missing."""
    seq, row = place.seq, place.row
    moved = row if place.fits(row) else place.true
    if moved is not None:
        sentence = (
            f"There is no entry {seq}. By its hash it now stands as entry {moved.seq}: numbers were changed."
        )
        return Finding(Kind.REORDERED, seq, sentence)
    gone = f"{entries(seq, row.seq - 1)} missing: removed, and no archived range with fitting hashes covers that."
    if row.previous_hash == place.head:
        gone += f" Entry {row.seq} was then made to look as if it followed entry {seq - 1}."
    return Finding(Kind.REMOVED, seq, gone)


def _displaced(place: Break) -> Finding:
    """Tell of an entry that was written under another number than it bears."""
    seq, written_as = place.seq, place.written_as
    assert written_as is not None  # noqa: S101  # what the caller asks first
    stands = f"What stands as entry {seq} was written as entry {written_as}"
    if place.true is not None:
        other = place.true.seq
        how = "the two were swapped" if other == written_as else "entries were put in another order"
        sentence = f"{stands}, and what was written as entry {seq} stands as entry {other}: {how}."
        return Finding(Kind.REORDERED, seq, sentence)
    if written_as > seq:
        sentence = (
            f"{stands}, and what was written as entry {seq} is nowhere: as far as it can be told, "
            f"{written_as - seq} entries were removed there and those behind were renumbered."
        )
        return Finding(Kind.REMOVED, seq, sentence)
    sentence = (
        f"{stands}: as far as it can be told, {seq - written_as} entries were inserted in front of it, from "
        f"{written_as} on, and those behind were renumbered."
    )
    return Finding(Kind.INSERTED, written_as, sentence)


def _otherwise_founded(place: Break) -> Finding:
    """Tell of an entry that fits its own number, but another predecessor."""
    seq, row = place.seq, place.row
    if place.confirmed is not None and place.confirmed == computed(place.head, seq, row.body):
        sentence = (
            f"The hash and previous_hash of entry {seq} were changed; its body is the one that entry {seq + 1} "
            "was written after."
        )
        return Finding(Kind.CHANGED, seq, sentence)
    if place.true is not None:
        return _inserted(place, place.true)
    if seq == 1:
        sentence = "Entry 1 does not begin the chain: as far as it can be told, it was rewritten."
        return Finding(Kind.REWRITTEN, 1, sentence)
    another = f"Entry {seq} was written after another entry {seq - 1} than the one that stands there"
    if place.confirmed == row.hash:
        sentence = (
            f"{another}, and entry {seq + 1} confirms it: as far as it can be told, entry {seq - 1}, perhaps with "
            "some before it, was rewritten together with its hash."
        )
        return Finding(Kind.REWRITTEN, seq - 1, sentence)
    sentence = f"{another}: as far as it can be told, one of the two was rewritten together with its hash."
    return Finding(Kind.REWRITTEN, seq, sentence)


def _inserted(place: Break, true: Row) -> Finding:
    sentence = (
        f"Entry {place.seq} does not belong there. What was written as entry {place.seq} stands as entry {true.seq}: "
        "as far as it can be told, something was inserted and what lies behind was renumbered."
    )
    return Finding(Kind.INSERTED, place.seq, sentence)


def _altered(place: Break) -> Finding:
    """Tell of an entry whose hash fits no number: something in it is not as it was written."""
    seq, row = place.seq, place.row
    if place.true is not None:
        return _inserted(place, place.true)
    hash_here = computed(place.head, seq, row.body)
    if hash_here is None:
        sentence = f"The body of entry {seq} is no ASCII text, which Slotboard never writes: it was changed."
        return Finding(Kind.CHANGED, seq, sentence)
    if hash_here == row.hash:
        sentence = f"The previous_hash of entry {seq} was changed; its body and hash fit entry {seq - 1}."
        return Finding(Kind.CHANGED, seq, sentence)
    if hash_here == place.confirmed:
        sentence = f"The hash of entry {seq} was changed; its body is the one that entry {seq + 1} was written after."
        return Finding(Kind.CHANGED, seq, sentence)
    return _body_elsewhere(place) or _body_changed(place)


def _body_elsewhere(place: Break) -> Finding | None:
    """Tell of a body that stands in another entry now."""
    other = place.body_elsewhere()
    if other is None:
        return None
    seq, there = place.seq, other.seq
    behind = next(chain.rows(there, batch=1), None)
    swapped = computed(other.previous_hash, there, place.row.body) in (
        other.hash,
        behind and behind.previous_hash,
    )
    how = "the two were swapped" if swapped else "it was moved or copied there"
    sentence = f"The body that belongs to entry {seq} stands in entry {there}: {how}."
    return Finding(Kind.REORDERED, seq, sentence)


def _body_changed(place: Break) -> Finding:
    seq, row = place.seq, place.row
    changed = f"Entry {seq} was changed: its body does not give its hash."
    if place.confirmed is None:
        sentence = f"{changed} No entry {seq + 1} tells which of the two is as it was written, or whether it belongs there."
    elif place.confirmed == row.hash and row.previous_hash == place.head:
        sentence = (
            f"{changed} What lies before and behind it confirms the hash, so it is the body that was changed."
        )
    else:
        sentence = f"{changed} What lies before and behind it names other hashes than it does."
    return Finding(Kind.CHANGED, seq, sentence)
