"""Folding entries into the lines of the operation history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from domains.history.words import slot_word, words_of
from domains.models import HistoryLine
from domains.vcpu import cpulist

ALONE = ("refused", "outside")  # kinds that stand by themselves, whatever operation they may name
_CHANGED = ("appeared", "disappeared", "removable", "fixed", "lost")
_SAID = (
    "actor", "address", "asked_about", "host", "message", "note", "operation", "pattern", "prefix", "role",
    "token", "user",
)  # fmt: skip


def fold(seq: int, body: Mapping[str, Any]) -> None:
    """Let an appended entry's line say what the entry adds. To be called in the entry's transaction.

    An operation's first entry, and an entry that stands by itself, makes a line: one statement. A later
    one takes two, of which the first reads.
    """
    number = operation_of(body)
    line = None
    if number is not None and body["kind"] != "requested":
        line = HistoryLine.objects.filter(operation=number).first()
    if line is None:
        begun(seq, body).save(force_insert=True)
    else:
        line.save(update_fields=go_on(line, seq, body))


def operation_of(body: Mapping[str, Any]) -> int | None:
    """Give the number of the operation whose line an entry belongs to, None if it is a line by itself."""
    number = body.get("operation")
    return number if isinstance(number, int) and body["kind"] not in ALONE else None


def begun(seq: int, body: Mapping[str, Any]) -> HistoryLine:
    """Make the line that begins with this entry; it is not saved."""
    domain = body.get("domain") or {}
    kind = body["kind"]
    return HistoryLine(
        seq=seq,
        last_seq=seq,
        time=body["time"],
        kind=kind,
        host=body.get("host"),
        domain_name=domain.get("name"),
        domain_uuid=domain.get("uuid"),
        operation=operation_of(body),
        actor=body.get("actor"),
        door=body.get("door"),
        action=body.get("action"),
        status=kind if kind in ALONE else body.get("status"),
        reason=body.get("reason"),
        words=" ".join(dict.fromkeys(_words(body))),
    )


def go_on(line: HistoryLine, seq: int, body: Mapping[str, Any]) -> list[str]:
    """Fold a later entry of an operation into its line; gives the names of the columns that changed."""
    known = set(line.words.split())
    new = [word for word in dict.fromkeys(_words(body)) if word not in known]
    line.last_seq, line.status, line.reason = seq, body.get("status"), body.get("reason")
    changed = ["last_seq", "status", "reason"]
    if new:
        line.words = " ".join([line.words, *new])
        changed.append("words")
    return changed


def _words(body: Mapping[str, Any]) -> Iterator[str]:
    domain = body.get("domain") or {}
    effects = [effect for effect in body.get("effects") or () if isinstance(effect, dict)]
    texts = [*(domain.get(key) for key in ("name", "uuid")), *(body.get(key) for key in _SAID)]
    for effect in effects:
        texts += [
            effect.get("renamed_from"),
            effect.get("known_on"),
            (effect.get("libvirt") or {}).get("text"),
        ]
    yield from words_of(str(text) for text in texts if text is not None)
    yield from map(slot_word, sorted(_slots(body, effects)))


def _slots(body: Mapping[str, Any], effects: Iterable[Mapping[str, Any]]) -> set[int]:
    """Give the slots that were asked for, were meant by an effect, or changed outside."""
    asked = (body.get("requested") or {}).get("vcpu")
    slots = set().union(*map(_ids, asked if isinstance(asked, list) else [asked]))
    for effect in effects:
        slots |= _ids(effect.get("vcpu"))
        for key in _CHANGED:
            slots |= _ids(effect.get(key))
    return slots


def _ids(value: object) -> frozenset[int]:
    """Read an ID or a cpulist. What somebody asked for in vain may be anything, and then names no slot."""
    try:
        return cpulist.load(str(value))
    except ValueError:
        return frozenset()
