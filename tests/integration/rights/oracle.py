"""The rules of docs/rights.md once more, in plain Python and without the product's queries."""

from __future__ import annotations

from enum import StrEnum
from fnmatch import fnmatchcase

from tests.integration.rights.world import GUESTS, STRANGER, Given, Guest, Person


class Right(StrEnum):
    """What a door asks of whoever comes."""

    NONE = "none"
    MEMBER = "to be signed in"
    SEE = "to see the guest"
    CHANGE = "to change the guest"
    EXPORT = "to be an auditor or administrator of anything"
    HISTORY = "to be an auditor or administrator of everything"
    FIGURES = "the same, and whoever has it not is told so"
    ADMINISTER = "to be an administrator of everything"
    OWN = "that it is one's own, which what is tried here never is"


class Answer(StrEnum):
    """What a door says."""

    YES = "yes"
    NO = "refused"
    HIDDEN = "not found"
    SIGN_IN = "sign in"


EVERYTHING = (None, "*")


def holds(person: Person, right: Right, guest: Guest | None = None, limit: str = "") -> bool:
    """Say whether somebody has a right, of a guest where it is about one, by a token that is limited to a role."""
    given = [Given("administrator")] if person.superuser else [one for one in person.given if person.active]
    roles = {one.role for one in given}
    whole = {one.role for one in given if (one.host, one.pattern) == EVERYTHING}
    here = {
        one.role
        for one in given
        if guest and one.host in (None, guest.host) and fnmatchcase(guest.name, one.pattern)
    }
    match right:
        case Right.SEE:
            return bool(here)
        case Right.CHANGE:
            return bool(here & {"operator", "administrator"}) and limit in ("", "operator", "administrator")
        case Right.EXPORT:
            return bool(roles & {"auditor", "administrator"})
        case Right.HISTORY | Right.FIGURES:
            return bool(whole & {"auditor", "administrator"}) and limit in ("", "auditor", "administrator")
        case Right.ADMINISTER:
            return "administrator" in whole
        case _:
            return True


def answer(person: Person, right: Right, guest: Guest | None = None, *, limit: str = "") -> Answer:
    """Say what a door that asks for this right answers; what one may not see is answered like what is not there."""
    if right is Right.NONE:
        return Answer.YES
    if person is STRANGER or not person.active:
        return Answer.SIGN_IN
    hidden = (right is Right.HISTORY and not holds(person, right)) or right is Right.OWN
    if hidden or (guest and not holds(person, Right.SEE, guest)):
        return Answer.HIDDEN
    return Answer.YES if holds(person, right, guest, limit) else Answer.NO


def guests_of(person: Person) -> set[str]:
    """Name the guests that somebody sees."""
    return {guest.name for guest in GUESTS if holds(person, Right.SEE, guest)}


def hosts_of(person: Person) -> set[str]:
    """Name the hosts that somebody may know of: those of the guests that they see."""
    return {guest.host for guest in GUESTS if holds(person, Right.SEE, guest)}


def sees_entry(person: Person, guest: Guest | None, by: str | None, limit: str = "") -> bool:
    """Say whether an entry about a guest, or about none, is somebody's to see; one's own deeds always are."""
    if guest:
        return holds(person, Right.SEE, guest)
    return by == person.name or holds(person, Right.HISTORY, limit=limit)
