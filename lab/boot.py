"""Getting a guest into the state in which the lab keeps it, and knowing when it is there."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from lab.domain_xml import domain_xml
from lab.errors import LabError
from lab.folders import Folders
from lab.guests import Guest, Rest
from lab.images import ensure_image
from lab.progress import Progress
from lab.root import describe_versions, finishes_removals
from lab.settings import Settings
from lab.virsh import Virsh, VirshError

READY = "slotboard-guest: ready"
# Five seconds are usual, fifteen for power01; the rest is for busy machines.
_BOOT_SECONDS = 180
# An emulated guest hangs in its boot once in a long while; started anew it does not.
_HANGS_SECONDS = 60
# Booting is work for one CPU; with more than two at once everybody waits on a small machine.
_BOOTS_AT_ONCE = 2


class NotReady(LabError):
    """A guest takes longer to boot than it was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """Defines and starts guests of one instance."""

    folders: Folders
    virsh: Virsh
    settings: Settings
    progress: Progress

    def bring_all(self, guests: Sequence[Guest]) -> None:
        """Bring the guests up: the first alone, since somebody may be waiting for it, then the others.

        Raises LabError with all failures when every guest was tried.
        """
        self.progress(describe_versions(self.folders.root))
        states = self.virsh.states()
        failures: list[str] = []
        self._bring_each([guests[0]], states, failures)
        rest = list(reversed(guests[1:]))
        # Daemon threads: a signal that ends this process need not wait for a guest that boots.
        workers = [
            threading.Thread(target=self._bring_each, args=(rest, states, failures), daemon=True)
            for _ in range(_BOOTS_AT_ONCE)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        if failures:
            raise LabError(" ".join(failures))

    def _bring_each(self, waiting: list[Guest], states: dict[str, str], failures: list[str]) -> None:
        while True:
            try:
                guest = waiting.pop()
            except IndexError:
                return
            try:
                self._install_image(guest)
                self.progress(f"{guest.name}: {self.bring(guest, states.get(guest.name))}")
            except LabError as error:
                failures.append(str(error))
                self.progress(f"{guest.name}: {error}")

    def _install_image(self, guest: Guest) -> None:
        if guest.rest is not Rest.SHUT_OFF:
            root = self.folders.root.resolve()
            image = ensure_image(guest.architecture, self.settings, root, self.progress)
            self.folders.install(image, guest.architecture)

    def bring(self, guest: Guest, state: str | None) -> str:
        """Bring a guest that is in `state` (None: unknown to libvirt) to its resting state; say what was done."""
        if state is None and guest.persistent:
            self._with_file("define", guest)
            state = "shut off"
        if state == "running":
            self.wait_until_ready(guest)
        if guest.rest is Rest.SHUT_OFF or state not in (None, "shut off"):
            return state or ""
        began = time.monotonic()
        self._boot(guest, state)
        if guest.rest is Rest.PAUSED:
            self.virsh("suspend", guest.name)
        return f"{guest.rest} (ready after {time.monotonic() - began:.1f} s)"

    def _boot(self, guest: Guest, state: str | None) -> None:
        self._start(guest, state)
        try:
            self.wait_until_ready(guest, _HANGS_SECONDS)
        except NotReady as error:
            self.progress(f"{error} It is started anew.")
            self.virsh("destroy", guest.name)
            self._start(guest, state)
            self.wait_until_ready(guest)

    def _start(self, guest: Guest, state: str | None) -> None:
        # libvirt empties the console log at each start, so the mark of the boot before is gone then.
        try:
            if state is None:
                self._with_file("create", guest)
            else:
                self.virsh("start", guest.name)
        except VirshError:
            # Somebody else, the guardian perhaps, was faster.
            if self.virsh.states().get(guest.name) != "running":
                raise

    def _with_file(self, command: str, guest: Guest) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            still = not finishes_removals(self.folders.root)
            file.write(domain_xml(guest, self.settings.accelerator, still=still))
            file.flush()
            self.virsh(command, file.name)

    def wait_until_ready(self, guest: Guest, seconds: float = _BOOT_SECONDS) -> None:
        """Return when the guest's init says so on the console and its agent, if it has one, answers.

        Raises LabError naming the guest and its log when it ends, and its kind NotReady when time is over.
        """
        console = self.folders.console(guest.name)
        end = time.monotonic() + seconds
        looked = time.monotonic()
        while not self._ready(guest):
            if time.monotonic() > end:
                raise NotReady(f"{guest.name} was not ready within {seconds:.0f} s; see {console}.")
            if time.monotonic() - looked > 1:
                looked = time.monotonic()
                if self.virsh.states().get(guest.name) not in ("running", "paused"):
                    raise LabError(f"{guest.name} ended while it booted; see {console}.")
            time.sleep(0.1)

    def _ready(self, guest: Guest) -> bool:
        try:
            if READY not in self.folders.console(guest.name).read_text(errors="replace"):
                return False
        except FileNotFoundError:
            return False
        if not guest.agent:
            return True
        try:
            self.virsh("qemu-agent-command", guest.name, '{"execute": "guest-ping"}')
        except VirshError:
            return False
        return True
