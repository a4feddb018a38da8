"""Accounts as an administrator makes them, switches them off and on, and gives them other passwords."""

from __future__ import annotations

import secrets

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError

from domains.models import clock
from domains.operations.accounts_rules import Misfit, administering
from domains.operations.actor import Actor
from domains.operations.text import storable

SUPERUSER = "superuser"  # what entries call the role of an account that may do everything


def make_account(*, actor: Actor, name: str, password: str | None = None) -> tuple[User, str]:
    """Make an account that has no role yet; gives it with its password, which is made up where none is given.

    Raises :class:`Misfit` for a name that is taken or that no account can have, and a password that is too weak.
    """
    with administering(actor) as record:
        user, password = new_account(name, password)
        record("account_made", user=user.username)
    return user, password


def new_account(name: str, password: str | None = None) -> tuple[User, str]:
    """Store an account; to be called in the transaction that writes it down. Raises :class:`Misfit`."""
    user = User(username=name.strip())
    if storable(name) and (taken := User.objects.filter(username__iexact=user.username).first()):
        raise Misfit("name", f"There is an account “{taken.username}” already; case makes no difference.")
    password = _set_password(user, password)
    try:
        user.full_clean()
    except ValidationError as error:
        raise Misfit("name", " ".join(error.messages)) from error
    user.save()
    return user, password


def make_superuser(*, actor: Actor, name: str, password: str) -> None:
    """Make an account that may do everything."""
    with administering(actor) as record:
        User.objects.create_superuser(name, password=password)
        record("granted", user=name, role=SUPERUSER, pattern="*", new_account=True)


def change_password(*, actor: Actor, name: str, password: str | None = None) -> str:
    """Give a person another password, made up where none is given, which signs them out everywhere.

    Returns it. Raises :class:`Misfit` for an unknown name and a password that is too weak.
    """
    with administering(actor) as record:
        user = known_user(name)
        password = _set_password(user, password)
        user.save(update_fields=["password"])
        record("password_changed", user=user.username)
    return password


def switch_account(*, actor: Actor, name: str, on: bool) -> bool:
    """Switch an account off, which ends its sessions and keeps its tokens from opening anything, or on again.

    Says whether it was otherwise before. Raises :class:`RequestRefused`.
    """
    with administering(actor) as record:
        user = known_user(name)
        if user.is_active == on:
            return False
        user.is_active = on
        user.save(update_fields=["is_active"])
        # On switching on, too: somebody may have been signing in while it was switched off.
        _end_sessions(user)
        record("account_switched_on" if on else "account_switched_off", user=user.username)
    return True


def known_user(name: str) -> User:
    """Find an account by its exact name. Raises :class:`Misfit`."""
    user = User.objects.filter(username=name).first() if storable(name) else None
    if user is None:
        raise Misfit("user", f"There is no user “{name[:150]}”.")
    return user


def _set_password(user: User, password: str | None) -> str:
    if password is None:
        password = secrets.token_urlsafe(12)
    else:
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise Misfit("password", " ".join(error.messages)) from error
    user.set_password(password)
    return password


def _end_sessions(user: AbstractBaseUser) -> None:
    """Remove a person's sessions, so that none comes to life again with the account; only decoded they say whose."""
    for session in Session.objects.filter(expire_date__gt=clock.now()).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            session.delete()
