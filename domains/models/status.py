"""The states of operations and effects, and how the one follows from the others."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models


class Status(models.TextChoices):
    """Where an operation stands."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    UNCONFIRMED = "unconfirmed"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


class EffectState(models.TextChoices):
    """Where one effect stands."""

    PENDING = "pending"
    APPLYING = "applying"
    WAITING = "waiting"
    UNCONFIRMED = "unconfirmed"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


FINAL = (Status.SUCCEEDED, Status.PARTIAL, Status.FAILED, Status.CANCELLED)
OPEN = (EffectState.PENDING, EffectState.APPLYING, EffectState.WAITING)


def status_of(states: Iterable[str], *, held: bool, asking: bool = False) -> Status:
    """Compute an operation's status from its effects' states.

    ``held`` says that a worker has the operation, or has handed it to the next one: work that is still to
    do is then *running*, and *queued* otherwise. ``asking`` makes such work of what is waited for: it is to be
    asked for once more. An operation all of whose effects were skipped changed nothing and has failed; a
    skipped effect beside a done one does not spoil it.
    """
    seen = set(states)
    again = asking and EffectState.WAITING in seen
    if EffectState.APPLYING in seen or EffectState.PENDING in seen or again:
        return Status.RUNNING if held else Status.QUEUED
    if EffectState.WAITING in seen:
        return Status.WAITING
    if EffectState.UNCONFIRMED in seen:
        return Status.UNCONFIRMED
    if EffectState.DONE not in seen:
        return Status.FAILED
    return Status.PARTIAL if EffectState.FAILED in seen else Status.SUCCEEDED
