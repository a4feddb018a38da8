"""Taking the oldest part out of the ledger, deliberately: first into a file that proves it, then out of the table.

Each step leaves a state from which the same call goes on: a file without an entry is found again, and an entry
without a removal is carried out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet

from domains.history import ledger
from domains.history.boundary import Boundary, boundary
from domains.history.export import files, planning, writing
from domains.history.export.checking import Proof, Unfit, check
from domains.history.export.forms import FORMS
from domains.history.form import Body, body_of
from domains.history.reindex import forget
from domains.models import HistoryEntry

BATCH = 1000  # entries removed in one transaction, for which other writers wait
By = Mapping[str, str | None]


class CannotArchive(Exception):
    """Nothing was archived; the text is the sentence for the person."""


@dataclass(frozen=True, slots=True)
class Archived:
    """What was archived, as the entry ``recorded_in`` says it. ``note`` is what else is to be told."""

    first: int
    last: int
    path: Path
    sha256: str
    recorded_in: int
    note: str


def archive(moment: datetime, target: Path, by: By) -> Archived:
    """Archive everything before a time that can go; or finish what was begun earlier and broke off.

    ``target`` is a file or a folder; ``by`` has ``actor``, ``door``, ``address`` and ``token``. Raises
    :class:`CannotArchive` and :class:`NothingToArchive`.
    """
    archived = unfinished(target) or _begin(moment, target, by)
    remove(archived.last)
    return archived


def unfinished(target: Path) -> Archived | None:
    """Find what the last ``archived`` entry lets go and still stands in the table, if there is such.

    Raises :class:`CannotArchive` where the file that holds it is not at hand: then nothing may be removed.
    """
    pending = _pending()
    if pending is None:
        return None
    seq, facts = pending
    path = target / facts["file"] if target.is_dir() else target
    if not path.is_file() or _digest(path) != facts["sha256"]:
        raise CannotArchive(
            f"Entry {seq} records that entries {facts['from']} to {facts['to']} were archived in "
            f"{facts['file']}, and some of them are still to be removed. {path} is not that file, so nothing is "
            f"removed. Name the place where it is with --output; its SHA-256 is {facts['sha256']}."
        )
    note = "An earlier run had broken off; this one finished it. Run it again for what is left."
    return Archived(facts["from"], facts["to"], path, facts["sha256"], seq, note)


def _pending() -> tuple[int, Body] | None:
    """Give the last ``archived`` entry while something that it lets go is still there: its number and its body."""
    records = HistoryEntry.objects.filter(kind="archived").order_by("-seq").values_list("seq", "body")
    for seq, written in records.iterator():
        facts = body_of(written)
        if facts is not None and _names_a_range(facts, seq):
            return (seq, facts) if _upto(facts["to"]).exists() else None
    return None


def _names_a_range(facts: Body, seq: int) -> bool:
    """Whether an ``archived`` entry of this number says what one of ours does; otherwise it lets nothing go."""
    numbers = all(type(facts.get(name)) is int for name in ("from", "to"))
    texts = all(isinstance(facts.get(name), str) for name in ("file", "sha256"))
    return numbers and texts and 0 < facts["from"] <= facts["to"] < seq


def _begin(moment: datetime, target: Path, by: By) -> Archived:
    limits = boundary(moment)
    path = target / f"history-{limits.first}-{limits.last}.ndjson" if target.is_dir() else target
    wanted = ("whole", limits.first, limits.last, *_ends(limits))
    if not path.exists():
        _write(path, limits, by)
    proof = _read_back(path)
    header = proof.header
    if wanted != (header.scope, header.first, header.last, header.previous_hash, proof.trailer.hash):
        raise CannotArchive(
            f"{path} exists and holds something else than entries {limits.first} to {limits.last} of this history. "
            "Nothing was archived; choose another name."
        )
    return _record(limits, path, proof, by)


def _write(path: Path, limits: Boundary, by: By) -> None:
    lines = writing.lines(planning.header(limits.first, limits.last, by=by), None, FORMS["ndjson"])
    try:
        files.write(path, lines)
    except writing.Interrupted as interrupted:
        raise CannotArchive(str(interrupted)) from interrupted
    except BlockingIOError as error:
        raise CannotArchive(f"Another command is writing {path} just now; nothing was done.") from error
    except OSError as error:
        raise CannotArchive(f"{path} cannot be written: {error.strerror or error}.") from error


def _read_back(path: Path) -> Proof:
    """Check what is in the file. One that does not fit stays, for somebody to look at."""
    try:
        with path.open("rb") as file:
            return check(file)
    except Unfit as problem:
        raise CannotArchive(
            f"{path} does not fit, so nothing was archived. {problem} Unless somebody else wrote the file, the "
            "history itself does not fit: see history verify."
        ) from problem
    except OSError as error:
        raise CannotArchive(f"{path} cannot be read: {error.strerror}.") from error


def _record(limits: Boundary, path: Path, proof: Proof, by: By) -> Archived:
    """Append the entry because of which the triggers let the range go."""
    digest = _digest(path)
    with transaction.atomic():
        ledger.wait_turn()
        if _pending() or not _upto(limits.first).exists():
            raise CannotArchive("Another command archived this range just now; nothing was done.")
        entry = ledger.append(
            "archived",
            {
                **by,
                "host": None,
                "from": limits.first,
                "to": limits.last,
                "entries": proof.trailer.entries,
                "first_previous_hash": proof.header.previous_hash,
                "last_hash": proof.trailer.hash,
                "file": path.name,
                "sha256": digest,
                "bytes": path.stat().st_size,
            },
        )
    return Archived(limits.first, limits.last, path, digest, entry.seq, limits.kept)


def remove(last: int) -> None:
    """Remove all entries up to this one, which an ``archived`` entry covers, with the lines made of them."""
    while numbers := list(_upto(last).values_list("seq", flat=True)[:BATCH]):
        with transaction.atomic():
            ledger.wait_turn()  # whoever adds to one of these lines waits, and begins a new one
            _upto(numbers[-1]).delete()
            forget(numbers[-1])


def _upto(last: int) -> QuerySet[HistoryEntry]:
    return HistoryEntry.objects.filter(seq__lte=last).order_by("seq")


def _ends(limits: Boundary) -> tuple[str, str]:
    """Give the hash before the first entry, and that of the last."""
    entries = HistoryEntry.objects.in_bulk([limits.first, limits.last])
    return entries[limits.first].previous_hash, entries[limits.last].hash


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
