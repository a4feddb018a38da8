"""A private PostgreSQL from the machine's own packages, on a Unix socket in a folder that goes away."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
from django.core.management import call_command
from django.db import connections

from tests.databases import pointed_at
from tests.waiting import LONG, wait_until

USER = "postgres"  # the server refuses to run as root, and the packages bring this user along
SETTINGS = {"listen_addresses": "", "fsync": "off", "max_connections": "200", "log_min_messages": "fatal"}
CLUSTER = ("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
TEMPLATE = "slotboard_template"


class PostgresServer:
    """A server of one's own, with a migrated database that others are copied from."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="slotboard-postgres-"))
        self.process: subprocess.Popen[bytes] | None = None
        self._log = self.folder / "log"
        self._numbers = count(1)
        if os.geteuid() == 0:
            shutil.chown(self.folder, USER)

    def start(self) -> None:
        """Make a cluster, start it, and migrate the template; returns when it answers."""
        made = self._run("initdb", "--auth=trust", f"--username={USER}", *CLUSTER)
        assert made.wait(LONG) == 0, self._log.read_text()
        options = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        self.process = self._run("postgres", *options, "-k", str(self.folder))
        wait_until(self._answers, what="PostgreSQL")
        self._execute(f"CREATE DATABASE {TEMPLATE}")
        with self.chosen(), pointed_at(TEMPLATE, self._url(TEMPLATE)):
            call_command("migrate", verbosity=0)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self._log.read_text()
        try:
            self._execute("SELECT 1")
        except psycopg.OperationalError:
            return False  # it is starting
        return True

    def stop(self) -> None:
        """End it, as a crash would, and forget everything."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(LONG)
        shutil.rmtree(self.folder)

    @contextmanager
    def chosen(self) -> Iterator[None]:
        """Have this process keep everything in this server instead of where it did before."""
        configured = connections.settings["default"]
        _forget_connection()
        connections.settings["default"] = configured | {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "postgres",
            "USER": USER,
            "HOST": str(self.folder),
            "OPTIONS": {},
        }
        try:
            yield
        finally:
            _forget_connection()
            connections.settings["default"] = configured

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Point this process, once it has chosen this server, and those it starts at a new migrated database: its name."""
        name = f"fresh_{next(self._numbers)}"
        # As files: to write every page to the log as well takes twice as long.
        self._execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        with pointed_at(name, self._url(name)):
            yield name
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _url(self, name: str) -> str:
        return f"postgres://{USER}@{quote(str(self.folder), safe='')}/{name}"

    def _execute(self, statement: str) -> None:
        with psycopg.connect(host=str(self.folder), user=USER, dbname="postgres", autocommit=True) as session:
            session.execute(statement.encode())

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a program of the server, which ends with this process."""
        command = [_program(program), "-D", str(self.folder / "data"), *arguments]
        user = [f"--reuid={USER}", f"--regid={USER}", "--clear-groups"] if os.geteuid() == 0 else []
        command = ["setpriv", *user, "--pdeathsig=QUIT", "--", *command]
        with self._log.open("ab") as log:
            return subprocess.Popen(command, cwd="/", stdout=log, stderr=log)


def _forget_connection() -> None:
    """Let this thread's next query open a connection by the settings that stand then."""
    connections["default"].close()
    del connections["default"]


def _program(name: str) -> str:
    """Find a server program: Debian keeps them off the PATH, by version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    path = str(found[-1]) if found else shutil.which(name)
    assert path, f"{name} is missing: script/setup --dev installs PostgreSQL"
    return path
