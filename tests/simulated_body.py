"""One simulated domain as it is stored: plain JSON, and what is done to it."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from typing import Any

from domains.vcpu.slots import Side, SlotMap

Body = dict[str, Any]


def slots_of(body: Body, side: Side) -> SlotMap | None:
    """Read one side of a body."""
    value = body[side.value]
    return None if value is None else SlotMap.from_json(value)


def change(body: Body, ids: frozenset[int], present: bool, side: Side) -> None:
    """Write a change of one side; what was added can be removed again."""
    slots = slots_of(body, side)
    if slots is None:
        return
    now = slots.present | ids if present else slots.present - ids
    removable = slots.removable | ids if present else slots.removable - ids
    body[side.value] = SlotMap(slots.maximum, now, removable).to_json()


def emit(db: sqlite3.Connection, known: str, kind: str, detail: Body) -> None:
    """Leave an event for whoever has subscribed."""
    db.execute("INSERT INTO event (uuid, kind, detail) VALUES (?, ?, ?)", (known, kind, json.dumps(detail)))


def pause_between(low: float, high: float) -> None:
    """Sleep for a random time."""
    if high > 0:
        time.sleep(random.uniform(low, high))  # noqa: S311
