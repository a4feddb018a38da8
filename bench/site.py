"""The web process alone, as the product runs it, with a Redis and a database of its own in a folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.product import free_port
from tests.waiting import wait_until

START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Site:
    """A running web process: where it answers, which process it is, and what others need to share its data."""

    port: int
    pid: int
    environment: dict[str, str]


@contextmanager
def site(folder: Path, settings: str = "bench.settings") -> Iterator[Site]:
    """Start Redis and the web process on an empty, migrated database, and end both."""
    port = free_port()
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{folder / 'slotboard.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": settings,
        "SLOTBOARD_VAR": str(folder),
    }
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=environment, check=True)
    redis = start_redis(folder)
    web = subprocess.Popen([sys.executable, "manage.py", "serve", "--port", str(port)], env=environment)
    try:
        wait_until(lambda: answers(port, "/healthz"), START_SECONDS, "the web process")
        yield Site(port, web.pid, environment)
    finally:
        for process in (web, redis):
            process.terminate()
            process.wait(10)


def start_redis(folder: Path) -> subprocess.Popen[bytes]:
    """Start an empty Redis on the socket that the settings name."""
    home = folder / "redis"
    home.mkdir(mode=0o700, exist_ok=True)
    command = ["redis-server", "--port", "0", "--unixsocket", str(home / "redis.sock"), "--save", ""]
    return subprocess.Popen([*command, "--dir", str(home), "--appendonly", "no"], stdout=subprocess.DEVNULL)


def memory(pid: int) -> float:
    """Give the memory of a process in KB, what it shares with others counted in proportion (PSS)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return next(float(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


def answers(port: int, path: str) -> bool:
    """Tell whether a web process on this machine shows a page."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
