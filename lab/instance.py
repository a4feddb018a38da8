"""One lab: what the command and the tests drive."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from lab import root, settings
from lab.boot import Boot
from lab.errors import LabError
from lab.folders import Folders
from lab.guardian import Guardian, Inside, daemons
from lab.guests import named
from lab.processes import descendants
from lab.progress import Progress, silent
from lab.virsh import Virsh

# Probing QEMU takes seconds when a root is used for the first time; the rest is for busy machines.
_START_SECONDS = 60
_DOWN_SECONDS = 5


class Instance:
    """The lab that belongs to the data folder `var`; several may run side by side.

    `chosen` are the settings, read from the environment by default; `progress` is told each step in a line.
    """

    def __init__(
        self, var: Path, *, chosen: settings.Settings | None = None, progress: Progress = silent
    ) -> None:
        self.var = Path(os.path.abspath(var))
        self.folders = Folders(self.var)
        self.uri = settings.uri(self.var)
        self._settings = chosen or settings.read_settings()
        self._progress = progress
        self._guardian: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether any process of this lab lives."""
        return self.folders.alive()

    def up(self, names: Iterable[str] = ()) -> None:
        """Start the daemons, and the named guests (all for none) to the states in which the lab keeps them.

        Returns when every guest is ready for a change; one that already is costs nothing. A guest that somebody
        paused or shut off on purpose is started only if it is shut off. Raises LabError.
        """
        guests = named(tuple(names))
        self._start_guardian()
        self._boot().bring_all(guests)

    def down(self) -> None:
        """End every process of this lab within seconds; its definitions and logs stay. Raises LabError."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.running:
                with suppress(ProcessLookupError):
                    os.kill(self.folders.guardian(), number)
                _wait_until(lambda: not self.running, _DOWN_SECONDS)
        if self.running:
            raise LabError(f"Processes of the lab in {self.folders.lab} do not end: {list(self.processes())}")
        if self._guardian is not None:
            self._guardian.wait()
            self._guardian = None
        # A guardian that was killed could not tidy up.
        shutil.rmtree(self.folders.run, ignore_errors=True)

    def reset(self, names: Iterable[str] = ()) -> None:
        """Define the named guests (all for none) anew and boot them afresh. Raises LabError."""
        guests = named(tuple(names))
        self._start_guardian()
        states = self.guests()
        for guest in guests:
            if states.get(guest.name, "shut off") != "shut off":
                self.virsh("destroy", guest.name)
            if guest.name in states and guest.persistent:
                self.virsh("undefine", guest.name)
        self._boot().bring_all(guests)

    def restart_daemon(self) -> None:
        """End libvirtd and return when a new one answers; guests live on meanwhile. Raises LabError."""
        before = self.process_of("libvirtd")
        os.kill(before, signal.SIGTERM)
        _wait_until(lambda: before not in self.processes(), _START_SECONDS)
        self._wait_for_daemon(lambda: not self.running)

    def run(self) -> None:
        """Bring everything up in this process and stay, starting again what crashes. Ends by an exception."""
        root.check_machine()
        folder = root.ensure_root(self._settings, self._progress)
        with daemons(self.folders, folder) as inside:
            if inside is None:
                raise LabError(f"The lab in {self.folders.lab} runs already; script/lab down ends it.")
            self._wait_for_daemon(lambda: inside.poll() is not None)
            try:
                self._boot().bring_all(named(()))
            except LabError as error:
                # The other guests are worth having; libvirt's own end is noticed below.
                self._progress(str(error))
            self._progress("the lab is up")
            self._watch(inside)

    def guard(self) -> None:
        """Hold the daemons and watch the guests, in the background process that `up` starts."""
        with daemons(self.folders, root.ensure_root(self._settings, self._progress)) as inside:
            if inside is not None:
                self._watch(inside)

    def virsh(self, *arguments: str) -> str:
        """Return what virsh prints for these arguments; raise VirshError (a LabError) with its message."""
        return self._virsh()(*arguments)

    def virsh_command(self, *arguments: str) -> list[str]:
        """Return the command line of virsh for these arguments; raise LabError when the lab is down."""
        if not self.running:
            raise LabError(f"The lab in {self.folders.lab} is not running; script/lab up starts it.")
        return self._virsh().command(*arguments)

    def guests(self) -> dict[str, str]:
        """Return the state of every guest by name, in virsh's words; empty when the lab is down."""
        return self._virsh().states() if self.running else {}

    def versions(self) -> str:
        """Return one line about the versions of libvirt and QEMU in use."""
        return root.describe_versions(self.folders.root)

    def processes(self) -> dict[int, list[str]]:
        """Return the command lines of this lab's processes by process id, the guardian's own left out."""
        return descendants(self.folders.guardian()) if self.running else {}

    def process_of(self, name: str) -> int:
        """Return the process id of a guest's QEMU, or of the daemon libvirtd or virtlogd; raise LabError."""
        for pid, command in self.processes().items():
            if command and (Path(command[0]).name == name or f"guest={name},debug-threads=on" in command):
                return pid
        raise LabError(f"{name} has no process in the lab of {self.var}.")

    def _virsh(self) -> Virsh:
        return Virsh(self.folders.root, self.uri)

    def _boot(self) -> Boot:
        return Boot(
            folders=self.folders, virsh=self._virsh(), settings=self._settings, progress=self._progress
        )

    def _watch(self, inside: Inside) -> None:
        Guardian(self._virsh(), self._boot(), self._progress).watch(inside)

    def _start_guardian(self) -> None:
        if self.running:
            self._wait_for_daemon(lambda: not self.running)
            return
        root.check_machine()
        root.ensure_root(self._settings, self._progress)
        self._progress("starting libvirt")
        self.folders.lab.mkdir(parents=True, exist_ok=True)
        with self.folders.guardian_log.open("w") as log:
            guardian = subprocess.Popen(
                [sys.executable, "-P", "-m", "lab", "guard"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=os.environ | self._settings.environment(self.var),
                start_new_session=True,
            )
        self._guardian = guardian
        try:
            # A guardian that finds another one in its place ends at once, and that is no failure.
            self._wait_for_daemon(lambda: guardian.poll() is not None and not self.running)
        except LabError:
            self.down()
            raise

    def _wait_for_daemon(self, ended: Callable[[], bool]) -> None:
        virsh = self._virsh()
        socket = settings.socket_path(self.var)
        _wait_until(lambda: ended() or (socket.exists() and virsh.answers()), _START_SECONDS)
        if ended() or not virsh.answers():
            raise LabError(
                f"libvirt of the lab in {self.folders.lab} did not start; see {self.folders.guardian_log} "
                f"and {self.folders.log}/libvirt/libvirtd.log."
            )


def _wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
