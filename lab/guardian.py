"""The process that a lab instance lives by: it holds the daemons, and starts crashed guests again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from lab.boot import Boot
from lab.errors import LabError
from lab.folders import Folders
from lab.guests import BY_NAME, GUESTS, Guest
from lab.processes import descendants
from lab.progress import Progress
from lab.restart import Event, Restraint, needs_restart, parse_event
from lab.settings import FILES
from lab.virsh import Virsh, VirshError

Inside = subprocess.Popen[bytes]


@contextmanager
def daemons(folders: Folders, root: Path) -> Iterator[Inside | None]:
    """Hold an instance alive: its daemons run within, and nothing of it is left afterwards.

    Yields the process whose end is the instance's end, or None when another guardian holds the instance.
    """
    lock = folders.take_lock()
    if lock is None:
        yield None
        return
    with lock:
        folders.prepare(root)
        paths = (root, folders.run, folders.etc, folders.lib, folders.log)
        # Whichever way this process ends, the kernel then ends the first process of the namespaces, and with it
        # every other in them; the mounts go with the last.
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--net", "--fork"]
        command += ["--kill-child", "--propagation", "private", "sh", str(FILES / "instance.sh")]
        inside = subprocess.Popen(
            [*command, *map(str, paths)],
            stdin=subprocess.DEVNULL,
            pass_fds=[lock.fileno()],
            start_new_session=True,  # a Ctrl-C on the terminal is for the guardian alone
        )
        try:
            yield inside
        finally:
            _end(inside)
            shutil.rmtree(folders.run, ignore_errors=True)


def _end(inside: Inside) -> None:
    """End everything in the namespaces and return when all of it is gone."""
    # The first process in there is the one below "unshare", which waits for it; and the kernel lets it go only
    # after every other process of the namespace.
    for pid in sorted(descendants(inside.pid))[:1]:
        os.kill(pid, signal.SIGKILL)
    try:
        inside.wait(4)
    except subprocess.TimeoutExpired:
        inside.kill()
        inside.wait()


@dataclass(slots=True)
class Guardian:
    """Watches the guests of an instance and starts the crashed ones again."""

    virsh: Virsh
    boot: Boot
    progress: Progress
    _active: set[str] = field(default_factory=set)
    _restraint: Restraint = field(default_factory=Restraint)

    def watch(self, inside: Inside) -> None:
        """Watch until the instance ends; then raise LabError, since nobody here ended it."""
        while inside.poll() is None:
            if self.virsh.answers():
                with suppress(VirshError):  # libvirt went away in the middle of a question
                    self._watch_once()
            time.sleep(0.2)
        raise LabError(f"The first process of the lab ended with status {inside.returncode}.")

    def _watch_once(self) -> None:
        """Watch until libvirt hangs up."""
        command = self.virsh.command("event", "--event", "lifecycle", "--loop")
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as events:
            try:
                time.sleep(1)  # until virsh has registered: what happened before is seen by looking
                for guest in GUESTS:
                    self._look(guest, None)
                for line in events.stdout or ():
                    event = parse_event(line)
                    if event and event.name in BY_NAME:
                        self._learn(event)
            finally:
                events.kill()

    def _learn(self, event: Event) -> None:
        if event.stopped:
            self._look(BY_NAME[event.name], event.detail)
        elif event.runs:
            # Of a transient guest that crashed at once nothing but this tells that it ran.
            self._active.add(event.name)

    def _look(self, guest: Guest, detail: str | None) -> None:
        state, reason = self.virsh.state_and_reason(guest.name)
        ran = guest.name in self._active
        if state not in (None, "shut off"):
            self._active.add(guest.name)
            return
        self._active.discard(guest.name)
        if not needs_restart(guest, state=state, reason=reason, detail=detail, ran=ran):
            return
        if self._restraint.allows(guest.name):
            self.progress(f"{guest.name} crashed; starting it again")
            name = f"restart of {guest.name}"
            threading.Thread(target=self._restart, args=(guest, state), name=name, daemon=True).start()
        else:
            self.progress(f"{guest.name} crashed too often; it stays down until it is started by hand")

    def _restart(self, guest: Guest, state: str | None) -> None:
        try:
            self.progress(f"{guest.name}: {self.boot.bring(guest, state)}")
        except LabError as error:
            self.progress(str(error))
