"""Reading what was asked from text or JSON, with a sentence for everything that makes no sense."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Literal, TypeVar

from django.conf import settings

from domains.operations.change import Change, OnFailure, Wanted
from domains.operations.refused import RequestRefused
from domains.operations.text import storable, visible
from domains.vcpu import cpulist
from domains.vcpu.affect import Affect
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action

_Choice = TypeVar("_Choice", bound=StrEnum)
_WORD = {Action.ADD: "first", Action.REMOVE: "highest"}
_UNNAMED: dict[Action, object] = {Action.ADD: -1, Action.REMOVE: -1, Action.SYNC: "all"}
# Which sides may be named; of the others it is always clear what is changed.
_SIDES = {
    Action.MAKE_REMOVABLE: (
        (Affect.CURRENT, Affect.CONFIG),
        "changes the configuration only, for the next start",
    ),
    Action.ONLINE: ((Affect.CURRENT, Affect.LIVE), "is done in the running guest only"),
    Action.OFFLINE: ((Affect.CURRENT, Affect.LIVE), "is done in the running guest only"),
    Action.SYNC: (
        (Affect.LIVE, Affect.CONFIG),
        "needs the one side that is to be changed: config makes the running guest's vCPUs permanent, live applies "
        "the configuration to the running guest",
    ),
}
NOTE_LENGTH = 2000


def parse_change(asked: Mapping[str, object]) -> Change:
    """Read a change from the fields of a form, of JSON or of a command line.

    ``vcpu`` may be missing or -1 with add and remove (first, highest) and missing with sync (every slot that
    differs), ``affect`` may be missing (current) but for sync. Raises :class:`RequestRefused`
    (``invalid_request``).
    """
    action = parse_choice(str(asked.get("action")).replace("-", "_"), Action, "action")
    return Change(
        action=action,
        vcpu=parse_vcpu(asked.get("vcpu", _UNNAMED.get(action)), action),
        affect=parse_affect(asked.get("affect", Affect.CURRENT), action),
        expect=parse_expect(asked.get("expect")),
        note=parse_note(asked.get("note", "")),
        on_failure=parse_choice(asked.get("on_failure", OnFailure.STOP), OnFailure, "way to go on"),
        queue_if_unreachable=bool(asked.get("queue_if_unreachable", False)),
        ask_anyway=bool(asked.get("ask_anyway", False)),
    )


def parse_note(raw: object) -> str:
    """Read the note, without the space around it.

    Raises :class:`RequestRefused` for one that cannot be kept, and for none where this installation requires one.
    """
    note = str(raw).strip()
    if settings.REQUIRE_NOTE and not visible(note):
        raise _invalid(
            "A note is required here. Say why, or which ticket: in the field Note of the page, as “note” in the body "
            "of a request to the API, or with --note on the command line."
        )
    if len(note) > NOTE_LENGTH:
        raise _invalid(f"The note has {len(note)} characters; {NOTE_LENGTH} is the most.")
    if not storable(note):
        raise _invalid("The note holds a character that no database stores, such as NUL; leave it out.")
    return note


def parse_affect(raw: object, action: Action) -> Affect:
    """Read which sides are meant, as far as the action leaves a choice. Raises :class:`RequestRefused`."""
    affect = parse_choice(raw, Affect, "side")
    allowed, sentence = _SIDES.get(action, (tuple(Affect), ""))
    if affect not in allowed:
        raise _invalid(f"{action.value.replace('_', ' ').capitalize()} {sentence}; “{affect}” is not for it.")
    return affect


def parse_vcpu(raw: object, action: Action) -> Wanted:
    """Read which slots are meant: an ID, several, a cpulist, ``first``, ``highest`` or -1; ``all`` with sync.

    The order of IDs is kept. Raises :class:`RequestRefused` (``invalid_request``).
    """
    if raw == "all" and action is Action.SYNC:
        return "all"
    if raw in ("first", "highest", -1, "-1"):
        return _word(raw, action)
    if isinstance(raw, bool) or raw is None:
        raise _invalid(_name_one(action))
    parts: Sequence[object] = raw if isinstance(raw, list | tuple) else [raw]
    ids: list[int] = []
    for part in parts:
        ids.extend(_ids(part))
    if not ids:
        raise _invalid("Name at least one vCPU.")
    if len(set(ids)) != len(ids):
        raise _invalid("The same vCPU is named twice; name each once.")
    return ids


def parse_choice(raw: object, choices: type[_Choice], what: str) -> _Choice:
    """Read one of a few words. Raises :class:`RequestRefused` (``invalid_request``)."""
    try:
        return choices(str(raw))
    except ValueError:
        words = ", ".join(choices)
        raise _invalid(f"“{str(raw)[:40]}” is no {what}; choose one of: {words}.") from None


def parse_expect(raw: object) -> int | None:
    """Read the ID that the person was shown, if any. Raises :class:`RequestRefused`."""
    if raw in (None, ""):
        return None
    ids = _ids(raw)
    if len(ids) != 1:
        raise _invalid("Expect exactly one vCPU ID.")
    return ids[0]


def _word(raw: object, action: Action) -> Literal["first", "highest"]:
    word = _WORD.get(action)
    if word is None:
        raise _invalid(_name_one(action))
    if raw not in (-1, "-1", word):
        raise _invalid(f"“{raw}” does not go with {action.value}; use {word}, or name a vCPU.")
    return "first" if word == "first" else "highest"


def _name_one(action: Action) -> str:
    word = _WORD.get(action)
    return (
        f"{action.value.replace('_', ' ').capitalize()} needs vCPU IDs: one such as 5, or several such as 5,7"
        + (f", or {word}." if word else "; first and highest go with add and remove only.")
    )


def _ids(part: object) -> list[int]:
    if isinstance(part, int) and not isinstance(part, bool):
        if not 0 <= part < cpulist.MAX_SLOTS:
            raise _invalid(
                f"vCPU {str(part)[:20]} is out of range: IDs go from 0 to {cpulist.MAX_SLOTS - 1}."
            )
        return [part]
    if not isinstance(part, str):
        raise _invalid("A vCPU ID is a whole number, such as 5.")
    ids: list[int] = []
    for piece in part.split(","):
        try:
            found = sorted(cpulist.load(piece))
        except ValueError as error:
            raise _invalid(str(error)) from error
        if not found:
            raise _invalid("Name a vCPU: an ID such as 5, several such as 5,7, first or highest.")
        ids.extend(found)
    return ids


def _invalid(sentence: str) -> RequestRefused:
    return RequestRefused(Reason.INVALID_REQUEST, sentence)
