"""The form with which a role is given to a person or a group, and the one with which it is taken."""

from __future__ import annotations

from django.db.models import Q
from django.http import QueryDict

from domains.models import Grant
from domains.operations.accounts_roles import give_role, named_host, take_role
from domains.operations.accounts_rules import Misfit
from domains.operations.actor import Actor
from domains.web.numbers import read_number


def give(actor: Actor, form: QueryDict, *, name: str, group: bool = False) -> None:
    """Give the ``role`` on the ``host``, empty for all, for guests that fit the ``pattern``.

    Raises :class:`RequestRefused`.
    """
    slug = form.get("host", "")
    host = named_host(slug) if slug else None
    role, pattern = form.get("role", ""), form.get("pattern", "").strip()
    give_role(actor=actor, name=name, role=role, host=host, pattern=pattern, group=group)


def take(actor: Actor, form: QueryDict, *, name: str, group: bool = False) -> None:
    """Take the role that the ``grant`` of this number gives. Raises :class:`RequestRefused`."""
    holder = Q(group__name=name) if group else Q(user__username=name)
    number = read_number(form.get("grant", "")) or 0
    grant = Grant.objects.filter(holder, pk=number).select_related("host").first()
    if grant is None:
        raise Misfit("grant", f"{name} does not have that role any more.")
    take_role(actor=actor, name=name, role=grant.role, host=grant.host, pattern=grant.pattern, group=group)
