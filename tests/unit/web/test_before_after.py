"""The pictures of an operation mark what differs, in shapes as well as in words."""

from __future__ import annotations

import re
import uuid

import pytest

from domains.models import Operation
from domains.vcpu import cpulist
from domains.vcpu.slots import SlotMap
from domains.web.before_after import pictures
from domains.web.differences import Difference, difference


def slots(present: str, removable: str = "", maximum: int = 8) -> SlotMap:
    return SlotMap(maximum, cpulist.load(present), cpulist.load(removable))


def operation(before: dict[str, SlotMap], after: dict[str, SlotMap]) -> Operation:
    stored = [{side: one.to_json() for side, one in maps.items()} for maps in (before, after)]
    return Operation(
        status="succeeded",
        domain_name="web01",
        domain_uuid=uuid.uuid4(),
        before={"live": None, "config": None, **stored[0]},
        after={"live": None, "config": None, **stored[1]},
    )


def signs(svg: str) -> list[str]:
    return re.findall(r'<path class="(sign|sign on|went)"', svg)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (slots("0-3"), slots("0-3"), []),
        (slots("0-1"), slots("0-1,5", "5"), ["vCPU 5 came, live"]),
        (slots("0-1,5-6", "5-6"), slots("0-1"), ["vCPU 5-6 went, live"]),
        (slots("0-3"), slots("0-3", "2-3"), ["vCPU 2-3 became removable, live"]),
        (slots("0-3", "3"), slots("0-3"), ["vCPU 3 became fixed, live"]),
        (slots("0-2", "2"), slots("0-1,4", "4"), ["vCPU 4 came, live", "vCPU 2 went, live"]),
        (None, slots("0-1"), []),
        (slots("0-1"), None, []),
    ],
)
def test_differences_are_told(before, after, told):
    assert list(difference(before, after).told("live")) == told


def test_a_side_that_was_not_compared_differs_in_nothing():
    assert difference(None, None) == Difference()


def test_only_the_later_picture_marks_what_differs():
    before, after = pictures(
        operation(
            {"live": slots("0-1,5", "5"), "config": slots("0-1,5", "5")},
            {"live": slots("0-1"), "config": slots("0-1,5", "5")},
        ),
        {5},
    )
    assert (signs(before.svg), before.told) == ([], ())
    assert (signs(after.svg), after.told) == (["went", "sign"], ("vCPU 5 went, live",))
    assert 'aria-label="After: 2 live (−1), 3 config; vCPU 5 went, live"' in after.svg


def test_a_slot_that_nobody_aimed_at_is_marked_and_named_but_not_ringed():
    _, after = pictures(operation({"config": slots("0-1")}, {"config": slots("0-1,4-5", "4-5")}), {4})
    assert after.svg.count('class="ring"') == 1
    assert after.svg.count('class="sign"') == 2
    assert 'class="hit" x="98.0" y="11" text-anchor="middle">5<' in after.svg


def test_the_ends_of_each_row_are_numbered_unless_a_number_beside_them_is():
    maps = {"live": slots("0-1,15", maximum=32)}
    before, _ = pictures(operation(maps, maps), {15})
    assert re.findall(r">(\d+)</text>", before.svg) == ["0", "15", "16", "31"]
    before, _ = pictures(operation(maps, maps), {1, 14})
    assert re.findall(r">(\d+)</text>", before.svg) == ["1", "14", "16", "31"]


def test_a_large_guest_shows_the_rows_in_which_something_differs():
    _, after = pictures(
        operation({"live": slots("0-7", maximum=4096)}, {"live": slots("0-7,2000,3000", maximum=4096)}),
        {2000},
    )
    assert set(re.findall(r">(\d+)</text>", after.svg)) >= {"2000", "3000"}
    assert after.svg.count("<text") < 10
