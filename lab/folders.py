"""The folders of one lab instance, and the lock that is held as long as any of its processes lives."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lab.errors import LabError
from lab.images import Image
from lab.settings import FILES, run_folder


@dataclass(frozen=True, slots=True)
class Folders:
    """Paths on this machine of the instance that belongs to the data folder `var`."""

    var: Path

    @property
    def lab(self) -> Path:
        """Everything of the instance that outlives a `down`."""
        return self.var / "lab"

    @property
    def run(self) -> Path:
        """What the instance sees as /run: its sockets, gone after `down`."""
        return run_folder(self.var)

    @property
    def etc(self) -> Path:
        """What the instance sees as /etc/libvirt."""
        return self.lab / "etc"

    @property
    def lib(self) -> Path:
        """What the instance sees as /var/lib/libvirt."""
        return self.lab / "lib"

    @property
    def log(self) -> Path:
        """What the instance sees as /var/log."""
        return self.lab / "log"

    @property
    def root(self) -> Path:
        """A link to the root folder that the instance uses, or last used."""
        return self.lab / "root"

    @property
    def guardian_log(self) -> Path:
        """What the guardian has to say when it runs in the background."""
        return self.lab / "guardian.log"

    def console(self, name: str) -> Path:
        """Return the console log of a guest, holding its latest boot."""
        return self.log / "guests" / f"{name}.log"

    def prepare(self, root: Path) -> None:
        """Make the folders fit for a start over `root`; domains defined earlier are kept."""
        for folder in (self.etc, self.lib / "boot", self.log / "guests", self.log / "libvirt"):
            folder.mkdir(parents=True, exist_ok=True)
        for path in (FILES / "etc").iterdir():
            shutil.copy(path, self.etc)
        self.root.unlink(missing_ok=True)
        self.root.symlink_to(root)
        # State files of an earlier life would make libvirt look for guests that are gone.
        shutil.rmtree(self.run, ignore_errors=True)
        self.run.mkdir(mode=0o700, parents=True)

    def install(self, image: Image, architecture: str) -> None:
        """Put a guest image where the instance's guests boot from; running ones are not disturbed."""
        boot = self.lib / "boot"
        with tempfile.TemporaryDirectory(dir=boot) as aside:
            for source in (image.kernel, image.initrd):
                target = boot / f"{source.name}-{architecture}"
                if target.exists() and _stamp(target) == _stamp(source):
                    continue
                new = Path(aside) / source.name
                try:
                    new.hardlink_to(source)
                except OSError:  # the cache is on another file system
                    shutil.copy2(source, new)
                new.replace(target)

    def take_lock(self) -> IO[str] | None:
        """Take the instance's lock and note this process in it; None when the instance is alive.

        Processes that inherit the open file keep the lock, so it is free only when the last one is gone.
        """
        self.lab.mkdir(parents=True, exist_ok=True)
        lock = self._lock_file.open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        return lock

    def alive(self) -> bool:
        """Tell whether any process of the instance lives."""
        if not self._lock_file.exists():
            return False
        with self._lock_file.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def guardian(self) -> int:
        """Return the process id of the instance's guardian; raise LabError if it never had one."""
        try:
            return int(self._lock_file.read_text())
        except (OSError, ValueError) as error:
            raise LabError(f"The lab of {self.var} has no guardian.") from error

    @property
    def _lock_file(self) -> Path:
        return self.lab / "lock"


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
