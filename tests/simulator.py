"""The gateway to a simulated host: chosen by its dotted path in place of the real one's factory."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from domains.hypervisor.errors import (
    Change,
    ConnectionLost,
    GuestRefused,
    UnknownOutcome,
    translate,
)
from domains.hypervisor.events import DomainHint, HintCallback, HintKind
from domains.hypervisor.gateway import DomainReading, DomainState, DomainStatistics, HostReading
from domains.hypervisor.openings import opening_failed
from domains.vcpu import cpulist
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.topology import Topology
from tests import qemu_rules
from tests.qemu_rules import Machine, QemuError, Vcpu
from tests.simulated_agent import AgentCalls
from tests.simulated_body import Body, change, emit, pause_between, slots_of
from tests.simulated_counts import CountCalls
from tests.simulated_file import SCHEME
from tests.simulated_host import SimulatedHost

__all__ = ["SimulatedGateway", "SimulatedHost", "open_gateway"]

_STEP = 0.005
_REFUSED_AT_ONCE = -1.0
_REFUSED = {
    "outcome": "refused",
    "text": "device ejection not supported by the operating system (ACPI _OST status 128)",
}
_IN_FIRMWARE = (
    "internal error: unable to execute QEMU command 'device_del': "
    "acpi: device unplug request for not supported device type"
)
_MONITOR_KINDS = {HintKind.OST, HintKind.VCPU_REMOVED}


def open_gateway(uri: str, *, readonly: bool, monitor: bool = False) -> SimulatedGateway:
    """Open a connection to the host in the file that the URI ``simulated:///PATH`` names."""
    host = SimulatedHost(Path(uri.removeprefix(SCHEME)))
    with host.transaction() as db:
        if not host.settings(db)["reachable"]:
            raise opening_failed(38)
    return SimulatedGateway(host, readonly=readonly, monitor=monitor)


class SimulatedGateway(AgentCalls, CountCalls):
    """One connection to a simulated host."""

    def read_host(self) -> HostReading:
        settings = self._settings()
        return HostReading(
            libvirt_version=12_008_000 if settings["asynchronous"] else 9_000_000,
            hypervisor="QEMU" if settings["specific"] else "TEST",
            hypervisor_version=11_001_002,
            cpus=16,
            specific=self._specific(settings),
            asynchronous=settings["specific"] and settings["asynchronous"],
        )

    def _specific(self, settings: Body) -> bool | None:
        with self.host.transaction() as db:
            domains = self.host.load_all(db)
        return bool(settings["specific"]) if domains and not self._readonly else None

    def ping(self) -> None:
        self._settings()

    def description(self, uuid: str) -> str:
        self._settings()
        return json.dumps(self._body(uuid))

    def read_domain(self, uuid: str) -> DomainReading:
        settings = self._settings()
        body = self._body(uuid)
        pause_between(*settings["read_delay"])  # what was read is as old as that when the caller gets it
        return DomainReading(
            uuid=uuid,
            name=body["name"],
            state=DomainState(body["state"]),
            persistent=body["config"] is not None,
            live=_shown(body, Side.LIVE),
            config=_shown(body, Side.CONFIG),
            topology=Topology.from_json(body["topology"]),
            libvirt_id=body["id"],
            cpu_time=_cpu_time(body) if settings["specific"] else None,
            unit_size=body["unit_size"],
            hotplug=body["hotplug"],
            agent=body["agent"],
            machine=body["machine"],
            unmarked=cpulist.load(body["unmarked"]),
        )

    def read_statistics(self, timed: Collection[str] = ()) -> list[DomainStatistics]:
        settings = self._settings()
        with self.host.transaction() as db:
            bodies = self.host.load_all(db)
        if not settings["specific"]:  # the test driver tells the state and no more
            return [_bare(_statistics(uuid, body, timed=False)) for uuid, body in bodies.items()]
        return [_statistics(uuid, body, timed=uuid in timed) for uuid, body in bodies.items()]

    def set_slots(self, uuid: str, ids: frozenset[int], *, present: bool, side: Side) -> None:
        settings = self._settings()
        asked = Change(ids, present, side, waits=not settings["asynchronous"])
        if self._readonly:
            raise translate(29, 0, "operation virDomainSetVcpu forbidden for read only access", asked)
        if not settings["specific"]:
            raise translate(3, 12, "this function is not supported by the connection driver", asked)
        pause_between(*settings["write_delay"])
        self._take_lock(uuid, asked, settings["lock_wait"])
        until = self._begin(uuid, asked, settings["unplug_timeout"])
        if until is not None:
            self._wait(uuid, asked, until)

    def subscribe(self, callback: HintCallback) -> None:
        """Deliver events in a thread until the gateway is closed."""
        with self.host.transaction() as db:
            seen = db.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0]
        threading.Thread(target=self._deliver, args=(callback, seen), daemon=True).start()

    def _take_lock(self, uuid: str, asked: Change, patience: float) -> None:
        """Wait while another job holds the domain, as long as libvirt would."""
        deadline = time.monotonic() + patience
        while True:
            with self.host.transaction() as db:
                if self._load(db, uuid, asked)["busy_until"] <= time.time():
                    return
            if time.monotonic() >= deadline:
                text = "Timed out during operation: cannot acquire state change lock"
                raise translate(68, 10, text, asked, seconds=30)
            time.sleep(_STEP)

    def _begin(self, uuid: str, asked: Change, timeout: float) -> float | None:
        """Check and begin the change. Gives the time until which the guest is waited for, None if it is done."""
        with self.host.transaction() as db:
            body = self._load(db, uuid, asked)
            lost = body["lose"].pop(0) if body["lose"] else None
            executed, until, failure = True, None, None
            if lost:
                executed = self._lose(body, asked, lost)
            else:
                failure = _refused(body, asked)
                executed = failure is None
                if executed:
                    until = self._carry_out(db, uuid, body, asked, timeout)
            self.host.log(db, uuid, asked, executed=executed)
            self.host.save(db, uuid, body)
        if lost:
            raise ConnectionLost("Cannot write data: Broken pipe", code=38)
        if failure is not None:
            raise translate(failure.code, failure.origin, str(failure), asked) from failure
        return until

    def _lose(self, body: Body, asked: Change, lost: Body) -> bool:
        executed = lost["executed"] and _refused(body, asked) is None
        if executed:
            body["later"].append(
                {
                    "ids": cpulist.dump(asked.ids),
                    "present": asked.present,
                    "side": asked.side.value,
                    "at": time.time() + lost["after"],
                }
            )
        return executed

    def _carry_out(self, db: Any, uuid: str, body: Body, asked: Change, timeout: float) -> float | None:
        if asked.present or asked.side is Side.CONFIG:
            change(body, asked.ids, asked.present, asked.side)
            return None
        until = time.time() + timeout
        if body["guest"] == "refuses" and body["state"] != "paused":
            emit(db, uuid, HintKind.OST, _REFUSED | {"vcpu": min(asked.ids)})
            if self._monitor:
                return _REFUSED_AT_ONCE
        else:
            waits = body["guest"] == "waits" or body["state"] == "paused"
            release = None if waits else time.time() + body["guest_delay"]
            ids = cpulist.dump(asked.ids)
            body["pending"] = [one for one in body["pending"] if one["ids"] != ids]
            body["pending"].append({"ids": ids, "until": release})
        if asked.waits:
            body["busy_until"] = until
        return until

    def _wait(self, uuid: str, asked: Change, until: float) -> None:
        """Wait for the guest: an older host holds the domain's lock meanwhile."""
        if until == _REFUSED_AT_ONCE:
            raise GuestRefused(_REFUSED["text"])
        ids = cpulist.dump(asked.ids)
        while True:
            with self.host.transaction() as db:
                body = self._load(db, uuid, asked)
                slots = slots_of(body, Side.LIVE)
                gone = slots is not None and not slots.present & asked.ids
                if gone or slots is None or time.time() >= until:
                    if asked.waits:
                        body["busy_until"] = 0.0
                        self.host.save(db, uuid, body)
                    break
            time.sleep(_STEP)
        if slots is None and asked.waits:
            raise translate(55, 10, "Requested operation is not valid: domain is no longer running", asked)
        if not gone and slots is not None:
            text = f"Timed out during operation: vcpu unplug request timed out ({ids})"
            raise UnknownOutcome(text, code=68)

    def _deliver(self, callback: HintCallback, seen: int) -> None:
        while not self._closed.wait(0.02):
            with self.host.transaction() as db:
                rows = db.execute(
                    "SELECT seq, uuid, kind, detail FROM event WHERE seq > ? ORDER BY seq", (seen,)
                ).fetchall()
            for seq, uuid, kind, detail in rows:
                seen = seq
                if self._monitor or HintKind(kind) not in _MONITOR_KINDS:
                    callback(DomainHint(uuid, HintKind(kind), json.loads(detail)))


