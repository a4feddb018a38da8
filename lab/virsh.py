"""The root's own virsh, run from outside: the newest client, with the caller's files and terminal."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError

_LIBRARIES = "usr/lib/x86_64-linux-gnu"


class VirshError(LabError):
    """virsh ended with an error; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Virsh:
    """Runs virsh of the folder `root` against the libvirt at `uri`."""

    root: Path
    uri: str

    def command(self, *arguments: str) -> list[str]:
        """Return the command line that runs virsh with these arguments.

        The root's loader starts it with the root's libraries, so no chroot hides the caller's files from it.
        """
        loader = self.root / _LIBRARIES / "ld-linux-x86-64.so.2"
        program = self.root / "usr/bin/virsh"
        return [
            str(loader),
            "--library-path",
            str(self.root / _LIBRARIES),
            str(program),
            "-c",
            self.uri,
            *arguments,
        ]

    def __call__(self, *arguments: str, timeout: float = 60) -> str:
        """Return what virsh prints, without surrounding blank lines; raise VirshError when it fails.

        `timeout` is in seconds.
        """
        try:
            done = subprocess.run(
                self.command("--quiet", *arguments), capture_output=True, text=True, timeout=timeout
            )
        except subprocess.TimeoutExpired as error:
            raise VirshError(f"virsh {arguments[0]} gave no answer within {timeout:g} s.") from error
        if done.returncode:
            raise VirshError(done.stderr.strip() or f"virsh ended with status {done.returncode}.")
        return done.stdout.strip()

    def answers(self) -> bool:
        """Tell whether the daemon answers."""
        try:
            self("uri", timeout=5)
        except VirshError:
            return False
        return True

    def states(self) -> dict[str, str]:
        """Return the state of every domain by name, in virsh's words ("running", "shut off", "paused")."""
        rows = (line.split(maxsplit=2) for line in self("list", "--all").splitlines())
        return {row[1]: row[2] for row in rows}

    def state_and_reason(self, name: str) -> tuple[str | None, str]:
        """Return a domain's state and the reason for it; (None, "") when there is no such domain."""
        try:
            text = self("domstate", "--reason", name)
        except VirshError as error:
            if "failed to get domain" in str(error):
                return None, ""
            raise
        state, _, reason = text.partition(" (")
        return state, reason.rstrip(")")
