"""A host that exists in one SQLite file: every process that opens the file sees the same truth.

Its domains obey QEMU's rules (``tests.qemu_rules``, compared with real guests in ``tests/contract``), and its guests
cooperate, refuse or wait as told.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from domains.vcpu import cpulist
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.topology import Topology
from tests.simulated_body import Body, change, emit, slots_of

SCHEME = "simulated://"
Guest = Literal["cooperates", "refuses", "waits"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS host (body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS domain (uuid TEXT PRIMARY KEY, body TEXT NOT NULL, open INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS call (
    seq INTEGER PRIMARY KEY, at REAL, uuid TEXT, ids TEXT, present INTEGER, side TEXT, executed INTEGER DEFAULT 0
);
CREATE TABLE IF NOT EXISTS event (seq INTEGER PRIMARY KEY, uuid TEXT, kind TEXT, detail TEXT);
"""
_HOST: Body = {
    "reachable": True,
    "specific": True,
    "unplug_timeout": 5.0,
    "lock_wait": 30.0,
    "read_delay": [0.0, 0.0],
    "write_delay": [0.0, 0.0],
    "next_id": 1,
}


@dataclass(frozen=True)
class Call:
    """One change that reached the host: ``executed`` says whether it was carried out (or the guest asked)."""

    at: float
    uuid: str
    ids: frozenset[int]
    present: bool
    side: Side
    executed: bool


