from __future__ import annotations

import pytest

from domains.vcpu import cpulist
from domains.vcpu.counted import counted
from domains.vcpu.refusals import Refusal
from domains.vcpu.rules import Action, refusal
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.view import DomainView

LIVE, CONFIG, BOTH = (Side.LIVE,), (Side.CONFIG,), (Side.LIVE, Side.CONFIG)


def slots(maximum, present, removable):
    return SlotMap(maximum, cpulist.load(present), cpulist.load(removable))


def view(live="0-3", config="0-3", *, removable="2-3", maximum=8, **more):
    values = {
        "name": "web01",
        "running": True,
        "paused": False,
        "persistent": True,
        "live": slots(maximum, live, removable) if live else None,
        "config": slots(maximum, config, removable) if config else None,
    }
    return DomainView(**(values | more))


@pytest.mark.parametrize(
    ("domain", "action", "count", "sides", "expected"),
    [
        (view(), Action.ADD, 2, BOTH, [4, 5]),
        (view("0-3,5"), Action.ADD, 2, BOTH, [4, 6]),
        (view("0-3,5"), Action.ADD, 2, CONFIG, [4, 5]),
        (view(), Action.REMOVE, 2, BOTH, [3, 2]),
        (view(removable="1,3"), Action.REMOVE, 1, LIVE, [3]),
        (view("0-5", removable="2,4"), Action.REMOVE, 2, LIVE, [4, 2]),
        (view("0-5", removable="2-5"), Action.REMOVE, 3, BOTH, [5, 4, 3]),
        (view("0-7", "0-7", removable="4-7", unit_size=4), Action.REMOVE, 4, BOTH, [4, 5, 6, 7]),
        (view("0-3", "0-3", specific=False), Action.ADD, 1, BOTH, [4]),
        (view("0-3", "0-3", specific=False), Action.REMOVE, 1, LIVE, [3]),
        (view("0-3", "0-3", unit_size=4), Action.ADD, 4, BOTH, [4, 5, 6, 7]),
    ],
)
def test_slots_that_a_number_means(domain, action, count, sides, expected):
    assert counted(domain, action, count, sides) == expected


@pytest.mark.parametrize(
    ("domain", "action", "count", "sides", "reason", "words"),
    [
        (view("0-6", "0-6"), Action.ADD, 2, BOTH, "no_absent_slot", "once vCPU 7 is there, fewer"),
        (view("0-7"), Action.ADD, 1, LIVE, "no_absent_slot", "no free slot left"),
        (view(), Action.REMOVE, 3, LIVE, "nothing_removable", "once vCPU 2-3 is gone, fewer"),
        (view(removable=""), Action.REMOVE, 1, LIVE, "nothing_removable", "no vCPU that can be removed"),
        (view("", running=False), Action.ADD, 1, BOTH, "domain_not_running", "not running"),
        (view(reachable=False), Action.ADD, 1, LIVE, "host_unreachable", "cannot be reached"),
        (view(unit_size=4), Action.ADD, 2, LIVE, "invalid_request", "4 vCPUs at a time"),
        (view(), Action.MAKE_REMOVABLE, 1, CONFIG, "invalid_request", "does not go with make removable"),
        (view(specific=False), Action.REMOVE, 2, LIVE, "specific_unsupported", "take"),
    ],
)
def test_why_a_number_cannot_be_had(domain, action, count, sides, reason, words):
    found = counted(domain, action, count, sides)

    assert isinstance(found, Refusal)
    assert found.reason == reason
    assert words in found.sentence("web01")


def test_what_is_fixed_in_the_configuration_is_not_passed_over_when_adding():
    domain = view("0-1,3", "0-1,3", removable="")

    assert counted(domain, Action.ADD, 1, LIVE) == [2]
    assert counted(domain, Action.ADD, 1, CONFIG).reason == "followed_by_fixed"


@pytest.mark.parametrize("sides", [LIVE, CONFIG, BOTH])
@pytest.mark.parametrize("action", [Action.ADD, Action.REMOVE])
def test_the_rules_have_nothing_against_the_first_of_them(action, sides):
    domain = view("0-4", "0-4", removable="2-4")

    found = counted(domain, action, 2, sides)

    assert all(refusal(domain, action, frozenset(found[:1]), side) is None for side in sides)
