"""Whose sessions they are: many at once, for streams, where Django looks up one for each request."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from domains.operations.text import storable


def signed_in(sessions: Collection[str]) -> dict[str, User]:
    """Find who is signed in by each session; whose is nobody's is left out. Two queries.

    Checks what a request checks: that the session lives, that the password has not changed since, and that the
    person is active.
    """
    living = Session.objects.filter(
        session_key__in=filter(storable, sessions), expire_date__gt=timezone.now()
    )
    held = {one.session_key: SessionStore().decode(one.session_data) for one in living}
    keys = {key: int(data[SESSION_KEY]) for key, data in held.items() if SESSION_KEY in data}
    users = User.objects.filter(is_active=True).in_bulk(set(keys.values()))
    return {
        key: users[user] for key, user in keys.items() if user in users and _proves(held[key], users[user])
    }


def _proves(data: Mapping[str, Any], user: User) -> bool:
    """Whether a session was begun by a way of signing in that still holds, with the password of today."""
    proof = data.get(HASH_SESSION_KEY, "")
    today = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return data.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS and any(
        constant_time_compare(proof, one) for one in today
    )
