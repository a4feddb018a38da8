"""Watchers as an operator runs them: processes of their own, which can be killed and frozen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from django.db import OperationalError, connection, transaction

from domains.inventory import leases
from domains.models import Lease, Revision
from tests.waiting import LONG

ROOT = Path(__file__).resolve().parents[3]
SIMULATED = "tests.integration.watcher.settings"


class Watcher:
    """One ``manage.py watcher``."""

    def __init__(self, folder: Path | None, settings: str) -> None:
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": settings}
        if folder:
            environment["SLOTBOARD_SOCKET_DIRS"] = str(folder)
        self.process = subprocess.Popen([sys.executable, "manage.py", "watcher"], cwd=ROOT, env=environment)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def children(self) -> list[int]:
        """The processes that hold its hosts' connections."""
        found = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [int(pid) for file in found for pid in file.read_text().split()]

    @property
    def hosts(self) -> set[str]:
        """The slugs of the hosts whose leases it holds."""
        held = leases.living("host:").items()
        return {name.removeprefix("host:") for name, holder in held if f":{self.pid}:" in holder}

    def freeze(self) -> None:
        """Stop it where it holds nothing that others wait for: on SQLite that would be the whole database."""
        while True:
            self.process.send_signal(signal.SIGSTOP)
            if _database_is_free():
                return
            self.process.send_signal(signal.SIGCONT)
            time.sleep(0.05)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()

    def end(self) -> int:
        """End it as an operator does, and give its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LONG)


@contextmanager
def watcher_process(folder: Path | None, settings: str = SIMULATED) -> Iterator[Watcher]:
    """Run one, on the simulated hosts of a folder."""
    watcher = Watcher(folder, settings)
    try:
        yield watcher
    finally:
        if watcher.process.poll() is None:
            watcher.kill()
        watcher.process.wait()


@contextmanager
def watcher_processes(folder: Path | None, settings: str = SIMULATED) -> Iterator[Crowd]:
    """Give a crowd of watchers that end with the test; ``join`` adds one."""
    with ExitStack() as ending:
        yield Crowd(folder, settings, ending)


class Crowd(list[Watcher]):
    """Watchers that run side by side."""

    def __init__(self, folder: Path | None, settings: str, ending: ExitStack) -> None:
        super().__init__()
        self._folder, self._settings, self._ending = folder, settings, ending

    def join(self) -> Watcher:
        """Start one more."""
        self.append(self._ending.enter_context(watcher_process(self._folder, self._settings)))
        return self[-1]

    def shares(self) -> list[int]:
        """Give how many hosts each has, as the leases say; a host that nobody has counts nowhere."""
        return [len(watcher.hosts) for watcher in self]


def running(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def _database_is_free() -> bool:
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.connection.execute("PRAGMA busy_timeout = 300")
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                connection.cursor().execute("SET LOCAL lock_timeout = '300ms'")
            Revision.objects.select_for_update().get()
            list(Lease.objects.select_for_update())  # which are kept without a new revision
    except OperationalError:
        return False
    finally:
        if connection.vendor == "sqlite":
            connection.connection.execute("PRAGMA busy_timeout = 20000")
    return True
