"""Real guests and their simulated twins, and all that is done to both of each pair."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from uuid import uuid4

from domains.models import FINAL, Operation
from domains.vcpu import cpulist
from domains.vcpu.slots import Side, SlotMap
from tests import replay
from tests.lab.consoles import cpus_online
from tests.lab.posts import dumped, outcome
from tests.waiting import wait_until

SEED = 2012
MARKS = {  # how often each guest is asked
    "web01": 6,
    "db01": 8,
    "stubborn01": 3,
    "idle01": 3,
    "quiet01": 3,
    "batch01": 3,
    "fleeting01": 2,
    "power01": 3,
}
RESTARTED = ("web01", "quiet01", "fleeting01")
RESTARTS = 4
WAITS = 3  # removals on a paused guest: each takes all the time that a worker gives a guest
SECONDS = 60.0  # for a guest to bring a CPU online, or to let go of one after a pause


@dataclass
class Pair:
    """What the walk remembers of one guest and its twin."""

    name: str
    additions: int  # that the emulated guest survives in this run
    paused: bool = False
    raw: set = field(default_factory=set)  # added while the guest was paused, so not online yet


class Walk:
    """The lab, the twins, and what is done to both."""

    def __init__(self, lab, twins, real, twin):
        self.lab, self.twins, self.real, self.twin = lab, twins, real, twin
        self.chance = random.Random(SEED)  # noqa: S311  # repeatable, not secret
        self.pairs, self.restarts, self.waits = {}, RESTARTS, WAITS
        self.waited = 0

    def pair(self, name):
        """Make the simulated twin of a real guest."""
        uuid = self.lab.virsh("domuuid", name)
        self.real.meet(name, uuid)
        domain = self.real.domain(name)
        slots = domain.live_map or domain.config_map
        made = self.twins.add_domain(
            name,
            maximum=slots.maximum,
            present=cpulist.dump(slots.present),
            removable=cpulist.dump(slots.removable),
            running=domain.running,
            paused=domain.state == "paused",
            persistent=domain.persistent,
            topology=domain.places,
            unit_size=domain.unit_size,
            machine=domain.machine,
            agent=domain.agent,
            identity=str(uuid4()),
        )
        if name == "stubborn01":
            self.twins.guest(made, "refuses")
        self.twin.meet(name, made)
        self.pairs[name] = Pair(name, len(slots.absent), paused=domain.state == "paused")

    # -- one request -------------------------------------------------------------------------------------------

    def step(self):
        name = self.chance.choices(list(MARKS), MARKS.values())[0]
        if self.chance.random() < 0.12:
            self.meddle(self.pairs[name])
        asked = self.invent(self.pairs[name])
        before = self.twin.domain(name)
        if before.live_map and asked["action"] in ("remove", "sync") and not self.pairs[name].paused:
            self.wait_online(name)
        mine, its = self.real.ask(name, asked), self.twin.ask(name, asked)
        if mine.status == "waiting" and its.status != "waiting":  # the machine was busy, and the guest slow
            self.waited += 1
            wait_until(
                lambda: self.real.look(name) and mine.refresh_from_db() is None and mine.final,
                SECONDS,
                "an end",
            )
        assert outcome(mine) == outcome(its), (name, asked)
        after = self.check_alike(name)
        self.account(self.pairs[name], before.live_map, after.live_map)

    def invent(self, pair):
        """Make up a request that says something about us and not about the machine."""
        domain = self.twin.domain(pair.name)
        live, config = domain.live_map, domain.config_map
        affect = self.chance.choice(["live", "both", "config", "current"])
        if self.chance.random() < 0.15:
            return self.nonsense(pair, domain)
        action = self.chance.choices(["add", "remove", "sync", "make_removable"], [10, 9, 2, 1])[0]
        if action == "make_removable":
            return {"action": action, "vcpu": self.chance.randrange(1, 6)}
        if action == "sync":
            costly = live and config and (pair.paused or len(config.present - live.present) > pair.additions)
            return {
                "action": action,
                "affect": "config" if costly else self.chance.choice(["live", "config"]),
            }
        touches_live = live is not None and affect != "config"
        if touches_live and not self.allowed(pair, action, domain.unit_size):
            affect, touches_live = "config", False
        slots = live if touches_live or config is None else config
        among = slots.absent if action == "add" else (slots.removable - pair.raw)
        word = not pair.raw and self.chance.random() < 0.25
        if word or not among:
            return (
                {"action": action, "affect": affect}
                if action == "add" or not touches_live or not pair.paused
                else self.nonsense(pair, domain)
            )
        first = self.chance.choice(sorted(among))
        first -= first % domain.unit_size
        ids = list(range(first, first + domain.unit_size))
        if action == "remove" and touches_live and pair.paused:
            self.waits -= 1
        return {"action": action, "vcpu": ids, "affect": affect}

    def allowed(self, pair, action, size):
        if action == "add":
            return pair.additions >= size
        return not pair.paused or self.waits > 0

    def nonsense(self, pair, domain):
        """Ask for what cannot be: the rules refuse it, or libvirt where they are left out."""
        slots = domain.live_map or domain.config_map
        vcpu, action = self.chance.choice(
            [
                (0, "remove"),
                (slots.maximum, "add"),
                (slots.maximum - 1, "remove"),
                (1, "add"),
                (sorted(slots.absent)[-1] if slots.absent else 0, "remove"),
                (sorted(slots.present)[-1], "add"),
            ]
        )
        if vcpu in slots.removable and action == "remove":
            action = "add"
        affect = "live" if domain.running else "config"
        return {"action": action, "vcpu": vcpu, "affect": affect, "ask_anyway": self.chance.random() < 0.5}

    def account(self, pair, before, after):
        """Count what the guest has had to bring online in this run."""
        if after is None or before is None:
            return
        added = after.present - before.present
        pair.additions -= len(added)
        pair.raw = (pair.raw | added) & after.present if pair.paused else set()

    # -- what others do ----------------------------------------------------------------------------------------

    def meddle(self, pair):
        deed = self.chance.choice([self.set_config, self.set_config, self.set_live, self.pause, self.restart])
        deed(pair)
        self.real.look(pair.name)
        self.twin.look(pair.name)
        self.check_alike(pair.name)

    def set_config(self, pair):
        slots = self.twin.domain(pair.name).config_map
        top = slots.maximum - 1 if slots else 0
        if slots and self.twin.domain(pair.name).unit_size == 1:
            self.set(pair, top, top not in slots.present, Side.CONFIG)

    def set_live(self, pair):
        domain = self.twin.domain(pair.name)
        if domain.live_map and domain.live_map.absent and domain.unit_size == 1 and pair.additions:
            before = domain.live_map
            vcpu = self.chance.choice(sorted(before.absent))
            self.set(pair, vcpu, True, Side.LIVE)
            self.account(pair, before, SlotMap(before.maximum, before.present | {vcpu}, before.removable))

    def set(self, pair, vcpu, present, side):
        how = "--enable" if present else "--disable"
        self.lab.virsh("setvcpu", pair.name, str(vcpu), how, f"--{side}")
        self.twins.foreign_set(self.twin.uuids[pair.name], vcpu, present, side)

    def pause(self, pair):
        """Pause a guest, or let it run on and let go of what it was asked for."""
        if pair.name not in ("idle01", "web01"):
            return
        if pair.paused:
            self.resume(pair)
        else:
            self.wait_online(pair.name)
            self.lab.virsh("suspend", pair.name)
            self.twins.pause(self.twin.uuids[pair.name])
            pair.paused = True

    def resume(self, pair):
        self.lab.virsh("resume", pair.name)
        self.twins.resume(self.twin.uuids[pair.name])
        pair.paused, pair.raw = False, set()
        self.twin.look(pair.name)
        alike = self.twin.domain(pair.name).live
        wait_until(lambda: self.real.look(pair.name).live == alike, SECONDS, f"{pair.name} to let go")

    def restart(self, pair):
        if pair.name not in RESTARTED or not self.restarts:
            return
        self.restarts -= 1
        name, twin = pair.name, self.twin.uuids[pair.name]
        domain = self.twin.domain(name)
        self.lab.virsh("destroy", name)
        self.twins.stop(twin)
        if self.chance.random() < 0.5:
            self.real.look(name)
            self.twin.look(name)
        if domain.persistent:
            self.lab.virsh("start", name)
            self.twins.start(twin)
        self.lab.up([name])
        if not domain.persistent:
            first = self.twin.first[name]["live"].present
            self.twins.add_domain(
                name,
                maximum=domain.live_map.maximum,
                present=cpulist.dump(first),
                persistent=False,
                topology=domain.places,
                machine=domain.machine,
                agent=domain.agent,
                identity=twin,
            )
        pair.paused, pair.raw = False, set()
        slots = self.real.look(name).live_map
        pair.additions = len(slots.absent)

    def wait_online(self, name):
        """Wait until the guest says on its console that it uses every CPU it has."""
        present = len(self.real.domain(name).live_map.present)
        said = (None, present)  # who has said nothing is not waited for
        wait_until(lambda: cpus_online(self.lab, name) in said, SECONDS, f"{name} to use {present} CPUs")

    # -- what must hold ----------------------------------------------------------------------------------------

    def check_alike(self, name):
        mine, its = self.real.domain(name), self.twin.domain(name)
        assert (mine.state, mine.live, mine.config) == (its.state, its.live, its.config), name
        return mine

    def settle(self):
        for pair in self.pairs.values():
            if pair.paused:
                self.resume(pair)

    def check_end(self):
        assert set(Operation.objects.values_list("status", flat=True)) <= set(FINAL)
        for name in self.pairs:
            for post in (self.real, self.twin):
                replay.check_explained(post.look(name), post.first[name])
            domain = self.check_alike(name)
            assert domain.live_map == (dumped(self.lab.virsh("dumpxml", name)) if domain.running else None)
            if domain.persistent:
                assert domain.config_map == dumped(self.lab.virsh("dumpxml", name, "--inactive"))
        replay.check_chain()
