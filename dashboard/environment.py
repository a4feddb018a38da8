"""Reading settings from the environment and the data folder; every malformed value is refused by name."""

from __future__ import annotations

import os
import re
import secrets
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

from domains.operations.queues import RULE, well_formed

_LISTEN = re.compile(r"(?P<name>[\w.-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")
SOCKET_PATH_BYTES = 107  # sockaddr_un leaves room for no more on Linux

env = Env(eager=True)


def seconds(name: str, default: int, *, least: int = 1) -> timedelta:
    """Read a whole number of seconds. Raises ``ImproperlyConfigured`` when malformed or below ``least``."""
    try:
        value = env.int(name, default)
    except EnvError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number of seconds: {error}") from error
    if value < least:
        raise ImproperlyConfigured(f"{name} is {value}; it must be at least {least} (seconds).")
    return timedelta(seconds=value)


def networks(name: str) -> list[str]:
    """Read addresses and networks with commas between them. Raises ``ImproperlyConfigured`` for anything else."""
    texts: list[str] = env.list(name, [])
    for text in texts:
        try:
            ip_network(text)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name} names “{text}”, which is neither an address nor a network such as 10.0.0.0/24."
            ) from error
    return texts


def queues(name: str) -> list[str]:
    """Read the names of queues, with commas between them. Raises ``ImproperlyConfigured`` for what can be none."""
    names: list[str] = [one.strip() for one in env.list(name, ["default"])]
    for one in names:
        if not well_formed(one):
            raise ImproperlyConfigured(f"{name} has “{one[:100]}” in it. {RULE}")
    if not names:
        raise ImproperlyConfigured(f"{name} names no queue; without it a worker serves “default”.")
    return list(dict.fromkeys(names))


def data_folder(base: Path) -> Path:
    """Find and make the folder that holds everything this instance keeps (``SLOTBOARD_VAR``)."""
    folder = Path(env.str("SLOTBOARD_VAR", "") or base / "var").expanduser().resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"SLOTBOARD_VAR is {folder}, which cannot be made: {error.strerror}."
        ) from error
    return folder


def secret_key(folder: Path) -> str:
    """Give the signing key: ``SLOTBOARD_SECRET_KEY``, or one made once and kept in ``secret_key`` (0600)."""
    given = env.str("SLOTBOARD_SECRET_KEY", "")
    if given:
        if len(given) < 32:
            raise ImproperlyConfigured("SLOTBOARD_SECRET_KEY must have at least 32 characters.")
        return given
    path = folder / "secret_key"
    if not path.exists():
        _create_secret(path)
    return path.read_text(encoding="ascii").strip()


def _create_secret(path: Path) -> None:
    """Write a new key so that of several processes starting at once all read the same whole one."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii"
    ) as file:
        file.write(secrets.token_urlsafe(48) + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first; its key is the one to use
    finally:
        draft.unlink()


def redis_url(folder: Path) -> str:
    """Give ``REDIS_URL``, or the private socket below the data folder."""
    given = env.str("REDIS_URL", "")
    if given:
        if not given.startswith(("redis://", "rediss://", "unix://")):
            raise ImproperlyConfigured("REDIS_URL must begin with redis://, rediss:// or unix://.")
        return given
    socket = folder / "redis" / "redis.sock"
    if len(os.fsencode(socket)) > SOCKET_PATH_BYTES:
        raise ImproperlyConfigured(
            f"The path of the Redis socket, {socket}, is longer than {SOCKET_PATH_BYTES} bytes: "
            "choose a shorter SLOTBOARD_VAR, or set REDIS_URL."
        )
    return f"unix://{socket}"


def listen_address(name: str) -> tuple[str, int] | Path | None:
    """Read where to listen: ``HOST:PORT``, ``unix:/PATH``, or nothing. Raises ``ImproperlyConfigured``."""
    given = env.str(name, "")
    if not given:
        return None
    if given.startswith("unix:/"):
        path = Path(given.removeprefix("unix:"))
        if len(os.fsencode(path)) > SOCKET_PATH_BYTES:
            raise ImproperlyConfigured(
                f"{name} is longer than the {SOCKET_PATH_BYTES} bytes of a socket's path."
            )
        return path
    found = _LISTEN.fullmatch(given)
    if found is None or not 1 <= int(found["port"]) <= 65535:
        raise ImproperlyConfigured(f"{name} is “{given}”; it must be HOST:PORT, [IPV6]:PORT or unix:/PATH.")
    return found["name"].strip("[]"), int(found["port"])
