from __future__ import annotations

import json

import pytest

from domains.hypervisor.ost import OstOutcome, parse_deleted, parse_ost


def event(**info):
    base = {"device": "vcpu5", "source": 3, "status": 0, "slot": "5", "slot-type": "CPU"}
    return json.dumps({"info": {key: value for key, value in (base | info).items() if value is not None}})


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (0, OstOutcome.RELEASED),
        (132, OstOutcome.IN_PROGRESS),
        *[(status, OstOutcome.REFUSED) for status in (1, 2, 128, 129, 130, 131, 133, 200)],
    ],
)
@pytest.mark.parametrize("source", [3, 0x103])
def test_answer_is_read_by_its_status(status, outcome, source):
    answer = parse_ost(event(status=status, source=source))
    assert (answer.vcpu, answer.status, answer.outcome) == (5, status, outcome)
    assert (str(status) in answer.text) is (outcome is OstOutcome.REFUSED)


def test_slot_stands_in_for_a_missing_device():
    assert parse_ost(event(device=None, slot="17")).vcpu == 17


@pytest.mark.parametrize(
    "details",
    [
        event(source=1),
        event(**{"slot-type": "DIMM"}),
        event(device="dimm0"),
        event(device="vcpu99999"),
        event(status="0"),
        event(device=None, slot=None),
        "",
        "[]",
        "{}",
        '{"info": 5}',
        "not json",
    ],
)
def test_other_answers_are_left_alone(details):
    assert parse_ost(details) is None


@pytest.mark.parametrize(
    ("details", "vcpu"),
    [
        ('{"device": "vcpu5", "path": "/machine/peripheral/vcpu5"}', 5),
        ('{"device": "net0", "path": "/x"}', None),
        ('{"path": "/x"}', None),
        ("{", None),
        ('{"device": "vcpu"}', None),
        ('{"device": "vcpu-1"}', None),
    ],
)
def test_deleted_device_is_a_vcpu_or_not(details, vcpu):
    assert parse_deleted(details) == vcpu
