"""Roles as an administrator gives and takes them, of people and of groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from django.contrib.auth.models import Group, User

from domains.history import ledger
from domains.models import Grant, Host, Role
from domains.models.scope import EVERY_GUEST
from domains.operations.accounts import known_user, new_account
from domains.operations.accounts_groups import known_group, new_group
from domains.operations.accounts_rules import Misfit, administering
from domains.operations.actor import Actor
from domains.operations.text import storable
from domains.vcpu.reasons import Reason

PATTERN_LENGTH = 255


class Holder(TypedDict, total=False):
    """Whose a grant is: one of the two."""

    user: User
    group: Group


@dataclass(frozen=True, slots=True)
class Given:
    """A role that was given: ``new`` if its holder did not have it, ``made`` if its holder was made for it.

    ``password`` is that of an account that was made.
    """

    grant: Grant
    new: bool
    made: bool
    password: str = ""


def give_role(
    *,
    actor: Actor,
    name: str,
    role: str,
    host: Host | None = None,
    pattern: str = EVERY_GUEST,
    group: bool = False,
) -> Given:
    """Give a person, or a ``group``, a role, making it where there is none. One that is held already stays as it is.

    Raises :class:`RequestRefused`: for a name that none can have, an unknown role, a pattern that fits nothing.
    """
    with administering(actor) as record:
        _check(role, pattern)
        holder, made, password = _holder(name, group=group)
        grant, new = Grant.objects.get_or_create(**holder, role=role, host=host, pattern=pattern)
        if made and grant.group:
            record("group_made", group=grant.group.name)
        if new:
            about = {} if group else {"new_account": made}
            record("granted", **_facts(grant), **about)
    return Given(grant, new, made, password)


def take_role(
    *,
    actor: Actor,
    name: str,
    role: str,
    host: Host | None = None,
    pattern: str = EVERY_GUEST,
    group: bool = False,
) -> None:
    """Take a role away as it was given. Raises :class:`RequestRefused` where its holder does not have it so."""
    with administering(actor) as record:
        holder: Holder = {"group": known_group(name)} if group else {"user": known_user(name)}
        mine = Grant.objects.filter(**holder).select_related("user", "group", "host")
        found = mine.filter(role=role, host=host, pattern=pattern).first()
        if found is None:
            others = "; ".join(str(grant) for grant in mine) or "no role"
            raise Misfit("role", f"{name} does not have that role there. What {name} has: {others}.")
        found.delete()
        record("revoked", **_facts(found))


def revoked(actor: Actor, grant: Grant) -> None:
    """Append the end of a grant; to be called in the transaction that deletes it."""
    ledger.append("revoked", {**actor.told(), **_facts(grant)})


def named_host(slug: str) -> Host:
    """Find a host that a role is to be given on. Raises :class:`Misfit` (``host_not_found``)."""
    host = Host.objects.filter(slug=slug).first() if storable(slug) else None
    if host is None:
        words = f"There is no host “{slug[:100]}”; a role without a host covers all of them."
        raise Misfit("host", words, Reason.HOST_NOT_FOUND)
    return host


def _check(role: str, pattern: str) -> None:
    if role not in list(Role):
        raise Misfit("role", f"“{role[:40]}” is no role; choose one of: {', '.join(Role)}.")
    if not pattern or len(pattern) > PATTERN_LENGTH or not pattern.isprintable():
        raise Misfit(
            "pattern",
            f"A pattern has 1 to {PATTERN_LENGTH} printable characters, such as “web*”; “*” is every guest.",
        )


def _holder(name: str, *, group: bool) -> tuple[Holder, bool, str]:
    """Find the holder of that name, or make it: whether it was made, and a new account's password."""
    if group:
        found = Group.objects.filter(name=name).first() if storable(name) else None
        return {"group": found or new_group(name)}, found is None, ""
    user = User.objects.filter(username=name).first() if storable(name) else None
    if user:
        return {"user": user}, False, ""
    user, password = new_account(name)
    return {"user": user}, True, password


def _facts(grant: Grant) -> dict[str, object]:
    holder = {"user": grant.user.get_username()} if grant.user else {"group": str(grant.group)}
    host = grant.host.slug if grant.host else None
    return {**holder, "role": grant.role, "host": host, "pattern": grant.pattern}
