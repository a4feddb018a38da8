"""Groups as an administrator makes, renames, fills and removes them; what a group holds, all its members hold."""

from __future__ import annotations

from django.contrib.auth.models import Group, User

from domains.models import Grant
from domains.operations.accounts import known_user
from domains.operations.accounts_rules import Misfit, administering, checked_name
from domains.operations.actor import Actor
from domains.operations.text import storable


def make_group(*, actor: Actor, name: str) -> Group:
    """Make a group without members. Raises :class:`Misfit` for a name that is taken or cannot be read."""
    with administering(actor) as record:
        group = new_group(name)
        record("group_made", group=group.name)
    return group


def new_group(name: str, group: Group | None = None) -> Group:
    """Store a group, or another name of one; to be called in the transaction that writes it down."""
    group = group or Group()
    name = checked_name(name, "group")
    if taken := Group.objects.filter(name__iexact=name).exclude(pk=group.pk).first():
        raise Misfit("name", f"There is a group “{taken.name}” already; case makes no difference.")
    group.name = name
    group.save()
    return group


def rename_group(*, actor: Actor, name: str, new_name: str) -> Group:
    """Give a group another name. Raises :class:`Misfit`."""
    with administering(actor) as record:
        group = known_group(name)
        if group.name != new_name.strip():
            new_group(new_name, group)
            record("group_renamed", group=group.name, renamed_from=name)
    return group


def remove_group(*, actor: Actor, name: str) -> None:
    """Remove a group, and with it the roles that its members held by it. Raises :class:`RequestRefused`."""
    with administering(actor) as record:
        group = known_group(name)
        members = list(group.user_set.order_by("username").values_list("username", flat=True))
        for grant in Grant.objects.filter(group=group).select_related("host"):
            where = {"host": grant.host.slug if grant.host else None, "pattern": grant.pattern}
            record("revoked", group=name, role=grant.role, **where)
        group.delete()
        record("group_removed", group=name, members=members)


def join_group(*, actor: Actor, user: str, group: str) -> bool:
    """Make a person a member. Says whether they were none before. Raises :class:`Misfit`."""
    return _put(actor, user, group, within=True)


def leave_group(*, actor: Actor, user: str, group: str) -> bool:
    """End a person's membership. Says whether they were a member. Raises :class:`RequestRefused`."""
    return _put(actor, user, group, within=False)


def known_group(name: str) -> Group:
    """Find a group by its exact name. Raises :class:`Misfit`."""
    group = Group.objects.filter(name=name).first() if storable(name) else None
    if group is None:
        raise Misfit("group", f"There is no group “{name[:150]}”.")
    return group


def _put(actor: Actor, user: str, group: str, *, within: bool) -> bool:
    with administering(actor) as record:
        person, of = known_user(user), known_group(group)
        if User.objects.filter(pk=person.pk, groups=of).exists() == within:
            return False
        (person.groups.add if within else person.groups.remove)(of)
        record("group_joined" if within else "group_left", user=person.username, group=of.name)
    return True
