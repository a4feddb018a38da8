"""A small world for random walks: simulated hosts with guests of every kind, the write path, and time that is told.

Nothing here waits: the simulator's clock is moved by hand, and what the database remembers is made older by as much.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

from django.db.models import F

from domains.hypervisor.errors import DomainNotFound
from domains.inventory import attribution, hosts, leases
from domains.inventory.store import apply_gone, apply_reading, revision_of
from domains.models import Domain, Effect, EffectState, Host, Lease, Operation
from domains.operations import execute, inside
from domains.operations.actor import Actor
from domains.operations.request import request_change
from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side
from domains.vcpu.targets import Target, reached
from domains.vcpu.topology import Topology
from tests import replay, simulated_body, simulated_file, simulated_host, simulator
from tests.integration import simulated
from tests.simulated_file import HOST_SETTINGS
from tests.simulator import SimulatedGateway, SimulatedHost

TIMES = {
    Operation: ("created_at", "started_at", "finished_at", "lease_until", "call_began_at"),
    Effect: ("applied_at", "settled_at"),
    Host: ("state_since", "last_seen"),
    Lease: ("expires_at",),
    Domain: ("run_since", "guest_at", "synced_at"),
}
KINDS = {
    "web01": {"present": "0-3", "removable": "2-3"},
    "db01": {"present": "0-2", "removable": "1-2", "topology": Topology(4, threads=2)},
    "fleeting01": {"present": "0-3", "removable": "2-3", "persistent": False},
    "power01": {
        "maximum": 16,
        "present": "0-11",
        "removable": "4-11",
        "unit_size": 4,
        "topology": Topology(4, threads=4),
    },
    "batch01": {"present": "0-2", "removable": "2", "running": False},
    "old01": {"present": "0-1", "hotplug": False},
    "quiet01": {"present": "0-3", "removable": "1-3", "agent": None},
    "test01": {"present": "0-3"},
}
COUNTING = "test01"
# What every entry about an operation tells, whoever wrote it
WHOLE = {
    "operation", "actor", "door", "address", "token", "host", "domain", "action", "requested", "affect_meant", "note",
    "status", "late", "reason", "message", "effects", "before", "after", "attempt", "duration",
}  # fmt: skip


class Clock:
    """Stands where the simulator looks for ``time``: who waits, moves it on."""

    def __init__(self):
        self.now = 2_000_000_000.0

    def time(self):
        return self.now

    monotonic = time

    def sleep(self, seconds):
        self.now += seconds


class World:
    """One example's hosts and guests, on a database of its own. ``bells`` and ``looks`` are what was rung for."""

    def __init__(self, folder: Path, clock: Clock, bells, looks):
        self.clock, self.bells, self.looks = clock, bells, looks
        bells.clear()
        looks.clear()
        self.actor = Actor("os:root", "command")
        self.hosts = {name: _Host(folder / name, name) for name in ("sim", "counts")}
        self.hosts["counts"].simulator.tune(specific=False)
        self.guests, self.first = {}, {}
        self.done = set()
        self.heard = 0

    def add(self, kind):
        host = self.hosts["counts" if kind == COUNTING else "sim"]
        uuid = host.simulator.add_domain(kind, **({"maximum": 8} | KINDS[kind]))
        self.guests[kind] = SimpleNamespace(name=kind, uuid=uuid, host=host)
        self.look(kind)
        self.first[kind] = replay.maps_of(self.row(kind))
        return kind

    def row(self, name) -> Domain:
        return Domain.objects.select_related("host").get(uuid=self.guests[name].uuid)

    def truth(self, name):
        """Both sides as they really are, None for both of a domain that is not there any more."""
        guest = self.guests[name]
        try:
            return guest.host.simulator.truth(guest.uuid)
        except KeyError:
            return {Side.LIVE: None, Side.CONFIG: None}

    def body(self, name):
        guest = self.guests[name]
        with guest.host.simulator.transaction() as db:
            try:
                return guest.host.simulator.load(db, guest.uuid)
            except KeyError:
                return None

    # -- what happens ------------------------------------------------------------------------------------------

    def request(self, name, asked) -> Operation:
        """Ask as a door does. Raises ``RequestRefused``."""
        guest = self.guests[name]
        return request_change(
            actor=self.actor, host=guest.host.row.slug, domain_ref=guest.uuid, asked=asked, idempotency_key=""
        )

    def answer(self, which="all"):
        """Answer none of the bells, the next one, or all until none rings any more; then look inside guests."""
        while which != "none" and self.bells:
            self.work(self.bells.pop(0))
            if which == "one":
                return
        while which != "none" and self.looks:
            inside.look(*self.looks.pop(0))

    def work(self, domain_id):
        """Do one step as a worker does, and hold what it writes down against what the host really did."""
        name = Domain.objects.get(pk=domain_id).name
        before, known = self.really(name), self.states(domain_id)
        execute.work(domain_id)
        after = self.really(name)
        for effect in Effect.objects.filter(domain=domain_id).select_related("operation"):
            failed = known.get(effect.pk) != effect.state and effect.state == EffectState.FAILED
            # What comes true of a superseded one is the newer request's doing.
            if failed and effect.reason != Reason.SUPERSEDED:
                came_true = self.so(effect, after) and not self.so(effect, before)
                assert not came_true, f"{effect} of {effect.operation} came true and is called failed"

    def look(self, name):
        """Look at a domain as the watcher does, and ring as it does."""
        guest = self.guests[name]
        if not guest.host.reachable:
            return
        host, gateway = guest.host.row, guest.host.gateway
        revision = revision_of(host.pk, guest.uuid)
        try:
            seen = apply_reading(host.pk, gateway.read_domain(guest.uuid), read_revision=revision)
        except DomainNotFound:
            seen = apply_gone(host.pk, guest.uuid, read_revision=revision)
        if seen.ring:
            self.bells.append(seen.domain_id)
        self.check_seen(name)

    def hear(self):
        """Hear what QEMU's monitor has told since the last time, as the watcher of such a host does."""
        host = self.hosts["sim"]
        with host.simulator.transaction() as db:
            rows = db.execute(
                "SELECT seq, uuid, kind, json_extract(detail, '$.outcome'), json_extract(detail, '$.vcpu') "
                "FROM event WHERE seq > ? ORDER BY seq",
                (self.heard,),
            ).fetchall()
        for seq, uuid, kind, outcome, vcpu in rows:
            self.heard = seq
            if kind == "ost" and outcome == "refused":
                attribution.guest_refused(Domain.objects.get(uuid=uuid).pk, vcpu, "refused")

    def reach(self, reachable):
        """Have the first host go out of reach or come back, and the watcher notice."""
        host = self.hosts["sim"]
        host.simulator.tune(reachable=reachable)
        host.reachable = reachable
        if reachable:
            hosts.connected(host.row.pk, host.gateway.read_host(), host.fence)
        else:
            hosts.unreachable(host.row.pk, "It does not answer.", host.fence)

    def pass_time(self, seconds):
        """Let so many seconds go by for everybody."""
        self.clock.now += seconds
        for model, names in TIMES.items():
            model.objects.update(**{name: F(name) - timedelta(seconds=seconds) for name in names})

    # -- what must hold ----------------------------------------------------------------------------------------

    def states(self, domain_id):
        return dict(Effect.objects.filter(domain=domain_id).values_list("pk", "state"))

    def really(self, name):
        """The truth of both sides, and of the guest's kernel: its numbers by slot and those it does not use."""
        body = self.body(name)
        inner = (body["cpus"], set(body["offline"])) if body and body["live"] else None
        return self.truth(name), inner

    def so(self, effect, truth):
        """Whether an effect's target is reached in truth."""
        sides, inner = truth
        if effect.side != Side.GUEST:
            return bool(reached(Target(effect.target), effect.vcpu, sides[Side(effect.side)], None))
        return inner is not None and (inner[0].get(str(effect.vcpu)) in inner[1]) == (
            effect.target == Target.OFFLINE
        )

    def appended(self, kind, facts):
        """An entry about an operation is whole, and every effect that it calls done is so in this moment."""
        if "operation" not in facts or facts["domain"]["name"] not in self.guests:
            return
        assert set(facts) >= WHOLE, (kind, WHOLE - set(facts))
        for effect in facts["effects"]:
            key = (facts["operation"], effect["vcpu"], effect["side"])
            if effect["state"] == "done" and key not in self.done:
                self.done.add(key)
                one = SimpleNamespace(**effect)
                assert self.so(one, self.really(facts["domain"]["name"])), f"{kind} {key}: not so"

    def check_seen(self, name):
        """The inventory is what the host has right now."""
        row, truth = self.row(name), self.truth(name)
        assert row.live_map == truth[Side.LIVE], name
        if row.gone_at is None:
            assert row.config_map == truth[Side.CONFIG], name

    def check_explained(self, name):
        """The history alone tells how the domain came to be as it is known."""
        replay.check_explained(self.row(name), self.first[name])


class _Host:
    """A simulated host, emptied of what the last example left, with its row and the watcher's connection."""

    def __init__(self, path: Path, slug):
        self.simulator = SimulatedHost(path)
        with self.simulator.transaction() as db:
            for table in ("domain", "call", "event"):
                db.execute(f"DELETE FROM {table}")  # noqa: S608  # three fixed words
        self.simulator.tune(**HOST_SETTINGS | {"unplug_timeout": 0.02, "lock_wait": 0.02})
        self.row = simulated.host_row(self.simulator, slug)
        self.gateway = SimulatedGateway(self.simulator, readonly=True)
        self.fence = leases.acquire(f"host:{slug}", "walk", timedelta(days=1))
        self.reachable = True


def use_clock(patch, clock):
    """Have every part of the simulator look at this clock."""
    for module in (simulated_body, simulated_file, simulated_host, simulator):
        patch.setattr(module, "time", clock)
