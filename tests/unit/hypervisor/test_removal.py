"""How a removal waits: what real guests do of it is in ``tests/contract``."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import libvirt_qemu  # noqa: TID251 - its events are put in by hand
import pytest

from domains.hypervisor import removal
from domains.hypervisor.errors import (
    Change,
    ChangeRejected,
    ConnectionLost,
    DomainBusy,
    GatewayError,
    GuestRefused,
    UnknownOutcome,
)
from domains.hypervisor.removal import AskedRemoval, HeldRemoval
from domains.vcpu.slots import Side
from tests.unit.hypervisor.doubles import Answering, Failure
from tests.waiting import LONG

FIVE = Change(frozenset({5}), False, Side.LIVE)
CORE = Change(frozenset({8, 9, 10, 11}), False, Side.LIVE)
THERE = [(None, {"vcpu.0.state": 1, "vcpu.5.state": 1, "vcpu.8.state": 1})]
GONE = [(None, {"vcpu.0.state": 1})]
REFUSAL = '{"info": {"device": "vcpu5", "source": 3, "status": 128, "slot": "5", "slot-type": "CPU"}}'


class Host:
    """A connection and its one domain; ``log`` has what was registered, called and given up, in order."""

    def __init__(self, *, call: object = 0, looks: tuple[object, ...] = (GONE,)) -> None:
        self.log: list[str] = []
        self.callbacks: dict[str, object] = {}
        self.domainListGetStats = Answering(*looks)
        self.domain = SimpleNamespace(setVcpu=Answering(self._called(call)))

    def _called(self, answer: object):
        def call(*_: object) -> object:
            self.log.append("called")
            given = answer() if callable(answer) else answer
            self.log.append("ended")
            if isinstance(given, Exception):
                raise given
            return given

        return call

    def domainEventRegisterAny(self, domain, event, callback, opaque) -> int:  # noqa: N802 - libvirt's name
        self.callbacks["failed"] = callback
        self.log.append("listening")
        return 1

    def domainEventDeregisterAny(self, number) -> None:  # noqa: N802 - libvirt's name
        self.log.append("deaf")

    def monitor_register(self, connection, domain, event, callback, opaque) -> int:
        self.callbacks[event] = callback
        return len(self.callbacks)

    def refuse(self) -> None:
        self.callbacks["ACPI_DEVICE_OST"](self, self.domain, "ACPI_DEVICE_OST", 0, 0, REFUSAL, None)

    def ask(self, change: Change = FIVE, *, monitor: bool = False) -> None:
        AskedRemoval(self, self.domain, change, monitor=monitor).run()

    def hold(self, *, monitor: bool = True) -> None:
        HeldRemoval(self, self.domain, FIVE, monitor=monitor).run()


@pytest.fixture(autouse=True)
def _monitor(monkeypatch):
    monkeypatch.setattr(
        libvirt_qemu, "qemuMonitorEventRegister", lambda host, *rest: host.monitor_register(host, *rest)
    )
    monkeypatch.setattr(libvirt_qemu, "qemuMonitorEventDeregister", lambda host, number: None)


def test_asked_removal_looks_until_the_slot_is_gone():
    host = Host(looks=(THERE, THERE, GONE))
    host.ask()
    assert host.domain.setVcpu.calls == [("5", 0, 1 | 4)]
    assert len(host.domainListGetStats.calls) == 3
    assert host.log == ["listening", "called", "ended", "deaf"]


def test_removal_of_a_guest_that_ends_is_over():
    Host(looks=(THERE, [])).ask()
    Host(looks=(THERE, [(None, {})])).ask()


def test_whole_unit_is_given_twice_the_time(monkeypatch):
    looks = []
    for change in (FIVE, CORE):
        clock = iter(range(100))
        monkeypatch.setattr(
            removal, "time", SimpleNamespace(monotonic=lambda clock=clock: float(next(clock)))
        )
        host = Host(looks=(THERE,))
        with pytest.raises(UnknownOutcome) as caught:
            host.ask(change)
        assert caught.value.code == 68
        looks.append(len(host.domainListGetStats.calls))
    assert looks == [5, 10]


@pytest.mark.parametrize("monitor", [False, True])
def test_refusal_ends_the_wait_at_once(monitor):
    host = Host()

    def look(*_: object) -> object:
        if monitor:
            host.refuse()
        else:
            host.callbacks["failed"](host, host.domain, "vcpu5", None)
        return THERE

    host.domainListGetStats = Answering(look)
    with pytest.raises(GuestRefused, match="128" if monitor else "the unplug failed"):
        host.ask(monitor=monitor)
    assert len(host.domainListGetStats.calls) == 1
    assert host.log[-1] == "deaf"


def test_answer_about_another_vcpu_is_none():
    host = Host()

    def look(*_: object) -> object:
        host.callbacks["failed"](host, host.domain, "vcpu6", None)
        host.callbacks["failed"](host, host.domain, "net0", None)
        return THERE if len(host.domainListGetStats.calls) < 3 else GONE

    host.domainListGetStats = Answering(look)
    host.ask()


def test_host_that_could_not_ask_is_busy():
    host = Host(call=Failure(68, "in another language"))
    with pytest.raises(DomainBusy):
        host.ask()
    assert host.domainListGetStats.calls == []
    assert host.log[-1] == "deaf"


@pytest.mark.parametrize(
    ("error", "kind"),
    [(Failure(38, origin=7), ConnectionLost), (Failure(1), UnknownOutcome), (Failure(42), UnknownOutcome)],
)
def test_host_that_cannot_be_looked_at_says_nothing_of_the_outcome(error, kind):
    with pytest.raises(kind):
        Host(looks=(THERE, error)).ask()


def test_refusal_does_not_wait_for_a_call_that_does(monkeypatch):
    told, over = threading.Event(), threading.Event()
    host = Host()

    def call() -> int:
        host.refuse()
        assert told.wait(LONG)
        return 0

    host.domain.setVcpu = Answering(host._called(call))
    monkeypatch.setattr(
        host, "domainEventDeregisterAny", lambda number: (host.log.append("deaf"), over.set())
    )
    with pytest.raises(GuestRefused):
        host.hold()
    assert host.log == ["listening", "called"]  # to stop listening would wait for the call
    told.set()
    assert over.wait(LONG)
    assert host.log == ["listening", "called", "ended", "deaf"]


@pytest.mark.parametrize("monitor", [False, True])
@pytest.mark.parametrize(
    ("answer", "kind"),
    [(Failure(68), UnknownOutcome), (Failure(9), GuestRefused), (Failure(84), ChangeRejected)],
)
def test_held_removal_ends_as_its_call_does(monitor, answer, kind):
    host = Host(call=answer)
    with pytest.raises(kind):
        host.hold(monitor=monitor)
    assert host.domain.setVcpu.calls == [("5", 0, 1)]
    Host().hold(monitor=monitor)


@pytest.mark.parametrize("code", [3, 8])
def test_host_without_events_to_hear_is_only_looked_at(monkeypatch, code):
    def unsupported(*_: object) -> int:
        raise Failure(code)

    monkeypatch.setattr(libvirt_qemu, "qemuMonitorEventRegister", unsupported)
    host = Host(looks=(THERE, GONE))
    monkeypatch.setattr(host, "domainEventRegisterAny", unsupported)
    host.ask(monitor=True)
    assert host.log == ["called", "ended"]


def test_failed_listening_asks_for_nothing(monkeypatch):
    def failing(*_: object) -> int:
        raise Failure(88)

    monkeypatch.setattr(libvirt_qemu, "qemuMonitorEventRegister", failing)
    for call in (Host.ask, Host.hold):
        host = Host()
        with pytest.raises(GatewayError) as caught:
            call(host, monitor=True)
        assert caught.value.code == 88
        assert host.log == ["listening", "deaf"]
