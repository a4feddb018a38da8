"""How long is waited between two attempts to have a host on the line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domains.inventory import hosts, leases
from domains.models import Host
from domains.watcher import hostwatch
from domains.watcher.hostwatch import HostWatch
from domains.watcher.pace import Pace
from domains.watcher.session import SILENT
from tests.integration.simulated import host_row
from tests.simulated_host import SimulatedHost

ATTEMPTS = 9


class Hurried(HostWatch):
    """A watch whose connections end at once, as the test says, and which does not really rest."""

    lasted = 0.0
    rested = 0.0
    said = "Nothing answers there."

    def begin(self) -> list[float]:
        """Give the pauses after each of several attempts."""
        self.pauses: list[float] = []
        self.run()  # in the test's own thread
        return self.pauses

    def _connection(self) -> str:
        Clock.moment += self.lasted
        return self.said

    def _rest(self, seconds: float) -> None:
        self.pauses.append(seconds)
        Clock.moment += self.rested
        if len(self.pauses) == ATTEMPTS:
            self.stop()


class Clock:
    moment = 1000.0

    @classmethod
    def monotonic(cls) -> float:
        return cls.moment


@pytest.fixture
def watch(folder: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    def made(**fields: Any) -> Hurried:
        simulated = SimulatedHost(folder / "sim")
        Host.objects.filter(pk=host_row(simulated).pk).update(state_since=datetime.now(UTC), **fields)
        (assignment,) = hosts.assignments()
        fence = leases.acquire(assignment.lease, "me", timedelta(minutes=1))
        assert fence
        return Hurried(assignment, fence, Pace(), lambda: ())

    monkeypatch.setattr(hostwatch, "time", Clock)
    return made


def test_remote_host_is_tried_ever_less_often(watch: Any) -> None:
    pauses = watch(socket="", transport="tls", hostname="hv").begin()
    for pause, span in zip(pauses, [1, 2, 4, 8, 16, 30, 30, 30, 30], strict=True):
        assert span / 2 <= pause <= span


def test_local_host_is_tried_every_few_seconds(watch: Any) -> None:
    pauses = watch().begin()
    for pause, span in zip(pauses, [1, 2, 4, 5, 5, 5, 5, 5, 5], strict=True):
        assert span / 2 <= pause <= span


def test_what_costs_no_process_is_looked_at_every_second(watch: Any) -> None:
    one = watch()
    SimulatedHost(one.assignment.address.socket).path.unlink()
    assert one.begin() == [1.0] * ATTEMPTS


def test_flapping_host_is_given_ever_longer_pauses(watch: Any) -> None:
    one = watch(socket="", transport="tls", hostname="hv")
    one.lasted, one.said = 50.0, "The connection to the host was lost."
    assert one.begin()[-1] >= 15


@pytest.mark.parametrize(("lasted", "said"), [(61.0, "The connection to the host was lost."), (20.0, SILENT)])
def test_host_that_was_well_for_long_or_is_frozen_is_tried_again_soon(
    watch: Any, lasted: float, said: str
) -> None:
    one = watch(socket="", transport="tls", hostname="hv")
    one.lasted, one.said = lasted, said
    assert max(one.begin()) <= 1


@pytest.mark.parametrize(("rested", "lines"), [(1.0, 1), (299.0, 3), (601.0, ATTEMPTS)])
def test_log_has_the_first_attempt_and_then_one_in_ten_minutes(
    watch: Any, caplog: pytest.LogCaptureFixture, rested: float, lines: int
) -> None:
    one = watch(socket="", transport="tls", hostname="hv")
    one.rested = rested
    with caplog.at_level("INFO", logger=hostwatch.__name__):
        one.begin()
    assert len([record for record in caplog.records if "not connected" in record.getMessage()]) == lines


def test_log_has_every_other_reason_and_what_libvirt_said_of_it(
    watch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Changing(Hurried):
        def _connection(self) -> str:
            number = len(self.pauses) // 3
            self._said = f"words {number}"
            return f"Reason {number}."

    one = watch(socket="", transport="tls", hostname="hv")
    one.__class__ = Changing
    with caplog.at_level("INFO", logger=hostwatch.__name__):
        one.begin()
    told = [record.getMessage() for record in caplog.records if "not connected" in record.getMessage()]
    assert len(told) == 3
    assert all(f"Reason {number}." in line and f"words {number}" in line for number, line in enumerate(told))
