"""Every action but add and remove, from the request to what the simulated host and guest show afterwards."""

from __future__ import annotations

import pytest

from domains.models import Domain, HistoryEntry, Host
from domains.operations import doorbell, execute, inside
from domains.vcpu.slots import Side


def effects(operation):
    return [(e.step, e.vcpu, e.side, e.target, e.state, e.reason) for e in operation.effects.all()]


def truth(desk, uuid, side):
    slots = desk.simulator.truth(uuid)[side]
    return slots.to_json()


def outside():
    return HistoryEntry.objects.filter(kind="outside").count()


# -- make removable ----------------------------------------------------------------------------------------


def test_boot_slot_is_made_removable_together_with_the_fixed_ones_after_it(desk):
    uuid = desk.guest(present="0-3,5", removable="5")
    operation = desk.ask(uuid, "make_removable", [2], "current")
    assert (operation.status, operation.affect_meant) == ("succeeded", "config")
    assert effects(operation) == [
        (1, 2, "config", "removable", "done", ""),
        (1, 3, "config", "removable", "done", ""),
    ]
    assert [call.ids for call in desk.simulator.calls()] == [frozenset({2, 3})]
    assert truth(desk, uuid, Side.CONFIG)["removable"] == "2-3,5"
    assert truth(desk, uuid, Side.LIVE)["removable"] == "5"  # not before the next start
    assert outside() == 0


@pytest.mark.parametrize(
    ("vcpu", "reason"), [([0], "vcpu0_fixed"), ([5], "already_removable"), ([6], "already_absent")]
)
def test_what_cannot_be_made_removable_says_why(desk, vcpu, reason):
    uuid = desk.guest(present="0-3,5", removable="5")
    operation = desk.ask(uuid, "make_removable", vcpu, "config")
    assert (operation.status, operation.reason) == ("failed", reason)
    assert desk.simulator.calls() == []


def test_transient_guest_has_nothing_to_make_removable_in(desk):
    uuid = desk.guest(persistent=False)
    assert desk.ask(uuid, "make_removable", [1], "config").reason == "domain_not_persistent"


# -- sync --------------------------------------------------------------------------------------------------


def test_live_changes_are_made_permanent(desk):
    uuid = desk.guest()
    desk.ask(uuid, "add", [5, 6], "live")
    desk.ask(uuid, "remove", [3], "live")
    operation = desk.ask(uuid, "sync", "all", "config")
    assert (operation.status, operation.affect_meant, operation.vcpu) == ("succeeded", "config", "all")
    assert effects(operation) == [
        (1, 5, "config", "present", "done", ""),
        (1, 6, "config", "present", "done", ""),
        (2, 3, "config", "absent", "done", ""),
    ]
    assert truth(desk, uuid, Side.CONFIG)["present"] == truth(desk, uuid, Side.LIVE)["present"] == "0-2,5-6"
    assert outside() == 0


def test_configuration_is_applied_to_the_running_guest_unit_by_unit(desk):
    uuid = desk.guest()
    desk.ask(uuid, "add", [5, 6], "config")
    desk.ask(uuid, "remove", [3], "config")
    operation = desk.ask(uuid, "sync", "all", "live")
    assert operation.status == "succeeded"
    assert effects(operation) == [
        (1, 5, "live", "present", "done", ""),
        (2, 6, "live", "present", "done", ""),
        (3, 3, "live", "absent", "done", ""),
    ]
    assert truth(desk, uuid, Side.LIVE)["present"] == "0-2,5-6"


def test_named_slots_alone_are_made_alike(desk):
    uuid = desk.guest()
    desk.ask(uuid, "add", [5, 6], "live")
    operation = desk.ask(uuid, "sync", [6, 7], "config")
    assert (operation.status, truth(desk, uuid, Side.CONFIG)["present"]) == ("succeeded", "0-3,6")
    assert [(e[1], e[4], e[5]) for e in effects(operation)] == [
        (6, "done", ""),
        (7, "skipped", "already_absent"),
    ]


