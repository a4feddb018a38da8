"""What a line of the operation history takes from its entries. Nothing here reads or writes a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from domains.history.words import mark, words_of
from domains.vcpu import cpulist

ALONE = ("refused", "outside")  # kinds that stand by themselves, whatever operation they may name
_FIRST = ("host", "actor", "door", "action")  # of the request, as are the domain and the time
_CHANGED = ("appeared", "disappeared", "removable", "fixed", "lost")
_SAID = (
    "actor", "address", "asked_about", "group", "host", "message", "note", "operation", "pattern", "prefix", "role",
    "token", "user",
)  # fmt: skip

Columns = dict[str, Any]


@dataclass(slots=True)
class Folded:
    """A line as its entries so far make it: its columns but for ``latest``, and its words."""

    columns: Columns
    words: set[str] = field(default_factory=set)

    def take(self, seq: int, body: Mapping[str, Any]) -> None:
        """Fold a later entry of the operation into its line."""
        self.words -= set(_outcome(self.columns))
        self.columns |= {"last_seq": seq, "status": body.get("status"), "reason": body.get("reason")}
        self.words |= {*_words(body), *_outcome(self.columns)}


def begun(seq: int, body: Mapping[str, Any]) -> Folded:
    """Make the line that begins with this entry."""
    domain = body.get("domain") or {}
    kind = body["kind"]
    columns: Columns = {"seq": seq, "last_seq": seq, "time": body["time"], "kind": kind}
    columns |= {name: body.get(name) for name in _FIRST}
    columns |= {"domain_name": domain.get("name"), "domain_uuid": domain.get("uuid")}
    columns |= {"operation": operation_of(body), "status": body.get("status"), "reason": body.get("reason")}
    if kind in ALONE:
        columns["status"] = kind
    asked = {mark(name, columns[name]) for name in _FIRST if columns[name] is not None}
    asked |= {domain_mark(ref) for ref in (columns["domain_name"], columns["domain_uuid"]) if ref}
    return Folded(columns, {*asked, *show_marks(columns), *_words(body), *_outcome(columns)})


def operation_of(body: Mapping[str, Any]) -> int | None:
    """Give the number of the operation whose line an entry belongs to, None if it is a line by itself."""
    number = body.get("operation")
    return number if isinstance(number, int) and body["kind"] not in ALONE else None


def show_marks(columns: Mapping[str, Any]) -> set[str]:
    """Give the words for the parts of the history that a line belongs to, of which one is everything."""
    kind = columns["kind"]
    shown = columns["operation"] is not None or kind in ALONE or kind.startswith("batch_")
    return {mark("show", "everything"), mark("show", "operations" if shown else "access")}


def domain_mark(ref: str) -> str:
    """Give the word for a domain's name or UUID, in whatever spelling."""
    try:
        return mark("domain", UUID(ref))
    except ValueError:
        return mark("domain", ref)


def _outcome(columns: Mapping[str, Any]) -> Iterator[str]:
    """Give the words for what an operation's latest entry alone says."""
    return (mark(name, columns[name]) for name in ("status", "reason") if columns[name] is not None)


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
    yield from (mark("slot", vcpu) for vcpu in _slots(body, effects))
    if body.get("batch") is not None:
        yield mark("batch", body["batch"])


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
    if isinstance(value, int):
        return frozenset({value})
    try:
        return cpulist.load(value) if isinstance(value, str) else frozenset()
    except ValueError:
        return frozenset()
