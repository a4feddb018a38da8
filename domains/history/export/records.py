"""What an export consists of, whichever form it is written in: a header, entries, what was left out, a trailer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

from domains.history.chain import Row

VERSION = 1
Scope = Literal["whole", "filtered", "compact"]
NOT_PROVED: Mapping[str, str] = {
    "whole": "",
    "filtered": "that what was left out does not match the filters: its content is not in the file",
    "compact": "that nothing was left out between the entries, or that they stand in one chain: each is only "
    "checked against the hash before it that its own line gives",
}
_HASH = re.compile("[0-9a-f]{64}")
_HASHES = ("digest", "hash", "previous_hash", "sha256")
_Types = Mapping[str, tuple[type, ...]]
_HEADER: _Types = {
    "slotboard_export": (int,),
    "scope": (str,),
    "from": (int,),
    "to": (int,),
    "previous_hash": (str,),
    "filters": (dict,),
    "not_proved": (str,),
    "time": (str,),
    "actor": (str,),
    "door": (str,),
    "recorded": (int, type(None)),
}
_ENTRY: _Types = {"seq": (int,), "body": (str,), "previous_hash": (str,), "hash": (str,)}
_LEFT_OUT: _Types = {"seq": (int,), "digest": (str,)}
_TRAILER: _Types = {
    "hash": (str,),
    "entries": (int,),
    "left_out": (int,),
    "not_proved": (str,),
    "sha256": (str,),
}


class Malformed(ValueError):
    """Something that is no record of an export; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Header:
    """What is exported, by whom and when. It is a claim: only what stands in the chain is proved.

    ``first`` and ``last`` are the ends of the range, ``previous_hash`` is that of the first entry in it.
    ``recorded`` is the number of the entry that says who exported this, None for an archive.
    """

    scope: Scope
    first: int
    last: int
    previous_hash: str
    filters: Mapping[str, object]
    time: str
    actor: str
    door: str
    recorded: int | None

    def to_json(self) -> dict[str, object]:
        """Give it in the order in which it is written."""
        return {
            "slotboard_export": VERSION,
            "scope": self.scope,
            "from": self.first,
            "to": self.last,
            "previous_hash": self.previous_hash,
            "filters": dict(self.filters),
            "not_proved": NOT_PROVED[self.scope],
            "time": self.time,
            "actor": self.actor,
            "door": self.door,
            "recorded": self.recorded,
        }

    @staticmethod
    def of_json(value: dict[str, object]) -> Header:
        """Read it. Raises :class:`Malformed`."""
        told = _checked(value, _HEADER, "header")
        if told["slotboard_export"] != VERSION:
            raise Malformed(
                f"The export has version {told['slotboard_export']} of the form; this program knows version {VERSION}."
            )
        scope = told["scope"]
        if scope not in NOT_PROVED or told["not_proved"] != NOT_PROVED[scope]:
            raise Malformed("The header does not say whether the export is whole, filtered or compact.")
        if not 1 <= told["from"] <= told["to"]:
            raise Malformed("The header's “from” and “to” are no range.")
        if not all(isinstance(given, str | int) for given in told["filters"].values()):
            raise Malformed("The header's “filters” are more than texts and numbers.")
        rest = {
            key: told[key]
            for key in ("scope", "previous_hash", "filters", "time", "actor", "door", "recorded")
        }
        return Header(first=told["from"], last=told["to"], **rest)


class LeftOut(NamedTuple):
    """An entry of the range that does not match: the SHA-256 of its body keeps its place in the chain."""

    seq: int
    digest: str


@dataclass(frozen=True, slots=True)
class Trailer:
    """What stood in the file: the hash of its last entry, the counts, and the SHA-256 of all lines before this."""

    hash: str
    entries: int
    left_out: int
    not_proved: str
    sha256: str

    def to_json(self) -> dict[str, object]:
        """Give it in the order in which it is written."""
        return {key: getattr(self, key) for key in _TRAILER}


Record: TypeAlias = Header | Row | LeftOut | Trailer


def record_json(record: Record) -> dict[str, object]:
    """Give a record as the object that a line of NDJSON holds."""
    return record.to_json() if isinstance(record, Header | Trailer) else record._asdict()


def record_of(value: object) -> Record:
    """Read such an object. Raises :class:`Malformed`."""
    if not isinstance(value, dict):
        raise Malformed("It is no JSON object.")
    if "slotboard_export" in value:
        return Header.of_json(value)
    if "body" in value:
        return Row(**_checked(value, _ENTRY, "entry"))
    if "digest" in value:
        return LeftOut(**_checked(value, _LEFT_OUT, "left-out entry"))
    if "entries" in value:
        return Trailer(**_checked(value, _TRAILER, "trailer"))
    raise Malformed("It is neither a header, nor an entry, nor a trailer.")


def _checked(value: dict[str, object], types: _Types, what: str) -> dict[str, Any]:
    """Give the object if it has exactly these keys with values of these types. Raises :class:`Malformed`."""
    if value.keys() != types.keys():
        raise Malformed(f"The {what} must have the keys {', '.join(types)} and no others.")
    for key, given in value.items():
        if type(given) not in types[key]:  # exactly: True is no number here
            raise Malformed(f"“{key}” of the {what} is of the wrong kind.")
        if key in _HASHES and not _HASH.fullmatch(str(given)):
            raise Malformed(f"“{key}” of the {what} is not 64 lower-case hexadecimal digits.")
    return value
