"""Guests as they are when they have just booted: kept once, and restored as often as a test wants a fresh one.

A boot takes a CPU five seconds, and a restore less than one. What is restored runs in a QEMU of its own, and so survives
as many additions as what was booted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import libvirt

from domains.hypervisor import eventloop
from lab.guests import BY_NAME, Rest
from lab.instance import Instance

FOLDER = "fresh"  # of what a lab's libvirt keeps


@dataclass(frozen=True)
class Booted:
    """A guest's definition, and what it had said on its console when it was ready."""

    definition: str
    console: str


class FreshGuests:
    """Fresh guests of one lab. Each really boots when it is first asked for."""

    def __init__(self, lab: Instance) -> None:
        self.lab = lab
        self._booted: dict[str, Booted] = {}

    def bring(self, *names: str) -> None:
        """Give the named guests their original definitions, and start them as if nobody had ever used them."""
        off = [name for name in names if BY_NAME[name].rest is Rest.SHUT_OFF]
        unknown = [name for name in names if name not in off and name not in self._booted]
        if off or unknown:
            self.lab.reset(off + unknown)
        with self._connection() as connection:
            for name in unknown:
                self._keep(connection, name)
            for name in names:
                if name not in off:
                    self._restore(connection, name)

    def end(self) -> None:
        """End every guest that is known here, so that none costs anything while others are tested."""
        with self._connection() as connection:
            for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
                if domain.name() in self._booted:
                    domain.destroy()

    def _keep(self, connection: libvirt.virConnect, name: str) -> None:
        folder = self.lab.folders.lib / FOLDER
        folder.mkdir(exist_ok=True)
        domain = connection.lookupByName(name)
        self._booted[name] = Booted(
            domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), self.lab.folders.console(name).read_text()
        )
        domain.save(self._file(name))

    def _restore(self, connection: libvirt.virConnect, name: str) -> None:
        for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
            if domain.name() == name:
                domain.destroy()
        if BY_NAME[name].persistent:
            connection.defineXML(self._booted[name].definition)
        connection.restore(self._file(name))
        # The log is emptied at each start; a restored guest does not say again what those who wait look for.
        with self.lab.folders.console(name).open("a") as console:
            console.write(self._booted[name].console)

    def _file(self, name: str) -> str:
        """Name the file in which a guest is kept, as libvirt sees it."""
        return f"/var/lib/libvirt/{FOLDER}/{name}"

    @contextmanager
    def _connection(self) -> Iterator[libvirt.virConnect]:
        eventloop.ensure_running()
        with closing(libvirt.open(self.lab.uri)) as connection:
            yield connection
