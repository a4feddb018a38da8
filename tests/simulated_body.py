"""One simulated domain as it is stored: plain JSON, and what is done to it."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from typing import Any

from domains.vcpu.slots import Side, SlotMap
from tests import simulated_guest

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
    put(body, side, SlotMap(slots.maximum, now, removable))


def put(body: Body, side: Side, slots: SlotMap) -> None:
    """Write one side; a running guest's kernel notices what came and went."""
    before = slots_of(body, side)
    body[side.value] = slots.to_json()
    if before is not None and side is Side.LIVE:
        simulated_guest.notice(body, slots.present - before.present, before.present - slots.present)


def new(name: str, slots: SlotMap, **described: Any) -> Body:
    """Give a domain that was never started, with the same slots on both sides once it is."""
    return {
        "name": name,
        "state": "shut off",
        "live": None,
        "config": slots.to_json(),
        "id": None,
        "started": None,
        "guest": "cooperates",
        "guest_delay": 0.0,
        "brings_online": True,
        "cpus": {},
        "offline": [],
        "unmarked": "",
        "agent_hangs": False,
        "pending": [],
        "later": [],
        "busy_until": 0.0,
        "lose": [],
    } | described


def emit(db: sqlite3.Connection, known: str, kind: str, detail: Body) -> None:
    """Leave an event for whoever has subscribed."""
    db.execute("INSERT INTO event (uuid, kind, detail) VALUES (?, ?, ?)", (known, kind, json.dumps(detail)))


def pause_between(low: float, high: float) -> None:
    """Sleep for a random time."""
    if high > 0:
        time.sleep(random.uniform(low, high))  # noqa: S311
