"""The cache folder: parts that are built once, whole or not at all, by one builder at a time."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab.errors import LabError
from lab.progress import Progress

_NEEDED_BYTES = 1_500_000_000


def recipe_key(*ingredients: object) -> str:
    """Return 12 hex digits that change when any ingredient does (JSON-like values, bytes as text)."""
    text = json.dumps(ingredients, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@contextmanager
def _locked(cache: Path, progress: Progress) -> Iterator[None]:
    with (cache / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting for another build in the same cache folder")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure(target: Path, build: Callable[[Path], None], progress: Progress) -> Path:
    """Return the folder `target`, calling `build` with an empty folder to fill when it does not exist yet.

    The folder appears under its name only when it is complete. Raises LabError when it cannot be built.
    """
    if target.is_dir():
        return target
    cache = target.parent
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache, progress):
            if not target.is_dir():
                _build(target, build)
    except OSError as error:
        raise LabError(f"The lab's cache folder {cache} cannot be used: {error}.") from error
    return target


def _build(target: Path, build: Callable[[Path], None]) -> None:
    for interrupted in target.parent.glob("build-*"):
        shutil.rmtree(interrupted)
    free = shutil.disk_usage(target.parent).free
    if free < _NEEDED_BYTES:
        raise LabError(
            f"{target.parent} has {free / 1e9:.1f} GB free and the lab needs {_NEEDED_BYTES / 1e9:.1f} GB; "
            "make room, or set SLOTBOARD_LAB_CACHE to a folder with more."
        )
    folder = Path(tempfile.mkdtemp(prefix="build-", dir=target.parent))
    try:
        build(folder)
        folder.chmod(0o755)
        folder.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_logged(
    command: Sequence[str | Path], log: Path, *, what: str, environment: Mapping[str, str] | None = None
) -> None:
    """Run one step of a build in namespaces of its own, so that an interrupted one leaves nothing behind.

    The output is appended to `log`. Raises LabError with the step's last error lines when it fails.
    """
    isolated = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child"]
    isolated += ["--propagation", "private", *map(str, command)]
    clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    with log.open("ab") as output:
        begin = output.tell()
        code = subprocess.run(
            isolated,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **clean, **(environment or {})},
        ).returncode
    if code:
        lines = log.read_bytes()[begin:].decode(errors="replace").splitlines()
        errors = [line for line in lines if line.startswith(("E:", "W:", "unshare:"))] or lines
        reason = " ".join(errors[-3:]) or f"exit status {code}"
        raise LabError(f"{what} failed: {reason}. Is the network up? The whole output is in {log}.")
