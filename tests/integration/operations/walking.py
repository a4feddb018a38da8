"""One random walk: every rule is something that people, guests, hosts or Slotboard itself may do at any moment."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from domains.models import HistoryEntry, Operation, Status
from domains.operations import control, followups
from domains.operations.refused import RequestRefused
from domains.operations.sweep import sweep
from domains.vcpu.rules import Action
from domains.vcpu.slots import Side
from tests import simulated_foreign
from tests.integration.operations.settling import LONG, SettlingWalk
from tests.integration.operations.walk import KINDS

DEEDS = {
    "cancel": (control.cancel, [Status.QUEUED]),
    "ask again": (control.ask_again, [Status.WAITING, Status.UNCONFIRMED]),
    "stop waiting": (control.stop_waiting, [Status.WAITING]),
}
RARE = ("batch01", "old01", "test01")

slot = st.integers(0, 8) | st.integers(0, 17)
slots = st.one_of(
    slot,
    st.lists(slot, min_size=1, max_size=4, unique=True),
    st.sampled_from(["first", "highest", "all", -1]),
    st.sampled_from(["4-7", "8-11", "12-15", "8-15", "2-3", "", "3,3", "-5", "x", 4096]),
)
wishes = st.fixed_dictionaries(
    {"action": st.sampled_from([str(action) for action in Action]), "vcpu": slots},
    optional={
        "affect": st.sampled_from(["live", "config", "both", "current"]),
        "on_failure": st.sampled_from(["stop", "continue"]),
        "ask_anyway": st.booleans(),
        "queue_if_unreachable": st.booleans(),
        "expect": slot,
    },
)
kinds = st.sampled_from([kind for kind in sorted(KINDS) for _ in range(1 if kind in RARE else 3)])
answers = st.sampled_from(["all", "all", "all", "one", "none"])
passing = st.sampled_from([5.0, 60.0, LONG])
affects = st.sampled_from(["live", "both", "both", "config", "current"])
side = st.sampled_from([Side.LIVE, Side.CONFIG])


class Walk(SettlingWalk):
    """One walk. Every rule takes a guest by its number among those that this walk has."""

    @initialize(kinds=st.lists(kinds, min_size=1, max_size=3, unique=True), monitor=st.booleans())
    def begin(self, kinds, monitor):
        self.names = [self.world.add(kind) for kind in kinds]
        for host in self.world.hosts.values():
            host.row.monitor = monitor
            host.row.save(update_fields=["monitor"])

    # -- what people do ----------------------------------------------------------------------------------------

    @rule(guest=slot, asked=wishes, answers=answers)
    def ask_anything(self, guest, asked, answers):
        refused = HistoryEntry.objects.filter(kind="refused").count()
        refusal = refusal_of(self.world.request, self.pick(guest), asked)
        if refusal:
            assert 400 <= refusal.http_status < 500
            assert HistoryEntry.objects.filter(kind="refused").count() == refused + 1
        self.world.answer(answers)

    @rule(guest=slot, nth=st.lists(slot, min_size=1, max_size=3), affect=affects, answers=answers)
    def add(self, guest, nth, affect, answers):
        self.ask_for(guest, "add", "absent", nth, affect, answers)

    @rule(guest=slot, nth=st.lists(slot, min_size=1, max_size=3), affect=affects, answers=answers)
    def remove(self, guest, nth, affect, answers):
        self.ask_for(guest, "remove", "removable", nth, affect, answers)

    @rule(guest=slot, action=st.sampled_from(["add", "remove"]), affect=affects, answers=answers)
    def ask_with_a_word(self, guest, action, affect, answers):
        self.world.request(self.pick(guest), {"action": action, "affect": affect})
        self.world.answer(answers)

    @rule(guest=slot, affect=st.sampled_from(["live", "config"]), answers=answers)
    def make_alike(self, guest, affect, answers):
        self.world.request(self.pick(guest), {"action": "sync", "affect": affect, "on_failure": "continue"})
        self.world.answer(answers)

    @rule(guest=slot, vcpu=st.integers(1, 5), online=st.booleans())
    def switch(self, guest, vcpu, online):
        self.world.request(self.pick(guest), {"action": "online" if online else "offline", "vcpu": vcpu})
        self.world.answer("all")

    def ask_for(self, guest, action, among, nth, affect, answers):
        """Ask for slots that can be had, whole units of them."""
        name = self.pick(guest)
        sides, body = self.world.truth(name), self.world.body(name)
        slots = sides[Side.CONFIG if affect == "config" else Side.LIVE] or sides[Side.CONFIG]
        found = sorted(getattr(slots, among)) if slots else []
        if found:
            ids = list(dict.fromkeys(found[number % len(found)] for number in nth))
            units = {vcpu - vcpu % body["unit_size"] for vcpu in ids} if body["unit_size"] > 1 else ids
            wanted = [vcpu for unit in units for vcpu in range(unit, unit + body["unit_size"])]
            self.world.request(name, {"action": action, "vcpu": wanted, "affect": affect})
        self.world.answer(answers)

    @rule(guest=slot, nth=slot, affect=st.sampled_from(["live", "both"]), patient=st.booleans())
    def remove_and_wait(self, guest, nth, affect, patient):
        """Ask a guest that does not let go for now."""
        self.at(guest, "guest", "waits")
        self.ask_for(guest, "remove", "removable", [nth], affect, "all")
        if not patient:
            self.sweep(LONG)

    @rule(nth=slot, deed=st.sampled_from(sorted(DEEDS)), answers=answers)
    def intervene(self, nth, deed, answers):
        """Do something about an operation for which that is meant, or about any other."""
        what, statuses = DEEDS[deed]
        fitting = list(Operation.objects.filter(status__in=statuses).order_by("-pk"))
        fitting = fitting or list(Operation.objects.order_by("-pk")[:5])
        if fitting:
            refusal = refusal_of(what, self.world.actor, fitting[nth % len(fitting)].pk)
            assert refusal is None or refusal.code in ("not_cancellable", "operation_open")
        self.world.answer(answers)

    @rule(nth=slot, deed=st.sampled_from([followups.undo, followups.retry]), answers=answers)
    def follow(self, nth, deed, answers):
        """Undo or retry one of the latest operations, whether it has ended or not."""
        latest = list(Operation.objects.order_by("-pk")[:8])
        if latest:
            refusal = refusal_of(deed, self.world.actor, latest[nth % len(latest)].pk)
            assert refusal is None or refusal.http_status == 409
        self.world.answer(answers)

    # -- what Slotboard does by itself -------------------------------------------------------------------------

    @rule(answers=answers)
    def answer(self, answers):
        self.world.answer(answers)

    @rule(guest=slot)
    def look(self, guest):
        self.world.look(self.pick(guest))

    @rule(seconds=passing)
    def sweep(self, seconds):
        self.world.pass_time(seconds)
        sweep()

    @rule()
    def hear(self):
        self.world.hear()

    # -- what guests do ----------------------------------------------------------------------------------------

    @rule(
        guest=slot,
        behaviour=st.sampled_from(["waits", "refuses", "cooperates", "cooperates"]),
        delay=st.sampled_from([0.0, 30.0]),
        online=st.booleans(),
    )
    def behave(self, guest, behaviour, delay, online):
        self.at(guest, "guest", behaviour, delay=delay, brings_online=online)

    @rule(guest=slot)
    def release(self, guest):
        self.at(guest, "release")

    @rule(guest=slot, connected=st.booleans(), hangs=st.booleans())
    def agent(self, guest, connected, hangs):
        body = self.world.body(self.pick(guest))
        if body and body["agent"] is not None:
            self.at(guest, "agent", connected, hangs=hangs)

    # -- what happens elsewhere --------------------------------------------------------------------------------

    @rule(guest=slot, vcpu=slot, present=st.booleans(), at=side)
    def meddle(self, guest, vcpu, present, at):
        """Change a slot as virsh would, where it could."""
        name = self.pick(guest)
        slots, body = self.world.truth(name)[at], self.world.body(name)
        if slots is None or not body["hotplug"]:
            return
        unit = range(vcpu - vcpu % body["unit_size"], vcpu - vcpu % body["unit_size"] + body["unit_size"])
        if (
            0 in unit
            or max(unit) >= slots.maximum
            or (not present and at is Side.LIVE and not slots.removable.issuperset(unit))
        ):
            return
        for one in unit:
            self.at(guest, "foreign_set", one, present, at)

    @rule(guest=slot)
    def pause_or_resume(self, guest):
        body = self.world.body(self.pick(guest))
        if body and body["live"]:
            self.at(guest, "resume" if body["state"] == "paused" else "pause")

    @rule(guest=slot, again=st.sampled_from([True, True, True, False]))
    def stop_or_start(self, guest, again):
        name = self.pick(guest)
        body = self.world.body(name)
        if body is None:
            return
        if body["live"]:
            self.at(guest, "stop")
        if again or not body["live"]:
            self.at(guest, "start")

    @rule(guest=slot, vcpu=st.integers(1, 7), removable=st.booleans())
    def mark_in_configuration(self, guest, vcpu, removable):
        config = self.world.truth(self.pick(guest))[Side.CONFIG]
        if config and vcpu in config.present:
            self.foreign(guest, simulated_foreign.set_removable, vcpu, removable)

    @rule(guest=slot, maximum=st.sampled_from([4, 8, 16]))
    def change_maximum(self, guest, maximum):
        if self.world.truth(self.pick(guest))[Side.CONFIG]:
            self.foreign(guest, simulated_foreign.set_maximum, maximum)

    @rule(guest=slot, crashes=st.booleans())
    def crash_or_define(self, guest, crashes):
        """End a guest, or take its definition from it or give it one."""
        body = self.world.body(self.pick(guest))
        if body and body["live"] and crashes:
            self.foreign(guest, simulated_foreign.crash)
            self.at(guest, "start" if body["config"] else "vanish")
        elif body and body["live"] and body["config"]:
            self.foreign(guest, simulated_foreign.undefine)
        elif body and body["live"]:
            self.foreign(guest, simulated_foreign.redefine, self.world.truth(self.pick(guest))[Side.LIVE])

    @rule(guest=slot, seen=st.booleans(), back=st.sampled_from([True, True, True, False]))
    def go_away_or_come_back(self, guest, seen, back):
        """Have the host show a domain no longer, or again, with or without somebody who looks in between."""
        known = self.world.guests[self.pick(guest)]
        if self.world.body(known.name) is not None:
            self.away[known.name] = simulated_foreign.take_away(known.host.simulator, known.uuid)
            if not back:
                return
            if seen:
                self.world.look(known.name)
        if known.name in self.away:
            simulated_foreign.bring_back(known.host.simulator, known.uuid, self.away.pop(known.name))

    @rule(guest=slot, executed=st.booleans(), after=st.sampled_from([0.0, 20.0]))
    def lose_connection(self, guest, executed, after):
        self.at(guest, "lose_connection", executed=executed, after=after)

    @rule(guest=slot)
    def busy(self, guest):
        self.at(guest, "busy", 20.0)

    @rule(guest=slot, asked=wishes)
    def host_is_away_for_a_while(self, guest, asked):
        self.world.reach(False)
        self.ask_anything(guest, asked, "all")
        self.world.reach(True)

    def foreign(self, guest, deed, *arguments):
        """Have another tool do something to a guest that is still there."""
        known = self.world.guests[self.pick(guest)]
        if self.world.body(known.name) is not None:
            deed(known.host.simulator, known.uuid, *arguments)


def refusal_of(deed, *arguments):
    """Do something that may be refused, and give the refusal if it was."""
    try:
        deed(*arguments)
    except RequestRefused as refusal:
        return refusal
    return None