def test_what_cannot_be_applied_ends_the_rest_or_not_as_asked(desk):
    uuid = desk.guest(present="0-2", removable="")
    desk.simulator.foreign_set(uuid, 2, True, Side.CONFIG)
    desk.simulator.foreign_set(uuid, 2, False, Side.CONFIG)  # in the running guest it is fixed
    desk.simulator.foreign_set(uuid, 6, True, Side.CONFIG)
    operation = desk.ask(uuid, "sync", "all", "live", on_failure="continue")
    assert operation.status == "partial"
    assert [(e[1], e[4], e[5]) for e in effects(operation)] == [
        (6, "done", ""),
        (2, "failed", "not_removable"),
    ]


def test_sides_that_are_alike_leave_nothing_to_do(desk):
    operation = desk.ask(desk.guest(), "sync", "all", "config")
    assert (operation.status, operation.reason) == ("failed", "already_alike")
    assert "nothing to make alike" in operation.message


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"running": False}, "domain_not_running"), ({"persistent": False}, "domain_not_persistent")],
)
def test_sync_needs_both_sides(desk, options, reason):
    assert desk.ask(desk.guest(**options), "sync", "all", "config").reason == reason


# -- the guest's own side ----------------------------------------------------------------------------------


def look(desk, uuid):
    inside.look(Domain.objects.get(uuid=uuid).pk, 1)
    return Domain.objects.get(uuid=uuid)


def test_guest_is_asked_and_its_numbers_matched_with_slots(desk):
    uuid = desk.guest(present="0-3", removable="")
    known = look(desk, uuid)
    assert known.guest == {
        "vcpus": "0-3",
        "online": "0-3",
        "offlinable": "1-3",
        "slots": {"0": 0, "1": 1, "2": 2, "3": 3},
    }
    desk.ask(uuid, "add", [6], "live")
    again = look(desk, uuid)
    assert again.guest["slots"]["6"] == 4
    assert again.guest_at > known.guest_at


@pytest.mark.parametrize(
    ("agent", "affect", "asked"), [(True, "live", 1), (None, "live", 0), (True, "config", 0)]
)
def test_guest_is_asked_after_a_live_change_if_it_can_answer(desk, monkeypatch, agent, affect, asked):
    looks = []
    monkeypatch.setattr(doorbell, "look", lambda ids, **_: looks.extend(ids))
    uuid = desk.guest(agent=agent)
    desk.ask(uuid, "add", [5], affect)
    assert looks == [Domain.objects.get(uuid=uuid).pk] * asked


def test_guest_takes_a_cpu_offline_and_online_again(desk):
    uuid = desk.guest(present="0-3", removable="")
    off = desk.ask(uuid, "offline", [2], "current")
    assert (off.status, off.affect_meant) == ("succeeded", "live")
    assert effects(off) == [(1, 2, "guest", "offline", "done", "")]
    assert Domain.objects.get(uuid=uuid).guest["online"] == "0-1,3"
    assert truth(desk, uuid, Side.LIVE)["present"] == "0-3"  # a slot is not a CPU's state
    assert desk.ask(uuid, "offline", [2], "live").reason == "already_offline"
    assert desk.ask(uuid, "online", [2], "live").status == "succeeded"
    assert outside() == 0


def test_plugged_cpu_that_the_guest_does_not_use_is_brought_online(desk):
    uuid = desk.guest(present="0-3", removable="")
    desk.simulator.guest(uuid, "cooperates", brings_online=False)
    look(desk, uuid)
    desk.ask(uuid, "add", [5], "live")
    shown = look(desk, uuid)
    assert (shown.guest["slots"]["5"], shown.guest["online"]) == (4, "0-3")
    assert desk.ask(uuid, "online", [5], "live").status == "succeeded"
    assert Domain.objects.get(uuid=uuid).guest["online"] == "0-4"