def _shown(body: Body, side: Side) -> SlotMap | None:
    slots = slots_of(body, side)
    if slots is None or (side is Side.CONFIG and body["live"] is not None):
        return slots
    return SlotMap(slots.maximum, slots.present, slots.removable - cpulist.load(body["unmarked"]))


def _refused(body: Body, asked: Change) -> QemuError | None:
    unmarked = cpulist.load(body["unmarked"]) & asked.ids
    live = slots_of(body, Side.LIVE)
    if asked.unplugs and live and unmarked & live.present:
        return QemuError(8, f"invalid argument: vcpu '{min(unmarked)}' can't be hotunplugged")
    machine = Machine(
        _vcpus(slots_of(body, Side.LIVE)),
        _vcpus(slots_of(body, Side.CONFIG)),
        body["unit_size"],
        body["hotplug"],
    )
    flags = qemu_rules.LIVE if asked.side is Side.LIVE else qemu_rules.CONFIG
    try:
        qemu_rules.check(machine, set(asked.ids), int(asked.present), flags)
    except QemuError as error:
        return error
    if asked.unplugs and body["guest"] == "firmware":
        return QemuError(1, _IN_FIRMWARE)
    return None


def _vcpus(slots: SlotMap | None) -> list[Vcpu] | None:
    if slots is None:
        return None
    return [
        Vcpu(vcpu in slots.present, vcpu in slots.removable or vcpu not in slots.present)
        for vcpu in range(slots.maximum)
    ]


def _cpu_time(body: Body) -> int | None:
    return None if body["started"] is None else int((time.time() - body["started"]) * 1e9)


def _bare(row: DomainStatistics) -> DomainStatistics:
    return replace(row, current=None, maximum=None, present=None, cpu_time=None)


def _statistics(uuid: str, body: Body, *, timed: bool) -> DomainStatistics:
    live, config = slots_of(body, Side.LIVE), slots_of(body, Side.CONFIG)
    slots, spent = live or config, _cpu_time(body) or 0
    return DomainStatistics(
        uuid=uuid,
        name=body["name"],
        state=DomainState(body["state"]),
        current=len(slots.present) if slots else None,
        maximum=slots.maximum if slots else None,
        present=live.present if live else None,
        libvirt_id=body["id"],
        cpu_time=_cpu_time(body),
        # Each uses a share of its own, in eighths by its number, and waits a little for it.
        vcpu_time={vcpu: spent * (vcpu % 9) // 8 for vcpu in live.present} if timed and live else {},
        vcpu_waited=dict.fromkeys(live.present, spent // 32) if timed and live else {},
    )