class SimulatedHost:
    """The host behind a file; make one wherever it is needed. Safe across threads, forks and processes."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.uri = f"{SCHEME}{self.path}"
        self._local = threading.local()
        with self.transaction() as db:
            if db.execute("SELECT count(*) FROM host").fetchone()[0] == 0:
                db.execute("INSERT INTO host VALUES (?)", (json.dumps(_HOST),))

    # -- domains -------------------------------------------------------------------------------------------

    def add_domain(
        self,
        name: str,
        *,
        maximum: int = 8,
        present: str = "0-1",
        removable: str = "",
        running: bool = True,
        paused: bool = False,
        persistent: bool = True,
        topology: Topology | None = None,
        unit_size: int = 1,
        machine: str = "pc-q35-11.1",
        hotplug: bool = True,
        agent: bool | None = True,
        identity: str | None = None,
    ) -> str:
        """Define a domain whose sides are alike, started if ``running``, and give its UUID."""
        slots = SlotMap(maximum, cpulist.load(present), cpulist.load(removable)).to_json()
        body: Body = {
            "name": name,
            "state": "shut off",
            "live": None,
            "config": slots,
            "topology": (topology or Topology(maximum)).to_json(),
            "unit_size": unit_size,
            "machine": machine,
            "hotplug": hotplug,
            "agent": agent,
            "id": None,
            "started": None,
            "guest": "cooperates",
            "guest_delay": 0.0,
            "pending": [],
            "later": [],
            "busy_until": 0.0,
            "lose": [],
        }
        known = identity or str(uuid.uuid4())
        with self.transaction() as db:
            db.execute("INSERT INTO domain (uuid, body) VALUES (?, ?)", (known, json.dumps(body)))
        if running:
            self.start(known)
        if paused:
            self.pause(known)
        if not persistent:
            self._update(known, config=None)
        return known

    def truth(self, known: str) -> dict[Side, SlotMap | None]:
        """Give both sides as they really are now."""
        with self.transaction() as db:
            body = self.load(db, known)
            return {side: slots_of(body, side) for side in (Side.LIVE, Side.CONFIG)}

    def start(self, known: str) -> None:
        """Boot the guest from its configuration: a new run."""
        with self.transaction() as db:
            body, host = self.load(db, known), self.settings(db)
            body |= {
                "state": "running",
                "live": body["config"],
                "id": host["next_id"],
                "started": time.time(),
            }
            body |= {"pending": [], "busy_until": 0.0}
            self._save_settings(db, host | {"next_id": host["next_id"] + 1})
            self.save(db, known, body)
            emit(db, known, "lifecycle", {"event": 2, "detail": 0})

    def stop(self, known: str) -> None:
        """Stop the guest; a transient domain vanishes with it."""
        with self.transaction() as db:
            body = self.load(db, known)
            if body["config"] is None:
                db.execute("DELETE FROM domain WHERE uuid = ?", (known,))
            else:
                body |= {"state": "shut off", "live": None, "id": None, "started": None, "pending": []}
                self.save(db, known, body)
            emit(db, known, "lifecycle", {"event": 5, "detail": 0})

    def pause(self, known: str) -> None:
        self._update(known, state="paused")

    def resume(self, known: str) -> None:
        """Let a paused guest run on: what it was asked to let go, it lets go now."""
        with self.transaction() as db:
            body = self.load(db, known)
            body["state"] = "running"
            self._release(body)
            self.save(db, known, body)
            emit(db, known, "lifecycle", {"event": 4, "detail": 0})

    def vanish(self, known: str) -> None:
        """Undefine and end the domain."""
        with self.transaction() as db:
            db.execute("DELETE FROM domain WHERE uuid = ?", (known,))
            emit(db, known, "lifecycle", {"event": 1, "detail": 0})

    def rename(self, known: str, name: str) -> None:
        self._update(known, name=name)

    def foreign_set(self, known: str, vcpu: int, present: bool, side: Side) -> None:
        """Change a slot as another tool would: at once, and in no list of calls."""
        with self.transaction() as db:
            body = self.load(db, known)
            change(body, frozenset({vcpu}), present, side)
            self.save(db, known, body)

    # -- faults --------------------------------------------------------------------------------------------

    def guest(self, known: str, behaviour: Guest, *, delay: float = 0.0) -> None:
        """Say how the guest answers a removal; ``delay`` in seconds is how long it takes to let go."""
        self._update(known, guest=behaviour, guest_delay=delay)

    def release(self, known: str) -> None:
        """Let a waiting guest let go of everything that it was asked for."""
        with self.transaction() as db:
            body = self.load(db, known)
            self._release(body)
            self.save(db, known, body)

    def lose_connection(self, known: str, *, executed: bool, after: float = 0.0) -> None:
        """Break the connection in the next change of this domain.

        ``executed`` says whether the host carries the call out, ``after`` how many seconds later.
        """
        with self.transaction() as db:
            body = self.load(db, known)
            body["lose"].append({"executed": executed, "after": after})
            self.save(db, known, body)

    def busy(self, known: str, seconds: float) -> None:
        """Have another job hold the domain's lock."""
        self._update(known, busy_until=time.time() + seconds)

    def tune(self, **settings: Any) -> None:
        """Change the host's settings: ``reachable``, ``specific``, ``unplug_timeout`` and ``lock_wait`` (seconds),
        ``read_delay`` and ``write_delay`` (lowest and highest of random seconds).
        """
        unknown = settings.keys() - _HOST.keys()
        if unknown:
            raise TypeError(f"no such setting: {unknown}")
        with self.transaction() as db:
            self._save_settings(db, self.settings(db) | settings)

    def calls(self) -> list[Call]:
        """Give every change that reached the host, in order."""
        with self.transaction() as db:
            rows = db.execute(
                "SELECT at, uuid, ids, present, side, executed FROM call ORDER BY seq"
            ).fetchall()
        return [Call(r[0], r[1], cpulist.load(r[2]), bool(r[3]), Side(r[4]), bool(r[5])) for r in rows]

    # -- the file ------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the file alone, with everything done that was due by now."""
        db = self._connection()
        db.execute("BEGIN IMMEDIATE")
        with db:  # commits at the end, and rolls back on any error
            self._settle(db)
            yield db

    def load(self, db: sqlite3.Connection, known: str) -> Body:
        """Read one domain's body. Raises ``KeyError`` for an unknown one."""
        row = db.execute("SELECT body FROM domain WHERE uuid = ?", (known,)).fetchone()
        if row is None:
            raise KeyError(known)
        body: Body = json.loads(row[0])
        return body

    def load_all(self, db: sqlite3.Connection) -> dict[str, Body]:
        """Read all bodies by UUID."""
        return {row[0]: json.loads(row[1]) for row in db.execute("SELECT uuid, body FROM domain")}

    def save(self, db: sqlite3.Connection, known: str, body: Body) -> None:
        """Write one domain's body."""
        due = bool(body["pending"] or body["later"])
        db.execute("UPDATE domain SET body = ?, open = ? WHERE uuid = ?", (json.dumps(body), due, known))

    def settings(self, db: sqlite3.Connection) -> Body:
        """Read the host's settings."""
        settings: Body = json.loads(db.execute("SELECT body FROM host").fetchone()[0])
        return settings

    def _save_settings(self, db: sqlite3.Connection, settings: Body) -> None:
        db.execute("UPDATE host SET body = ?", (json.dumps(settings),))

    def _connection(self) -> sqlite3.Connection:
        if getattr(self._local, "pid", None) != os.getpid():
            self._local.db = sqlite3.connect(self.path, timeout=60, isolation_level=None)
            self._local.db.execute("PRAGMA journal_mode=WAL")
            self._local.db.execute("PRAGMA synchronous=OFF")
            self._local.db.executescript(_SCHEMA)
            self._local.pid = os.getpid()
        db: sqlite3.Connection = self._local.db
        return db

    def _settle(self, db: sqlite3.Connection) -> None:
        now = time.time()
        for known, text in db.execute("SELECT uuid, body FROM domain WHERE open").fetchall():
            body = json.loads(text)
            due = [one for one in body["pending"] if one["until"] is not None and one["until"] <= now]
            late = [one for one in body["later"] if one["at"] <= now]
            for one in due:
                change(body, cpulist.load(one["ids"]), False, Side.LIVE)
                first = min(cpulist.load(one["ids"]))
                emit(db, known, "ost", {"vcpu": first, "outcome": "released", "text": "success"})
                emit(db, known, "vcpu_removed", {"vcpu": first})
            for one in late:
                change(body, cpulist.load(one["ids"]), one["present"], Side(one["side"]))
            if due or late:
                body["pending"] = [one for one in body["pending"] if one not in due]
                body["later"] = [one for one in body["later"] if one not in late]
                self.save(db, known, body)

    def _release(self, body: Body) -> None:
        for one in body["pending"]:
            one["until"] = time.time() + body["guest_delay"]

    def _update(self, known: str, **values: Any) -> None:
        with self.transaction() as db:
            self.save(db, known, self.load(db, known) | values)
