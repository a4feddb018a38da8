"""A host that exists in one SQLite file: every process that opens the file sees the same truth.

Its domains obey QEMU's rules (``tests.qemu_rules``, compared with real guests in ``tests/contract``), and its guests
cooperate, refuse or wait as told.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import Any, Literal

from domains.vcpu import cpulist
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.topology import Topology
from tests import simulated_body, simulated_guest
from tests.simulated_body import Body, change, emit, slots_of
from tests.simulated_file import HOST_SETTINGS, SimulatedFile

Guest = Literal["cooperates", "refuses", "waits", "firmware"]


class SimulatedHost(SimulatedFile):
    """The host behind a file; make one wherever it is needed. Safe across threads, forks and processes."""

    # -- domains -------------------------------------------------------------------------------------------

    def add_domain(
        self,
        name: str,
        *,
        maximum: int = 8,
        present: str = "0-1",
        removable: str = "",
        running: bool = True,
        paused: bool = False,
        persistent: bool = True,
        topology: Topology | None = None,
        unit_size: int = 1,
        machine: str = "pc-q35-11.1",
        hotplug: bool = True,
        agent: bool | None = True,
        identity: str | None = None,
    ) -> str:
        """Define a domain whose sides are alike, started if ``running``, and give its UUID."""
        body = simulated_body.new(
            name,
            SlotMap(maximum, cpulist.load(present), cpulist.load(removable)),
            topology=(topology or Topology(maximum)).to_json(),
            unit_size=unit_size,
            machine=machine,
            hotplug=hotplug,
            agent=agent,
        )
        known = identity or str(uuid.uuid4())
        with self.transaction() as db:
            db.execute("INSERT INTO domain (uuid, body) VALUES (?, ?)", (known, json.dumps(body)))
        if running:
            self.start(known)
        if paused:
            self.pause(known)
        if not persistent:
            self._update(known, config=None)
        return known

    def truth(self, known: str) -> dict[Side, SlotMap | None]:
        """Give both sides as they really are now."""
        with self.transaction() as db:
            body = self.load(db, known)
            return {side: slots_of(body, side) for side in (Side.LIVE, Side.CONFIG)}

    def start(self, known: str) -> None:
        """Boot the guest from its configuration: a new run."""
        with self.transaction() as db:
            body, host = self.load(db, known), self.settings(db)
            body |= {
                "state": "running",
                "live": body["config"],
                "id": host["next_id"],
                "started": time.time(),
            }
            body |= {"pending": [], "busy_until": 0.0, "cpus": {}, "offline": []}
            simulated_guest.boot(body)
            self._save_settings(db, host | {"next_id": host["next_id"] + 1})
            self.save(db, known, body)
            emit(db, known, "lifecycle", {"event": 2, "detail": 0})

    def stop(self, known: str) -> None:
        """Stop the guest; a transient domain vanishes with it."""
        with self.transaction() as db:
            body = self.load(db, known)
            if body["config"] is None:
                db.execute("DELETE FROM domain WHERE uuid = ?", (known,))
            else:
                body |= {"state": "shut off", "live": None, "id": None, "started": None, "pending": []}
                body["unmarked"] = ""
                self.save(db, known, body)
            emit(db, known, "lifecycle", {"event": 5, "detail": 0})

    def pause(self, known: str) -> None:
        self._update(known, state="paused")

    def resume(self, known: str) -> None:
        """Let a paused guest run on: what it was asked to let go, it lets go now."""
        with self.transaction() as db:
            body = self.load(db, known)
            body["state"] = "running"
            self._release(body)
            self.save(db, known, body)
            emit(db, known, "lifecycle", {"event": 4, "detail": 0})

    def vanish(self, known: str) -> None:
        """Undefine and end the domain."""
        with self.transaction() as db:
            db.execute("DELETE FROM domain WHERE uuid = ?", (known,))
            emit(db, known, "lifecycle", {"event": 1, "detail": 0})

    def rename(self, known: str, name: str) -> None:
        self._update(known, name=name)

    def foreign_set(self, known: str, vcpu: int, present: bool, side: Side) -> None:
        """Change a slot as another tool would: at once, and in no list of calls."""
        with self.transaction() as db:
            body = self.load(db, known)
            change(body, frozenset({vcpu}), present, side)
            self.save(db, known, body)

    # -- faults --------------------------------------------------------------------------------------------

    def guest(
        self, known: str, behaviour: Guest = "cooperates", *, delay: float = 0.0, brings_online: bool = True
    ) -> None:
        """Say how the guest answers a removal; ``delay`` in seconds is how long it takes to let go.

        In its firmware it cannot even be asked.
        ``brings_online`` says whether it uses a plugged CPU at once.
        """
        self._update(known, guest=behaviour, guest_delay=delay, brings_online=brings_online)

    def agent(self, known: str, connected: bool | None, *, hangs: bool = False) -> None:
        """Say whether the guest's agent is connected (None: none is configured), and whether it then answers."""
        self._update(known, agent=connected, agent_hangs=hangs)

    def release(self, known: str) -> None:
        """Let a waiting guest let go of everything that it was asked for."""
        with self.transaction() as db:
            body = self.load(db, known)
            self._release(body)
            self.save(db, known, body)

    def lose_connection(self, known: str, *, executed: bool, after: float = 0.0) -> None:
        """Break the connection in the next change of this domain.

        ``executed`` says whether the host carries the call out, ``after`` how many seconds later.
        """
        with self.transaction() as db:
            body = self.load(db, known)
            body["lose"].append({"executed": executed, "after": after})
            self.save(db, known, body)

    def unmark(self, known: str, slots: str) -> None:
        """Have libvirt not say of these slots whether they are hotpluggable, until the guest stops."""
        self._update(known, unmarked=slots)

    def busy(self, known: str, seconds: float) -> None:
        """Have another job hold the domain's lock."""
        self._update(known, busy_until=time.time() + seconds)

    def tune(self, **settings: Any) -> None:
        """Change the host's settings: ``reachable``, ``specific`` (plugs a vCPU by its ID), ``asynchronous`` (False
        for a libvirt before 12.4), ``unplug_timeout`` and ``lock_wait`` (seconds), ``read_delay`` and
        ``write_delay`` (lowest and highest of random seconds).
        """
        unknown = settings.keys() - HOST_SETTINGS.keys()
        if unknown:
            raise TypeError(f"no such setting: {unknown}")
        with self.transaction() as db:
            self._save_settings(db, self.settings(db) | settings)

    def _release(self, body: Body) -> None:
        for one in body["pending"]:
            one["until"] = time.time() + body["guest_delay"]

    def _update(self, known: str, **values: Any) -> None:
        with self.transaction() as db:
            self.save(db, known, self.load(db, known) | values)
