"""The processes of one installation, and the supervisor that starts them, and starts again what dies."""

from __future__ import annotations

import fcntl
import os
import socket
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from django.conf import settings

# A process that does not end by itself is killed in time for everything to be gone within 10 seconds.
STOP_SECONDS = 7
BEFORE_OTHERS, OTHERS = 1, 2  # what starts first stops last


# Celery's advice never to run as root is about pickled messages, which are not accepted here.
NOT_ROOT = "ignore:You're running the worker with superuser privileges"


class CannotStart(Exception):
    """The processes cannot be started; the message says why."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep running. One that ends within ``settle`` seconds of its start counts as a failed start."""

    name: str
    command: tuple[str, ...]
    settle: int = 1
    once: bool = False
    priority: int = OTHERS
    environment: tuple[tuple[str, str], ...] = ()

    def lines(self) -> Iterator[str]:
        """Write it down as the supervisor reads it."""
        # Should the supervisor itself be killed, nothing of what it started stays behind.
        command = ("setpriv", "--pdeathsig", "TERM", *self.command)
        yield f"[program:{self.name}]"
        yield f"command={' '.join(_quoted(word) for word in command)}"
        yield f"directory={_escaped(str(settings.BASE_DIR))}"
        yield f"priority={self.priority}"
        yield f"startsecs={0 if self.once else self.settle}"
        yield "startretries=20"
        yield f"autorestart={'unexpected' if self.once else 'true'}"
        yield f"stopwaitsecs={STOP_SECONDS}"
        yield "killasgroup=true"
        yield "redirect_stderr=true"
        yield "stdout_logfile=NONE"
        yield "stdout_events_enabled=true"
        if self.environment:
            pairs = (f"{name}={_quoted(value)}" for name, value in self.environment)
            yield f"environment={','.join(pairs)}"


def programs(*, port: int, lab: bool) -> list[Program]:
    """Give the processes of this installation: a Redis only where none is configured, a lab only if asked for."""
    python = (sys.executable, str(settings.BASE_DIR / "manage.py"))
    celery = (sys.executable, "-m", "celery", "--app", "dashboard.celery", "--quiet")
    queues = ",".join(settings.WORKER_QUEUES)
    worker = ("worker", "--queues", queues, "--without-gossip", "--without-mingle", "--without-heartbeat")
    found = [
        Program("web", (*python, "serve", "--port", str(port))),
        Program(
            "worker",
            (*celery, *worker),
            # Told to end, a worker finishes what it is doing if that takes only moments; see the lease for the rest.
            environment=(("REMAP_SIGTERM", "SIGQUIT"), ("PYTHONWARNINGS", NOT_ROOT)),
        ),
        Program("watcher", (*python, "watcher")),
        Program("ready", (*python, "ready", "--port", str(port), *(("--lab",) if lab else ())), once=True),
    ]
    if lab:
        found.append(Program("lab", (str(settings.BASE_DIR / "script" / "lab"), "run"), settle=15))
    if f"unix://{redis_folder() / 'redis.sock'}" == settings.REDIS_URL:
        found.insert(0, Program("redis", _redis(), priority=BEFORE_OTHERS))
    return found


def redis_folder() -> Path:
    """Give the private folder of our own Redis."""
    folder: Path = settings.VAR / "redis"
    return folder


def _redis() -> tuple[str, ...]:
    options = {
        "port": "0",
        "unixsocket": str(redis_folder() / "redis.sock"),
        "unixsocketperm": "700",
        "dir": str(redis_folder()),
        "save": "",
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    return ("redis-server", *(word for name, value in options.items() for word in (f"--{name}", value)))


def configuration(found: Iterable[Program]) -> str:
    """Write the supervisor's configuration."""
    found = list(found)
    together = ",".join(program.name for program in found if program.priority == OTHERS)
    terminal = (sys.executable, str(settings.BASE_DIR / "script" / "terminal.py"))
    lines = [
        "[supervisord]",
        "nodaemon=true",
        f"pidfile={_escaped(str(settings.VAR / 'supervisord.pid'))}",
        "logfile=/dev/null",
        "logfile_maxbytes=0",
        "loglevel=info",
        *(["user=root"] if os.geteuid() == 0 else []),
        "",
        "[eventlistener:terminal]",
        f"command={' '.join(_quoted(word) for word in terminal)}",
        "events=PROCESS_LOG",
        "buffer_size=10000",
        "priority=0",
        "stdout_logfile=NONE",
        "stderr_logfile=/dev/fd/2",
        "stderr_logfile_maxbytes=0",
        "",
        # As a group they are told to end at once, not one after another.
        "[group:slotboard]",
        f"programs={together}",
        f"priority={OTHERS}",
    ]
    for program in found:
        lines += ["", *program.lines()]
    return "\n".join(lines) + "\n"


def _quoted(word: str) -> str:
    return '"' + _escaped(word).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def check_port(port: int) -> None:
    """Raise ``CannotStart`` if the port cannot be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CannotStart(
                f"Port {port} cannot be used ({error.strerror}): choose another one with --port."
            ) from error


def lock() -> None:
    """Claim the data folder until this process ends; ``exec`` keeps the claim. Raises ``CannotStart``."""
    handle = os.open(settings.VAR / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CannotStart(
            f"A server is already running with the data folder {settings.VAR}. "
            "Stop it first, or choose another folder with SLOTBOARD_VAR."
        ) from error
    os.set_inheritable(handle, True)


def become_supervisor(found: Iterable[Program]) -> NoReturn:
    """Replace this process by the supervisor, in the foreground."""
    redis_folder().mkdir(mode=0o700, exist_ok=True)
    redis_folder().chmod(0o700)
    path = settings.VAR / "supervisord.conf"
    path.write_text(configuration(found), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "SLOTBOARD_ADMIN_PASSWORD"}
    environment |= {"SLOTBOARD_VAR": str(settings.VAR), "PYTHONUNBUFFERED": "1"}
    for stream in (sys.stdout, sys.stderr):
        # Several processes write there; into a file they must append, or they would overwrite each other.
        flags = fcntl.fcntl(stream.fileno(), fcntl.F_GETFL)
        fcntl.fcntl(stream.fileno(), fcntl.F_SETFL, flags | os.O_APPEND)
    program = str(Path(sys.executable).with_name("supervisord"))
    os.execve(program, [program, "--configuration", str(path)], environment)  # noqa: S606  # no shell is wanted
