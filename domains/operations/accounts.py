"""Accounts and roles as an administrator changes them; each change stands in the history with what it did."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from domains.history import ledger
from domains.models import Grant, Host
from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.operations.text import storable
from domains.vcpu.reasons import Reason

SUPERUSER = "superuser"  # what entries call the role of an account that may do everything
EVERY_GUEST = "*"


@dataclass(frozen=True, slots=True)
class Given:
    """A role that was given. ``password`` is that of the account if it had to be made, ``new`` whether anything changed."""

    grant: Grant
    user: AbstractBaseUser
    new: bool
    password: str = ""


def give_role(
    *, actor: Actor, name: str, role: str, host: Host | None = None, pattern: str = EVERY_GUEST
) -> Given:
    """Give a person a role, making the account where there is none. A role that they have already stays as it is.

    Raises :class:`RequestRefused` (``invalid_request``) for a name that no account can have.
    """
    with transaction.atomic():
        user, password = _account(name)
        grant, new = Grant.objects.get_or_create(user_id=user.pk, role=role, host=host, pattern=pattern)
        if new:
            _record("granted", actor, name, role, host=host, pattern=pattern, new_account=bool(password))
    return Given(grant, user, new, password)


def take_role(
    *, actor: Actor, name: str, role: str, host: Host | None = None, pattern: str = EVERY_GUEST
) -> None:
    """Take a role away as it was given. Raises :class:`RequestRefused` where the person does not have it so."""
    with transaction.atomic():
        mine = Grant.objects.filter(user__username=name)
        found = mine.filter(role=role, host=host, pattern=pattern).first()
        if found is None:
            others = "; ".join(str(grant) for grant in mine.select_related("host")) or "no role"
            raise _invalid(f"{name} does not have that role there. What {name} has: {others}.")
        found.delete()
        revoked(actor, found)


def revoked(actor: Actor, grant: Grant) -> None:
    """Append the end of a grant; to be called in the transaction that deletes it."""
    holder = grant.user or grant.group
    kind = "user" if grant.user else "group"
    _record("revoked", actor, str(holder), grant.role, host=grant.host, pattern=grant.pattern, holder=kind)


def make_superuser(*, actor: Actor, name: str, password: str) -> None:
    """Make an account that may do everything."""
    with transaction.atomic():
        User.objects.create_superuser(name, password=password)
        _record("granted", actor, name, SUPERUSER, new_account=True)


def change_password(*, actor: Actor, name: str, password: str) -> None:
    """Give a person another password, which signs them out everywhere.

    Raises :class:`RequestRefused` (``invalid_request``) for an unknown name and a password that is too weak.
    """
    with transaction.atomic():
        user = get_user_model().objects.filter(username=name).first() if storable(name) else None
        if user is None:
            raise _invalid(f"There is no user “{name[:150]}”.")
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise _invalid(" ".join(error.messages)) from error
        user.set_password(password)
        user.save(update_fields=["password"])
        ledger.append("password_changed", {**actor.told(), "host": None, "user": user.get_username()})


def _account(name: str) -> tuple[AbstractBaseUser, str]:
    """Give the account of that name, and its password if it was made just now."""
    user = User.objects.filter(username=name).first() if storable(name) else None
    if user:
        return user, ""
    password = secrets.token_urlsafe(12)
    user = User(username=name)
    user.set_password(password)
    try:
        user.full_clean()
    except ValidationError as error:
        raise _invalid(" ".join(error.messages)) from error
    user.save()
    return user, password


def _record(
    kind: str,
    actor: Actor,
    name: str,
    role: str,
    *,
    host: Host | None = None,
    pattern: str = EVERY_GUEST,
    holder: str = "user",
    **more: object,
) -> None:
    about = {holder: name, "role": role, "host": host.slug if host else None, "pattern": pattern}
    ledger.append(kind, {**actor.told(), **about, **more})


def _invalid(sentence: str) -> RequestRefused:
    return RequestRefused(Reason.INVALID_REQUEST, sentence)