def test_cpu_whose_slot_is_not_known_is_left_alone(desk):
    uuid = desk.guest(present="0-3", removable="")
    desk.ask(uuid, "add", [5, 7], "live")
    operation = desk.ask(uuid, "offline", [7], "live")
    assert (operation.status, operation.reason) == ("failed", "guest_cpu_unknown")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"agent": None}, "agent_unavailable"),
        ({"agent": False}, "agent_unavailable"),
        ({"paused": True}, "guest_paused"),
        ({"running": False}, "domain_not_running"),
    ],
)
def test_guest_that_cannot_be_asked_says_why(desk, options, reason):
    operation = desk.ask(desk.guest(**options), "offline", [2], "live")
    assert (operation.status, operation.reason) == ("failed", reason)
    assert "vCPU 2" in operation.message


def test_agent_that_hangs_fails_the_request_and_keeps_what_was_known(desk):
    uuid = desk.guest(present="0-3", removable="")
    known = look(desk, uuid)
    desk.simulator.agent(uuid, True, hangs=True)
    operation = desk.ask(uuid, "offline", [2], "live")
    assert (operation.status, operation.reason) == ("failed", "agent_unavailable")
    assert look(desk, uuid).guest_at == known.guest_at


def test_new_run_forgets_what_the_guest_said(desk):
    uuid = desk.guest(present="0-3", removable="")
    assert look(desk, uuid).guest
    desk.simulator.stop(uuid)
    desk.simulator.start(uuid)
    assert desk.look(uuid).guest is None


# -- drivers that only count -------------------------------------------------------------------------------


@pytest.fixture
def counting(desk):
    desk.simulator.tune(specific=False)
    return desk


def test_count_adds_the_first_and_removes_the_highest(counting):
    uuid = counting.guest(removable="")
    added = counting.ask(uuid, "add", "first", "both")
    assert (added.status, [e[1] for e in effects(added)]) == ("succeeded", [4, 4])
    assert (
        truth(counting, uuid, Side.LIVE)["present"] == truth(counting, uuid, Side.CONFIG)["present"] == "0-4"
    )
    removed = counting.ask(uuid, "remove", "highest", "live")
    assert (removed.status, [e[1] for e in effects(removed)]) == ("succeeded", [4])
    assert Host.objects.get().specific is False  # found out by asking, once
    assert outside() == 0


def test_chosen_slot_is_more_than_a_count_can_do(counting):
    uuid = counting.guest()
    for action, vcpu in (("add", [4]), ("remove", [3])):
        operation = counting.ask(uuid, action, vcpu, "live")
        assert (operation.status, operation.reason) == ("failed", "specific_unsupported")


def test_count_that_would_change_other_slots_is_not_used(counting):
    uuid = counting.guest(present="0,2", removable="2")
    operation = counting.ask(uuid, "add", "first", "live")
    assert (operation.status, operation.reason) == ("failed", "specific_unsupported")
    assert counting.simulator.calls() == []


def test_chosen_slot_asked_for_anyway_is_refused_by_the_driver_and_no_other_is_taken(counting):
    uuid = counting.guest(removable="")
    for action, vcpu in (("remove", [1]), ("add", [6]), ("make_removable", [1])):
        affect = "config" if action == "make_removable" else "both"
        operation = counting.ask(uuid, action, vcpu, affect, ask_anyway=True)
        assert (operation.status, operation.reason) == ("failed", "specific_unsupported")
    for side in (Side.LIVE, Side.CONFIG):
        assert truth(counting, uuid, side)["present"] == "0-3"
    assert outside() == 0


def test_count_that_has_come_to_mean_another_slot_is_not_used_even_if_asked_anyway(counting):
    uuid = counting.guest(removable="")
    operation = counting.ask(uuid, "add", "first", "both", ask_anyway=True, work=False)
    execute.work(counting.bells.pop(0))  # live
    counting.simulator.foreign_set(uuid, 6, True, Side.CONFIG)
    operation = counting.work(operation)
    assert (operation.status, operation.reason) == ("partial", "changed_meanwhile")
    assert truth(counting, uuid, Side.CONFIG)["present"] == "0-3,6"
