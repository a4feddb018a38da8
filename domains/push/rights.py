"""Ending streams at once when somebody signs out or rights change: such news goes the way of all other."""

from __future__ import annotations

import hashlib

from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db.models.signals import m2m_changed, post_delete, post_save

from domains.models import Grant
from domains.push.stream import publish

EVERYBODY = "rights:all"
SESSION = "session:"


def session_key(session: str) -> str:
    """Name a session in the stream without giving it away."""
    return SESSION + hashlib.sha256(session.encode()).hexdigest()[:32]


def watch() -> None:
    """Announce from now on in this process when sessions end and rights change."""
    person = get_user_model()
    post_delete.connect(_session_ended, sender=Session, dispatch_uid="push")
    for signal in (post_save, post_delete):
        signal.connect(_rights_changed, sender=Grant, dispatch_uid="push")
        signal.connect(_rights_changed, sender=person, dispatch_uid="push")
    m2m_changed.connect(_rights_changed, sender=person.groups.through, dispatch_uid="push")


def _session_ended(instance: Session, **_: object) -> None:
    publish(session_key(instance.session_key), 0)


def _rights_changed(update_fields: frozenset[str] | None = None, **_: object) -> None:
    if update_fields != frozenset({"last_login"}):  # which every sign-in sets
        publish(EVERYBODY, 0)
