"""Making, revoking and recognising API tokens."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q

from domains.history import ledger
from domains.models import Role, Token
from domains.models.grant import roles_of
from domains.models.revision import next_revision
from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.operations.signing_in import Failure, record_failure
from domains.vcpu.reasons import Reason

DAYS = 90
MOST_DAYS = 366
NAME_LENGTH = 100
PREFIX_LENGTH = 8
_FORM = re.compile("[0-9a-f]{64}")
_USED_EVERY = timedelta(minutes=1)
_UNDER = {
    Role.VIEWER: {Role.VIEWER},
    Role.OPERATOR: {Role.VIEWER, Role.OPERATOR},
    Role.AUDITOR: {Role.VIEWER, Role.AUDITOR},
    Role.ADMINISTRATOR: set(Role),
}


def roles_for(user: AbstractBaseUser) -> list[Role]:
    """Give the roles to which the user may limit a token: none that is higher than their own."""
    allowed = set().union(*(_UNDER[Role(role)] for role in roles_of(user)))
    return [role for role in Role if role in allowed]


def make_token(
    *, actor: Actor, user: AbstractBaseUser, name: str, role: str = "", days: int = DAYS
) -> tuple[Token, str]:
    """Make a token for ``user`` that lasts ``days``, limited to ``role`` unless that is empty.

    Returns it with its secret, 64 hexadecimal digits that exist nowhere else. Raises :class:`RequestRefused`
    (``invalid_request``, ``not_permitted``).
    """
    name = name.strip()
    secret = secrets.token_hex(32)
    now = datetime.now(UTC)
    with transaction.atomic():
        next_revision()  # a second click waits for this, and finds the name taken
        _check(user, name, role, days)
        token = Token.objects.create(
            user_id=user.pk,
            name=name,
            prefix=secret[:PREFIX_LENGTH],
            digest=_digest(secret),
            role=role,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        _record("token_made", actor, user, token)
    return token, secret


def revoke_token(*, actor: Actor, token: Token) -> None:
    """End a token for good, now. One that is revoked already stays as it is."""
    with transaction.atomic():
        now = datetime.now(UTC)
        if Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
            token.revoked_at = now
            _record("token_revoked", actor, token.user, token)


def recognise(secret: str, *, address: str) -> Token:
    """Find the usable token with this secret, and note that it was used (once a minute at most).

    Raises :class:`RequestRefused` with status 401, which says whether it is unknown, revoked or expired, or
    whether its owner's account is switched off. That is written down as a failed sign-in from ``address``.
    """
    token = Token.objects.select_related("user").filter(digest=_digest(secret)).first()
    if token is None:
        prefix = secret[:PREFIX_LENGTH] if _FORM.fullmatch(secret) else None
        message = "Unknown token: it is misspelt, or it was never made here."
        record_failure(Failure("api", address, message, prefix=prefix))
        raise unauthorised(message)
    if message := _unusable(token):
        owner = token.user.get_username()
        record_failure(Failure("api", address, message, actor=owner, token=token.name, prefix=token.prefix))
        raise unauthorised(message)
    _used(token)
    return token


def _unusable(token: Token) -> str:
    """Say why a token opens nothing; empty if it does."""
    if token.revoked_at is not None:
        return f"The token “{token.name}” was revoked on {token.revoked_at:%Y-%m-%d}; use another."
    if token.state == "expired":
        return f"The token “{token.name}” expired on {token.expires_at:%Y-%m-%d}; make a new one."
    if not token.user.is_active:
        return f"The account that the token “{token.name}” belongs to is switched off; ask an administrator."
    return ""


def unauthorised(message: str) -> RequestRefused:
    """Give the refusal of a request that says not, or not rightly, who makes it."""
    return RequestRefused(Reason.NOT_PERMITTED, message, http_status=401)


def _check(user: AbstractBaseUser, name: str, role: str, days: int) -> None:
    if not name or len(name) > NAME_LENGTH or not name.isprintable():
        raise _invalid(f"Name the token with 1 to {NAME_LENGTH} printable characters: what will use it?")
    if not 1 <= days <= MOST_DAYS:
        raise _invalid(f"A token lasts 1 to {MOST_DAYS} days.")
    if role and role not in list(Role):
        raise _invalid(f"“{role[:40]}” is no role; choose one of: {', '.join(Role)}.")
    if role and role not in roles_for(user):
        raise RequestRefused(
            Reason.NOT_PERMITTED,
            f"{user.get_username()} does not have the role {role}; a token can have no higher one than its owner.",
        )
    usable = Token.objects.filter(user=user.pk, name=name, revoked_at=None, expires_at__gt=datetime.now(UTC))
    if usable.exists():
        raise _invalid(
            f"{user.get_username()} has a token “{name}” already; choose another name, or revoke it."
        )


def _invalid(sentence: str) -> RequestRefused:
    return RequestRefused(Reason.INVALID_REQUEST, sentence)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", errors="replace")).hexdigest()


def _used(token: Token) -> None:
    """Note the use, without a write for every request of a busy script."""
    now = datetime.now(UTC)
    if token.last_used_at is None or token.last_used_at < now - _USED_EVERY:
        due = Q(last_used_at=None) | Q(last_used_at__lt=now - _USED_EVERY)
        Token.objects.filter(due, pk=token.pk).update(last_used_at=now)


def _record(kind: str, actor: Actor, user: AbstractBaseUser, token: Token) -> None:
    ledger.append(
        kind,
        {
            **actor.told(),
            "host": None,
            "user": user.get_username(),
            "token": token.name,
            "prefix": token.prefix,
            "role": token.role or None,
            "expires": ledger.timestamp(token.expires_at),
        },
    )
