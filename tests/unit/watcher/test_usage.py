from __future__ import annotations

import pytest

from domains.hypervisor.gateway import DomainState, DomainStatistics
from domains.watcher.usage import EVERY, EXACT, FIRST, Meter, Usage

SECOND = 10**9


def line(
    ran: dict[int, float], waited: dict[int, float] | None = None, *, run: int | None = 7, uuid: str = "u"
) -> DomainStatistics:
    """One domain's line, with the seconds that its vCPUs ran and waited."""
    return DomainStatistics(
        uuid=uuid,
        name="web01",
        state=DomainState.RUNNING,
        current=len(ran),
        maximum=8,
        present=frozenset(ran),
        libvirt_id=run,
        cpu_time=None,
        vcpu_time={vcpu: round(seconds * SECOND) for vcpu, seconds in ran.items()},
        vcpu_waited={vcpu: round(seconds * SECOND) for vcpu, seconds in (waited or {}).items()},
    )


def told(*lines: DomainStatistics, pause: float = 5.0) -> list[str | None]:
    """What a meter tells of lines that come ``pause`` seconds after each other."""
    meter = Meter()
    return [meter.take(100 + number * pause, one) for number, one in enumerate(lines)]


def test_first_reading_tells_nothing_and_the_second_a_share_of_the_time_between():
    assert told(line({0: 50, 1: 9}), line({0: 51.85, 1: 9})) == [None, "5/100 0:37 1:0"]


def test_share_is_about_the_last_ten_seconds():
    said = told(line({0: 0}), line({0: 5}), line({0: 5}), line({0: 5}))
    assert said == [None, "5/100 0:100", "10/100 0:50", "10/100 0:0"]


def test_nothing_is_told_more_often_than_every_few_seconds():
    meter = Meter()
    moments = [0.0, 1.0, FIRST, FIRST + 1, FIRST + EVERY - 0.1, FIRST + EVERY]
    said = [meter.take(moment, line({0: moment})) for moment in moments]
    assert [text is not None for text in said] == [False, False, True, False, False, True]


def test_waiting_is_told_where_it_is_known_and_more_than_nothing():
    first = line({0: 0, 1: 0, 2: 0}, {0: 1, 1: 1})
    second = line({0: 1, 1: 1, 2: 1}, {0: 1.15, 1: 1})
    assert told(first, second)[-1] == "5/100 0:20+3 1-2:20"


def test_what_runs_at_all_is_not_called_idle_and_none_has_more_than_one_cpu():
    assert told(line({0: 0, 1: 0, 2: 0}), line({0: 0.06, 1: 5.2, 2: 0.04}))[-1] == "5/100 0:1 1:100 2:0"


def test_vcpu_that_came_is_unknown_until_it_was_there_all_the_time():
    said = told(line({0: 0}), line({0: 1, 4: 0}), line({0: 2, 4: 1}), line({0: 3, 4: 2}))
    assert said == [None, "5/100 0:20", "10/100 0:20", "10/100 0:20 4:20"]


def test_vcpu_that_went_and_came_again_is_unknown_however_high_its_new_time_is():
    said = told(line({0: 0, 1: 0}), line({0: 1}), line({0: 2, 1: 5}))
    assert said == [None, "5/100 0:20", "10/100 0:20"]


def test_time_that_goes_back_is_unknown_and_not_zero():
    assert told(line({0: 9, 1: 9}), line({0: 2, 1: 10}))[-1] == "5/100 1:20"
    assert told(line({0: 0}, {0: 9}), line({0: 1}, {0: 2}))[-1] == "5/100 0:20"


def test_start_of_the_guest_begins_anew():
    said = told(line({0: 50}), line({0: 51}), line({0: 1}, run=8), line({0: 2}, run=8), line({0: 3}, run=8))
    assert said == [None, "5/100 0:20", "", None, "5/100 0:20"]


def test_guest_that_stops_and_a_driver_that_tells_no_times_are_unknown():
    assert told(line({0: 1}), line({}, run=None), line({}, run=None), line({}, run=None))[1:] == [
        "",
        None,
        "",
    ]
    assert told(line({}), line({}))[-1] == ""


def test_shares_of_many_vcpus_are_eighths_and_alike_neighbours_one_word():
    many = range(EXACT + 1)
    busy = {vcpu: (0.25 if vcpu < 4 else 2.5 if vcpu < 6 else 0.0) for vcpu in many}
    waits = {vcpu: (1.25 if vcpu == 5 else 0.0) for vcpu in many}
    zero = dict.fromkeys(many, 0.0)
    assert told(line(zero, zero), line(busy, waits))[-1] == f"5/8 0-3:1 4:4 5:4+2 6-{EXACT}:0"


@pytest.mark.parametrize("kept", [True, False])
def test_only_followed_domains_are_measured_and_those_that_stay_go_on(kept):
    usage = Usage()
    usage.follow(["u"])
    assert usage.take(0, [line({0: 0}), line({0: 0}, uuid="other")]) == {}
    usage.follow(["other", "u"] if kept else ["other"])
    assert set(usage.followed) == ({"other", "u"} if kept else {"other"})
    lines = [line({0: 1}), line({0: 1}, uuid="other")]
    assert usage.take(5, lines) == ({"u": "5/100 0:20"} if kept else {})
