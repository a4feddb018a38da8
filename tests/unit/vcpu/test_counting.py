from __future__ import annotations

import pytest

from domains.vcpu import counting, cpulist
from domains.vcpu.reasons import Reason
from domains.vcpu.refusals import Refusal
from domains.vcpu.slots import Side, SlotMap


def slots(present, maximum=8):
    return SlotMap(maximum, cpulist.load(present), frozenset())


@pytest.mark.parametrize(
    ("live", "config", "adding", "found"),
    [
        ("0-3", None, True, 4),
        ("0-3", None, False, 3),
        ("0-3", "0-3", True, 4),
        ("0-3", "0-4", True, Reason.SPECIFIC_UNSUPPORTED),  # one count cannot serve both
        ("0,2", None, True, Reason.SPECIFIC_UNSUPPORTED),  # the driver would close the hole
        ("0-7", None, True, Reason.NO_ABSENT_SLOT),
        ("0", None, False, Reason.NOTHING_REMOVABLE),
    ],
)
def test_count_serves_where_it_means_exactly_that_slot(live, config, adding, found):
    maps = [(Side.LIVE, slots(live))] + ([(Side.CONFIG, slots(config))] if config else [])
    answer = counting.find(maps, adding=adding)
    assert (answer.reason if isinstance(answer, Refusal) else answer) == found


@pytest.mark.parametrize(
    ("present", "vcpu", "adding", "reason"),
    [
        ("0-3", 4, True, None),
        ("0-3", 3, False, None),
        ("0-4", 4, True, Reason.ALREADY_PRESENT),
        ("0-2", 3, False, Reason.ALREADY_ABSENT),
        ("0-2", 4, True, Reason.CHANGED_MEANWHILE),
        ("0-4", 3, False, Reason.CHANGED_MEANWHILE),
        ("0-7", 8, True, Reason.OUT_OF_RANGE),
        ("0", 0, False, Reason.CHANGED_MEANWHILE),
    ],
)
def test_count_is_checked_again_before_it_is_set(present, vcpu, adding, reason):
    refused = counting.check(slots(present), Side.LIVE, vcpu, adding=adding)
    assert (refused.reason if refused else None) is reason
