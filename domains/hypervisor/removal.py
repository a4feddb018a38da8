"""A live removal: how the guest is asked, and how its answer is waited for.

A host that knows the asynchronous flag is only asked; the waiting is done here, by looking, so that the domain stays
free for readers and other changes and no worker of the daemon is taken. An older host waits by itself, holding the
domain. Either way a guest's refusal, where it is heard, ends the wait at once: an x86 guest's is told by QEMU's
monitor alone, and libvirt reports it as a timeout after seconds.
"""

from __future__ import annotations

import queue
import threading
import time

import libvirt

from domains.hypervisor.answers import Answers
from domains.hypervisor.calls import translated
from domains.hypervisor.codes import Code
from domains.hypervisor.errors import Change, ConnectionLost, GatewayError, GuestRefused, UnknownOutcome
from domains.hypervisor.monitor_events import MonitorAnswer, MonitorEvent
from domains.hypervisor.plug import plug, plug_asynchronously

_PATIENCE_SECONDS, _UNIT_PATIENCE_SECONDS = 5.0, 10.0  # as long as libvirt itself waits; longer on pSeries
_LOOK_SECONDS, _SETTLING_SECONDS = (
    0.05,
    0.01,
)  # QEMU's event comes a little before libvirt has noted the removal
_NO_WAITING: int = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT


class AskedRemoval:
    """A removal on a host that returns as soon as the guest has been asked."""

    def __init__(
        self, connection: libvirt.virConnect, domain: libvirt.virDomain, change: Change, *, monitor: bool
    ) -> None:
        self._connection = connection
        self._domain = domain
        self._change = change
        self._monitor = monitor
        self._told: queue.SimpleQueue[MonitorEvent] = queue.SimpleQueue()
        self._keys = {f"vcpu.{vcpu}.state" for vcpu in change.ids}

    def run(self) -> None:
        """Ask, and return once libvirt shows the slots no more.

        Raises ``GuestRefused`` as soon as that is heard, ``UnknownOutcome`` if the guest has not let go in time,
        ``DomainBusy`` if it was not asked because another job held the domain, and what else the call raised.
        """
        answers = Answers(self._connection, self._domain, self._change.ids, self._told.put)
        try:
            answers.begin(monitor=self._monitor)
            plug_asynchronously(self._domain, self._change)
            self._wait()
        finally:
            answers.end()

    def _wait(self) -> None:
        patience = _PATIENCE_SECONDS if len(self._change.ids) == 1 else _UNIT_PATIENCE_SECONDS
        deadline = time.monotonic() + patience
        pause = _LOOK_SECONDS
        while not self._gone():
            if time.monotonic() >= deadline:
                text = f"The guest has not let go within {patience:.0f} seconds."
                raise UnknownOutcome(text, code=Code.OPERATION_TIMEOUT)
            try:
                answer = self._told.get(timeout=pause)
            except queue.Empty:
                continue
            if answer.answer is MonitorAnswer.REFUSED:
                raise refusal(answer)
            if answer.answer is MonitorAnswer.REMOVED:
                pause = _SETTLING_SECONDS

    def _gone(self) -> bool:
        """Whether libvirt has noted the removal, or the guest has ended."""
        try:
            with translated():
                rows = self._connection.domainListGetStats(
                    [self._domain], libvirt.VIR_DOMAIN_STATS_VCPU, _NO_WAITING
                )
        except ConnectionLost:
            raise
        except GatewayError as error:
            # The guest has been asked, so a host that cannot be looked at says nothing about the outcome.
            raise UnknownOutcome(error.text, code=error.code) from error
        return not rows or self._keys.isdisjoint(rows[0][1])


class HeldRemoval:
    """A removal on a host whose call returns only when the guest has let go, or time is up."""

    def __init__(
        self, connection: libvirt.virConnect, domain: libvirt.virDomain, change: Change, *, monitor: bool
    ) -> None:
        self._domain = domain
        self._change = change
        self._monitor = monitor
        self._answers = Answers(connection, domain, change.ids, self._on_answer)
        self._outcomes: queue.SimpleQueue[GatewayError | None] = queue.SimpleQueue()

    def run(self) -> None:
        """Have libvirt remove the slots and wait for its return, or for the guest's refusal if that is sooner.

        Raises ``GuestRefused`` at the event, and otherwise what the call raised.
        """
        if not self._monitor:
            plug(self._domain, self._change)
            return
        self._answers.begin(monitor=True)
        threading.Thread(target=self._call, name="removal", daemon=True).start()
        outcome = self._outcomes.get()
        if outcome is not None:
            raise outcome

    def _call(self) -> None:
        """Stay until libvirt's call ends by itself: to stop listening before that would wait for it too."""
        try:
            plug(self._domain, self._change)
        except GatewayError as error:
            self._outcomes.put(error)
        else:
            self._outcomes.put(None)
        finally:
            self._answers.end()

    def _on_answer(self, answer: MonitorEvent) -> None:
        if answer.answer is MonitorAnswer.REFUSED:
            self._outcomes.put(refusal(answer))


def refusal(answer: MonitorEvent) -> GuestRefused:
    """Give the error for a guest that was heard to refuse."""
    return GuestRefused(answer.text)
