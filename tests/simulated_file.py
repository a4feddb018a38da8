"""The SQLite file in which a simulated host exists: its settings, domains, calls and events."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from domains.hypervisor.errors import Change, ConnectionLost
from domains.vcpu import cpulist
from domains.vcpu.slots import Side
from tests.simulated_body import Body, change, emit

SCHEME = "simulated://"
KEEPALIVE_SECONDS = 20.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS host (body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS domain (uuid TEXT PRIMARY KEY, body TEXT NOT NULL, open INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS call (
    seq INTEGER PRIMARY KEY, at REAL, uuid TEXT, ids TEXT, present INTEGER, side TEXT, executed INTEGER DEFAULT 0,
    count INTEGER
);
CREATE TABLE IF NOT EXISTS event (seq INTEGER PRIMARY KEY, uuid TEXT, kind TEXT, detail TEXT);
"""
HOST_SETTINGS: Body = {
    "reachable": True,
    "specific": True,
    "asynchronous": True,
    "unplug_timeout": 5.0,
    "lock_wait": 30.0,
    "read_delay": [0.0, 0.0],
    "write_delay": [0.0, 0.0],
    "next_id": 1,
}


@dataclass(frozen=True)
class Call:
    """One change that reached the host: ``executed`` says whether it was carried out (or the guest asked).

    ``count`` is what was asked for instead of ``ids`` where the host can only count.
    """

    at: float
    uuid: str
    ids: frozenset[int]
    present: bool
    side: Side
    executed: bool
    count: int | None = None


class SimulatedFile:
    """One file, opened once per thread and process."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.uri = f"{SCHEME}{self.path}"
        self._local = threading.local()
        with self.transaction() as db:
            if db.execute("SELECT count(*) FROM host").fetchone()[0] == 0:
                db.execute("INSERT INTO host VALUES (?)", (json.dumps(HOST_SETTINGS),))

    def calls(self) -> list[Call]:
        """Give every change that reached the host, in order."""
        with self.transaction() as db:
            rows = db.execute(
                "SELECT at, uuid, ids, present, side, executed, count FROM call ORDER BY seq"
            ).fetchall()
        return [Call(r[0], r[1], cpulist.load(r[2]), bool(r[3]), Side(r[4]), bool(r[5]), r[6]) for r in rows]

    def log(
        self, db: sqlite3.Connection, known: str, asked: Change, *, executed: bool, count: int | None = None
    ) -> None:
        """Note a change that reached the host."""
        db.execute(
            "INSERT INTO call (at, uuid, ids, present, side, executed, count) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (time.time(), known, cpulist.dump(asked.ids), asked.present, asked.side.value, executed, count),
        )

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the file alone, with everything done that was due by now.

        A file that somebody keeps locked is a host that is frozen: libvirt gives the connection up after a while.
        """
        db = self._connection()
        try:
            db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise ConnectionLost("connection closed due to keepalive timeout", code=39) from error
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
            self._local.db = sqlite3.connect(self.path, timeout=KEEPALIVE_SECONDS, isolation_level=None)
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
