from __future__ import annotations

import json

import pytest

from domains.hypervisor.monitor_events import MonitorAnswer, MonitorEvent, read_event


def event(**info):
    base = {"device": "vcpu5", "source": 3, "status": 0, "slot": "5", "slot-type": "CPU"}
    return json.dumps({"info": {key: value for key, value in (base | info).items() if value is not None}})


@pytest.mark.parametrize(
    ("status", "answer_meant"),
    [
        (0, MonitorAnswer.RELEASED),
        (132, MonitorAnswer.IN_PROGRESS),
        *[(status, MonitorAnswer.REFUSED) for status in (1, 2, 128, 129, 130, 131, 133, 200)],
    ],
)
@pytest.mark.parametrize("source", [3, 0x103])
def test_answer_is_read_by_its_status(status, answer_meant, source):
    answer = read_event("ACPI_DEVICE_OST", event(status=status, source=source))
    assert (answer.vcpu, answer.answer) == (5, answer_meant)
    assert (str(status) in answer.text) is (answer_meant is MonitorAnswer.REFUSED)


def test_slot_stands_in_for_a_missing_device():
    assert read_event("ACPI_DEVICE_OST", event(device=None, slot="17")).vcpu == 17


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
    assert read_event("ACPI_DEVICE_OST", details) is None


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
    event = read_event("DEVICE_DELETED", details)
    assert (event.vcpu if event else None) == vcpu


def test_failed_unplug_of_a_pseries_guest_is_a_refusal():
    event = read_event(
        "DEVICE_UNPLUG_GUEST_ERROR", '{"device": "vcpu8", "path": "/machine/peripheral/vcpu8"}'
    )
    assert event == MonitorEvent(8, MonitorAnswer.REFUSED, "the unplug failed")
