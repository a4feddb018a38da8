"""The whole product, as an operator starts it: ``script/server`` with a data folder, a port and a lab of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.waiting import LONG, wait_until

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 300
PASSWORD = "a password for the tests"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Product:
    """One running Slotboard. What it says is in ``log``; what it keeps is read from its own database file."""

    options: tuple[str, ...] = ()  # of script/server, besides the port

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = folder / "server.log"
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SLOTBOARD_", "DJANGO_", "DATABASE_", "REDIS_")) or "_LAB_" in name
        }
        self.environment = inherited | {
            "SLOTBOARD_VAR": str(folder),
            "SLOTBOARD_ADMIN_PASSWORD": PASSWORD,
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def start(self) -> None:
        """Start it and wait until a click would work, and then until all guests are up."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                ["script/server", "--port", str(self.port), *self.options],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        wait_until(self._ready, READY_SECONDS, "Ready")
        if "--no-lab" not in self.options:
            wait_until(lambda: "the lab is up" in self.log, READY_SECONDS, "the lab's last guest")

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"script/server ended:\n{self.log[-3000:]}"
        return f"Ready: {self.url}/" in self.log

    def stop(self) -> int:
        """End it as Ctrl-C does, and give its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LONG)

    def pid(self, name: str) -> int:
        """Give the pid under which the supervisor last started a process."""
        return int(re.findall(rf"spawned: '{name}' with pid (\d+)", self.log)[-1])

    def kill(self, name: str) -> None:
        """Kill a process with all its children as a crash would, and wait until the supervisor starts it anew."""
        before = self.pid(name)
        os.killpg(before, signal.SIGKILL)
        wait_until(lambda: self.pid(name) != before, what=f"a new {name}")

    def vcpu(self, *arguments: str) -> tuple[int, dict[str, object]]:
        """Run ``manage.py vcpu ... --json``: its exit status and what it printed."""
        command = [sys.executable, "manage.py", "vcpu", *arguments, "--json"]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, timeout=120)
        return done.returncode, json.loads(done.stdout)

    def operation(self, number: object) -> dict[str, object]:
        """Give the stored row of an operation."""
        (row,) = self.query("SELECT * FROM domains_operation WHERE id = ?", number)
        return row

    def query(self, statement: str, *values: object) -> list[dict[str, object]]:
        """Read from the product's database."""
        path = f"file:{self.folder / 'slotboard.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(path, uri=True, timeout=LONG)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(statement, values)]

    def wait_for(self, number: object, status: str, seconds: float) -> dict[str, object]:
        """Wait until an operation has a status, and give its row."""

        def reached():
            row = self.operation(number)
            return row if row["status"] == status else None

        row: dict[str, object] = wait_until(reached, seconds, f"{status} of operation {number}")
        return row

    def kinds(self, number: object) -> list[object]:
        """Give the kinds of an operation's history entries, oldest first."""
        rows = self.query("SELECT kind FROM domains_historyentry WHERE operation = ? ORDER BY seq", number)
        return [row["kind"] for row in rows]

    def virsh(self, *arguments: str) -> str:
        """Run virsh in the product's lab."""
        command = ["script/lab", "virsh", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=LONG, check=True
        )
        return done.stdout
