"""What our own operations do is never taken for somebody else's, whatever the watcher sees in the midst of them."""

from __future__ import annotations

import json
import random
from datetime import timedelta

import pytest

from domains.models import Domain, HistoryEntry, Operation
from domains.operations import control
from domains.operations.refused import RequestRefused
from domains.operations.sweep import sweep
from domains.vcpu import cpulist
from domains.vcpu.slots import Side
from tests import simulated_foreign as foreign
from tests.explained import standing, unexplained
from tests.simulator import SimulatedGateway

ACTIONS = ("add", "add", "remove", "remove", "make_removable", "online", "offline", "sync")


def outside():
    return list(HistoryEntry.objects.filter(kind="outside").order_by("seq"))


@pytest.fixture
def seen_in_between(desk, monkeypatch):
    """Have the watcher look before each call to the host and right after it, before the worker itself reads."""
    real, looks = SimulatedGateway.set_slots, []

    def watched(gateway, uuid, ids, **how):
        desk.look(uuid)
        try:
            real(gateway, uuid, ids, **how)
        finally:
            looks.append(uuid)
            desk.look(uuid)

    monkeypatch.setattr(SimulatedGateway, "set_slots", watched)
    return looks


class Walk:
    """Random requests about one guest, and what a person does about those that wait."""

    def __init__(self, desk, chance):
        self.desk, self.chance = desk, chance
        self.uuid = desk.guest(maximum=12, present="0-5", removable="3-5")
        self.domain = Domain.objects.get(uuid=self.uuid)

    def step(self):
        deed = self.chance.choice([self.ask] * 8 + [self.release, self.again, self.stop, self.impatient])
        try:
            deed()
        except RequestRefused:
            assert HistoryEntry.objects.order_by("-seq").first().kind == "refused"
        self.desk.work()

    def ask(self):
        action = self.chance.choice(ACTIONS)
        guest = self.chance.choice(["cooperates", "cooperates", "waits", "refuses"])
        self.desk.simulator.guest(self.uuid, guest)
        self.desk.ask(
            self.uuid,
            action,
            self._slots(action),
            self.chance.choice(["live", "config", "both"])
            if action in ("add", "remove")
            else self.chance.choice(["live", "config"])
            if action == "sync"
            else "current",
            ask_anyway=self.chance.random() < 0.2,
            on_failure=self.chance.choice(["stop", "continue"]),
        )

    def _slots(self, action):
        word = {"add": "first", "remove": "highest", "sync": "all"}.get(action)
        if word and self.chance.random() < 0.3:
            return word
        return self.chance.sample(range(1, 12), self.chance.choice([1, 1, 1, 2, 3]))

    def release(self):
        """The guest lets go of all it was asked for, and the watcher sees it."""
        self.desk.simulator.release(self.uuid)
        self.desk.look(self.uuid)
        self.desk.bells.append(self.domain.pk)

    def again(self):
        self._about_waiting(control.ask_again)
        if self.chance.random() < 0.5:
            self.release()  # before a worker gets to ask

    def stop(self):
        self._about_waiting(control.stop_waiting)

    def impatient(self):
        sweep()

    def _about_waiting(self, deed):
        waiting = Operation.objects.filter(status__in=("waiting", "unconfirmed")).first()
        if waiting:
            deed(self.desk.actor, waiting.pk)


def done_since(seq):
    """Give what entries of operations say was done: (side, slot) to targets."""
    done = {}
    for entry in HistoryEntry.objects.filter(seq__gt=seq, operation__isnull=False):
        for effect in json.loads(entry.body)["effects"]:
            if effect["state"] == "done":
                done.setdefault((effect["side"], effect["vcpu"]), set()).add(effect["target"])
    return done


def differences(was, now):
    """Give what a walk changed: side, slot, and the targets that would each explain it."""
    for side in ("live", "config"):
        old, new = (
            (cpulist.load(at[side]["present"]), cpulist.load(at[side]["removable"])) for at in (was, now)
        )
        for vcpu in new[0] - old[0]:
            yield side, vcpu, {"present", "removable"}
        for vcpu in old[0] - new[0]:
            yield side, vcpu, {"absent"}
        for vcpu in old[0] & new[0] & (old[1] ^ new[1]):
            yield side, vcpu, {"present", "removable"}


@pytest.mark.parametrize("seed", range(3))
def test_our_own_doing_is_never_recorded_as_outside(desk, seen_in_between, settings, seed):
    desk.host.monitor = bool(seed % 2)
    desk.host.save(update_fields=["monitor"])
    settings.UNPLUG_PATIENCE = timedelta(0)
    walk = Walk(desk, random.Random(seed))  # noqa: S311  # a repeatable walk, not a secret
    was, changes = standing(walk.domain), 0
    for _ in range(120):
        seq = HistoryEntry.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
        walk.step()
        assert [entry.body for entry in outside()] == []
        now, done = standing(walk.domain), done_since(seq)
        for side, vcpu, targets in differences(was, now):
            changes += 1
            assert done.get((side, vcpu), set()) & targets, (side, vcpu, was, now)
        was = now
    assert len(seen_in_between) > 20
    assert changes > 20
    assert desk.simulator.truth(walk.uuid)[Side.LIVE] == Domain.objects.get().live_map


@pytest.mark.parametrize("seed", range(2))
def test_what_others_do_in_the_midst_of_our_operations_is_recorded_exactly_once(desk, seen_in_between, seed):
    walk = Walk(desk, random.Random(seed))  # noqa: S311
    recorded = 0
    for _ in range(60):
        walk.step()
        desk.look(walk.uuid)
        was = standing(walk.domain)
        assert len(outside()) == recorded
        meddle(walk)
        desk.look(walk.uuid)
        now = standing(walk.domain)
        recorded += was != now
        assert len(outside()) == recorded
        if was != now:
            assert unexplained(outside()[-1], was, now) == []
    assert recorded > 20


def meddle(walk):
    """Change something at which no operation aims."""
    host, uuid, chance = walk.desk.simulator, walk.uuid, walk.chance
    aimed = set(
        Domain.objects.get().effects.exclude(state__in=("done", "skipped")).values_list("vcpu", flat=True)
    )
    free = sorted(set(range(1, 12)) - aimed)
    slot = chance.choice(free) if free else 11
    present = host.truth(uuid)[Side.CONFIG].present
    chance.choice(
        [
            lambda: host.foreign_set(uuid, slot, chance.random() < 0.5, Side.LIVE),
            lambda: host.foreign_set(uuid, slot, chance.random() < 0.5, Side.CONFIG),
            lambda: foreign.set_removable(host, uuid, chance.choice(sorted(present)), chance.random() < 0.5),
            lambda: host.rename(uuid, chance.choice(["web01", "web02"])),
        ]
    )()
