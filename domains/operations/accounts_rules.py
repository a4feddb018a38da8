"""Deeds about people: who may do them, and that whoever does one can also do the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.contrib.auth.models import AbstractBaseUser, User
from django.db import transaction

from domains.history import ledger
from domains.models import Role
from domains.models.grant import administrators, is_administrator
from domains.models.revision import next_revision
from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.operations.text import storable, visible
from domains.vcpu.reasons import Reason

NAME_LENGTH = 150  # Django's, of users and groups
Record = Callable[..., None]


class Misfit(RequestRefused):
    """What was typed into one ``field`` makes no sense."""

    def __init__(self, field: str, message: str, code: Reason = Reason.INVALID_REQUEST) -> None:
        super().__init__(code, message)
        self.field = field


@contextmanager
def administering(actor: Actor) -> Iterator[Record]:
    """Do something about people as one transaction; ``record(kind, **facts)`` keeps its entries for the end.

    Such deeds come one after another, and each leaves its actor an administrator: so there always is one, also
    where two try to be rid of each other in the same moment. The command line, which is the way back in, is not
    bound by that. Raises :class:`RequestRefused` (``not_permitted``).
    """
    entries: list[tuple[str, dict[str, object]]] = []

    def record(kind: str, **facts: object) -> None:
        entries.append((kind, facts))

    with transaction.atomic():
        next_revision()  # its row is locked by now, which makes the others wait
        if not _administers(actor):
            raise RequestRefused(
                Reason.NOT_PERMITTED,
                "People, groups and roles are changed by administrators of everything; ask one of them.",
            )
        yield record
        if actor.user and not _administers(actor):
            raise RequestRefused(Reason.NOT_PERMITTED, _locked_out(actor.user))
        for kind, facts in entries:
            ledger.append(kind, {**actor.told(), "host": None, **facts})


def checked_name(name: str, what: str) -> str:
    """Give a name without the space around it. Raises :class:`Misfit` for one that nobody could read."""
    name = name.strip()
    if not name or len(name) > NAME_LENGTH or not (storable(name) and name.isprintable() and visible(name)):
        raise Misfit("name", f"Give the {what} a name of 1 to {NAME_LENGTH} printable characters.")
    return name


def _administers(actor: Actor) -> bool:
    if actor.user is None:
        return True
    now = User.objects.filter(pk=actor.user.pk).first()
    return now is not None and actor.limit in ("", Role.ADMINISTRATOR) and is_administrator(now)


def _locked_out(user: AbstractBaseUser) -> str:
    others = administrators().exclude(pk=user.pk).exists()
    advice = (
        "let another administrator do it"
        if others
        else "you are the only one here, so make somebody else an administrator of everything first"
    )
    return f"That would end your own rights as an administrator: {advice}. Nothing was changed."
