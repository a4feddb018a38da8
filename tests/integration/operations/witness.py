"""A witness inside the database: triggers that note every change of an operation's or effect's state.

It shares nothing with the code that writes entries, and misses nothing that reaches the database. What it saw is
held against the history in the end: each change stands in the operation's next entry, alone or with what was written
in the same transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from domains.models import HistoryEntry

_INSERT = """INSERT INTO witness (operation, effect, before, after, head)
VALUES ({values}, (SELECT COALESCE(MAX(seq), 0) FROM domains_historyentry));"""
_WATCHED = {
    "operation": ("status", _INSERT.format(values="NEW.id, '', OLD.status, NEW.status")),
    "effect": (
        "state",
        _INSERT.format(
            values="NEW.operation_id, NEW.vcpu || ' ' || NEW.side || ' ' || NEW.target, OLD.state, NEW.state"
        ),
    ),
}
_TABLE = "CREATE TABLE witness (number {number}, operation BIGINT, effect TEXT, before TEXT, after TEXT, head BIGINT)"
_NUMBER = {
    "sqlite": "INTEGER PRIMARY KEY",
    "postgresql": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
}
_TRIGGER = {
    "sqlite": """CREATE TRIGGER witness_{what} AFTER UPDATE OF {column} ON domains_{what}
WHEN OLD.{column} <> NEW.{column} BEGIN {insert} END""",
    "postgresql": """CREATE FUNCTION witness_{what}() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN {insert} RETURN NULL; END $$;
CREATE TRIGGER witness_{what} AFTER UPDATE OF {column} ON domains_{what} FOR EACH ROW
WHEN (OLD.{column} <> NEW.{column}) EXECUTE FUNCTION witness_{what}()""",
}
# A promise to call is no outcome: it is written before the call so that the call can be told from others' doing.
PROMISED = "applying"


@dataclass(frozen=True, slots=True)
class Change:
    """One state that became another; ``effect`` is empty for the operation itself. ``head`` was the last entry then."""

    operation: int
    effect: str
    before: str
    after: str
    head: int


def install() -> None:
    """Have the database note what happens in it from now on."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLE.format(number=_NUMBER[connection.vendor]))
        for what, (column, insert) in _WATCHED.items():
            cursor.execute(_TRIGGER[connection.vendor].format(what=what, column=column, insert=insert))


def changes() -> Iterator[Change]:
    """Give what was seen, in its order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT operation, effect, before, after, head FROM witness ORDER BY number")
        yield from (Change(*row) for row in cursor.fetchall())


def check_told() -> int:
    """Fail for a change that the history does not tell. Gives the number of those it tells."""
    entries: dict[int, list[tuple[int, dict[str, str]]]] = {}
    for entry in HistoryEntry.objects.filter(operation__isnull=False).order_by("seq"):
        entries.setdefault(entry.operation, []).append((entry.seq, _states(json.loads(entry.body))))
    open_changes: dict[tuple[int, str], list[Change]] = {}
    for change in changes():
        open_changes.setdefault((change.operation, change.effect), []).append(change)
    told = 0
    for (operation, effect), seen in open_changes.items():
        told += _check(seen, entries.get(operation, []), f"operation {operation} {effect}")
    return told


def _check(seen: list[Change], entries: list[tuple[int, dict[str, str]]], who: str) -> int:
    waiting, told = list(seen), 0
    for seq, states in entries:
        mine = [change for change in waiting if change.head < seq]
        waiting = waiting[len(mine) :]
        if mine:
            effect = mine[0].effect
            assert states.get(effect) == mine[-1].after, f"{who}: entry {seq} does not say {mine[-1]}"
            outcomes = {change.head for change in mine if change.after != PROMISED}
            assert len(outcomes) <= 1, f"{who}: entry {seq} is one for several changes: {mine}"
            told += len(mine)
    left = [change for change in waiting if change.after != PROMISED]
    assert not left, f"{who}: never told: {left}"
    return told


def _states(body: dict) -> dict[str, str]:
    effects = {f"{one['vcpu']} {one['side']} {one['target']}": one["state"] for one in body["effects"]}
    return {"": body["status"], **effects}
