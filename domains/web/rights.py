"""What somebody's grants come to, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User

from domains.models import Grant, Role
from domains.models.grant import (
    AUDITING,
    CHANGING,
    SEEING,
    domains_changed_by,
    domains_seen_by,
)
from domains.models.scope import EVERY_GUEST

EVERYTHING = "every guest, also those still to come"
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Right:
    """One kind of right, and how far it goes."""

    what: str
    words: str


def rights_of(user: User, grants: Iterable[Grant]) -> list[Right]:
    """Say what a person may do by these grants, whoever holds them. Counts guests, in two queries."""
    held = [*grants, Grant(role=Role.ADMINISTRATOR)] if user.is_superuser else list(grants)
    auditing = [grant for grant in held if grant.role in AUDITING]
    whole = any(grant.on_everything for grant in auditing)
    history = "all of it, sign-ins, roles, tokens and hosts included"
    administers = any(grant.on_everything and grant.role == Role.ADMINISTRATOR for grant in held)
    return [
        Right("Sees", _reach(held, SEEING) + _count(domains_seen_by(user).filter(gone_at=None).count())),
        Right(
            "Changes", _reach(held, CHANGING) + _count(domains_changed_by(user).filter(gone_at=None).count())
        ),
        Right("History", history if whole else "what is about these guests, and their own deeds"),
        Right("Exports", "what they see of the history" if auditing else NOTHING),
        Right("Administers", "people, roles and hosts" if administers else NOTHING),
    ]


def _reach(grants: Iterable[Grant], roles: tuple[Role, ...]) -> str:
    fitting = [grant for grant in grants if grant.role in roles]
    if any(grant.on_everything for grant in fitting):
        return EVERYTHING
    return "; ".join(dict.fromkeys(_guests(grant) for grant in fitting)) or NOTHING


def _guests(grant: Grant) -> str:
    named = "every guest" if grant.pattern == EVERY_GUEST else f"guests named {grant.pattern}"
    return f"{named} on {grant.host}" if grant.host else named


def _count(number: int) -> str:
    return f" ({number} now)" if number else ""
