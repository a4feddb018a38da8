from __future__ import annotations

import libvirt  # noqa: TID251 - the constants are compared with libvirt's own
import pytest

from domains.hypervisor.errors import (
    Change,
    ChangeRejected,
    Code,
    ConnectionLost,
    DomainBusy,
    DomainNotFound,
    GatewayError,
    GuestRefused,
    Origin,
    UnknownOutcome,
    translate,
)
from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side

QEMU = 10
NO_LOCK = (
    "Timed out during operation: cannot acquire state change lock (held by monitor=remoteDispatchDomainSave)"
)
ADD = Change(frozenset({5}), True, Side.LIVE)
ADD_TWO = Change(frozenset({5, 6}), True, Side.LIVE)
REMOVE = Change(frozenset({5}), False, Side.LIVE)
ASK = Change(frozenset({5}), False, Side.LIVE, waits=False)
COUNT = Change(frozenset(), True, Side.LIVE)
CONFIG = Change(frozenset({5}), True, Side.CONFIG)


@pytest.mark.parametrize(
    ("code", "origin", "change", "kind", "reason"),
    [
        (68, QEMU, REMOVE, UnknownOutcome, Reason.UNPLUG_UNCONFIRMED),
        (68, QEMU, ASK, DomainBusy, Reason.DOMAIN_BUSY),
        (68, QEMU, ADD, DomainBusy, Reason.DOMAIN_BUSY),
        (68, QEMU, CONFIG, DomainBusy, Reason.DOMAIN_BUSY),
        (68, QEMU, COUNT, DomainBusy, Reason.DOMAIN_BUSY),
        (68, QEMU, None, DomainBusy, Reason.DOMAIN_BUSY),
        (None, None, REMOVE, UnknownOutcome, Reason.UNPLUG_UNCONFIRMED),
        (0, 0, REMOVE, UnknownOutcome, Reason.UNPLUG_UNCONFIRMED),
        (1, 0, REMOVE, UnknownOutcome, Reason.UNPLUG_UNCONFIRMED),
        (1, 7, REMOVE, ConnectionLost, Reason.INTERRUPTED),
        (1, 13, ADD, ConnectionLost, Reason.INTERRUPTED),
        (5, 13, ADD, ConnectionLost, Reason.INTERRUPTED),
        (6, 20, ADD, ConnectionLost, Reason.INTERRUPTED),
        (38, 7, ADD, ConnectionLost, Reason.INTERRUPTED),
        (38, 7, None, ConnectionLost, Reason.INTERRUPTED),
        (39, 7, REMOVE, ConnectionLost, Reason.INTERRUPTED),
        (42, QEMU, ADD, DomainNotFound, Reason.DOMAIN_NOT_FOUND),
        (42, QEMU, None, DomainNotFound, Reason.DOMAIN_NOT_FOUND),
        (9, QEMU, REMOVE, GuestRefused, Reason.GUEST_REFUSED),
        (9, QEMU, ADD, ChangeRejected, Reason.HYPERVISOR_ERROR),
        (3, 20, ADD, ChangeRejected, Reason.SPECIFIC_UNSUPPORTED),
        (3, 20, COUNT, ChangeRejected, Reason.HYPERVISOR_ERROR),
        (55, QEMU, ADD, ChangeRejected, Reason.DOMAIN_NOT_RUNNING),
        (55, QEMU, CONFIG, ChangeRejected, Reason.DOMAIN_NOT_PERSISTENT),
        (84, QEMU, ADD, ChangeRejected, Reason.HOTPLUG_UNSUPPORTED),
        (84, QEMU, ADD_TWO, ChangeRejected, Reason.HYPERVISOR_ERROR),
        (84, QEMU, REMOVE, ChangeRejected, Reason.HYPERVISOR_ERROR),
        (38, QEMU, CONFIG, ChangeRejected, Reason.CONFIG_WRITE_FAILED),
        (38, QEMU, ADD, ChangeRejected, Reason.HYPERVISOR_ERROR),
        (8, QEMU, ADD, ChangeRejected, Reason.HYPERVISOR_ERROR),
        (29, 20, ADD, ChangeRejected, Reason.HYPERVISOR_ERROR),
        (88, 0, ADD, ChangeRejected, Reason.HYPERVISOR_ERROR),
        (1, QEMU, REMOVE, ChangeRejected, Reason.HYPERVISOR_ERROR),
        (67, QEMU, ADD, ChangeRejected, Reason.HYPERVISOR_ERROR),
        (12345, 99, ADD, ChangeRejected, Reason.HYPERVISOR_ERROR),
        (8, QEMU, None, GatewayError, Reason.HYPERVISOR_ERROR),
    ],
)
def test_errors_are_translated_by_code(code, origin, change, kind, reason):
    error = translate(code, origin, "libvirt's own words", change)
    assert type(error) is kind
    assert (error.code, error.reason, error.text) == (code, reason, "libvirt's own words")


@pytest.mark.parametrize(
    "text", ["vcpu unplug request timed out", "Zeitüberschreitung", "domain is not running", "", NO_LOCK]
)
def test_timeout_of_a_call_that_waits_for_its_guest_is_no_busy_domain(text):
    # libvirt waits 30 s for the domain: what came back sooner was the guest's time.
    assert type(translate(68, QEMU, text, REMOVE, seconds=10.2)) is UnknownOutcome
    late = type(translate(68, QEMU, text, REMOVE, seconds=30.1))
    assert late is (DomainBusy if text == NO_LOCK else UnknownOutcome)


def test_queue_that_is_full_is_a_busy_domain():
    full = "operation failed: cannot acquire state change lock due to max_queued limit"
    for change in (REMOVE, ADD, CONFIG):
        assert type(translate(9, QEMU, full, change)) is DomainBusy


def test_guest_in_its_firmware_is_told_by_qemus_words():
    words = "unable to execute QEMU command 'device_del': acpi: device unplug request for not supported device type"
    for change in (REMOVE, ASK):
        error = translate(1, QEMU, words, change)
        assert (type(error), error.reason) == (ChangeRejected, Reason.GUEST_NOT_READY)
    assert translate(1, QEMU, words, ADD).reason is Reason.HYPERVISOR_ERROR


NEWER = {Code.AGENT_COMMAND_TIMEOUT, Code.AGENT_COMMAND_FAILED}  # than the oldest client library in use


def test_codes_are_libvirts():
    for code in Code:
        name = f"VIR_ERR_{code.name}"
        if code not in NEWER or hasattr(libvirt, name):
            assert getattr(libvirt, name) == code
    # The two follow one that libvirt 9.7 brought, and that one the last of libvirt 9.0.
    assert sorted(NEWER) == [libvirt.VIR_ERR_MULTIPLE_DOMAINS + 2, libvirt.VIR_ERR_MULTIPLE_DOMAINS + 3]
    for origin in Origin:
        assert getattr(libvirt, f"VIR_FROM_{origin.name}") == origin
