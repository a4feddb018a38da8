"""A removal that ends as soon as the guest has answered, not only when libvirt stops waiting."""

from __future__ import annotations

import queue
import threading
import time

import libvirt

from domains.hypervisor import monitor_listening
from domains.hypervisor.calls import translated
from domains.hypervisor.codes import Code
from domains.hypervisor.errors import Change, GatewayError, GuestRefused, UnknownOutcome
from domains.hypervisor.monitor_events import MonitorAnswer, read_event
from domains.hypervisor.plug import plug, plug_asynchronously

_PATIENCE_SECONDS, _UNIT_PATIENCE_SECONDS = 5.0, 10.0  # as long as libvirt itself waits; longer on pSeries
_SETTLING_SECONDS, _STEP_SECONDS = 2.0, 0.01
_NO_WAITING: int = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT


class MonitoredRemoval:
    """One live removal, watched through QEMU's monitor on the connection that asks for it.

    libvirt reports an x86 guest's refusal as a timeout after seconds; QEMU's event says it at once.
    """

    def __init__(
        self, connection: libvirt.virConnect, domain: libvirt.virDomain, change: Change, *, asynchronous: bool
    ) -> None:
        """``asynchronous`` says that the host can ask the guest without holding the domain meanwhile."""
        self._connection = connection
        self._domain = domain
        self._change = change
        self._asynchronous = asynchronous
        self._outcomes: queue.SimpleQueue[GatewayError | None] = queue.SimpleQueue()

    def run(self) -> None:
        """Ask for the removal and wait for the first answer.

        Raises ``GuestRefused`` at the event, ``UnknownOutcome`` if the guest has not answered in time, and
        otherwise what the call raised.
        """
        with translated():
            registered = monitor_listening.begin(self._connection, self._domain, self._on_event)
        try:
            if self._asynchronous:
                self._ask()
            else:
                self._call_in_a_thread()
        finally:
            with translated():
                monitor_listening.end(self._connection, registered)

    def _ask(self) -> None:
        """Wait ourselves: while libvirt waits it holds the domain, and nobody can read its XML."""
        plug_asynchronously(self._domain, self._change)
        patience = _PATIENCE_SECONDS if len(self._change.ids) == 1 else _UNIT_PATIENCE_SECONDS
        try:
            outcome = self._outcomes.get(timeout=patience)
        except queue.Empty:
            text = f"The guest has not let go within {patience:.0f} seconds."
            raise UnknownOutcome(text, code=Code.OPERATION_TIMEOUT) from None
        if outcome is not None:
            raise outcome
        self._wait_for_libvirt()

    def _wait_for_libvirt(self) -> None:
        """QEMU's event comes before libvirt has noted the removal, which the caller is about to read."""
        keys = {f"vcpu.{vcpu}.state" for vcpu in self._change.ids}
        deadline = time.monotonic() + _SETTLING_SECONDS
        while time.monotonic() < deadline:
            with translated():
                rows = self._connection.domainListGetStats(
                    [self._domain], libvirt.VIR_DOMAIN_STATS_VCPU, _NO_WAITING
                )
            if not rows or keys.isdisjoint(rows[0][1]):
                return
            time.sleep(_STEP_SECONDS)

    def _call_in_a_thread(self) -> None:
        """Leave libvirt's own call to end by itself when the guest has refused."""
        threading.Thread(target=self._call, name="removal", daemon=True).start()
        outcome = self._outcomes.get()
        if outcome is not None:
            raise outcome

    def _call(self) -> None:
        try:
            plug(self._domain, self._change)
        except GatewayError as error:
            self._outcomes.put(error)
        else:
            self._outcomes.put(None)

    def _on_event(self, *arguments: object) -> None:
        # (connection, domain, event, seconds, microseconds, details, opaque)
        answer = read_event(str(arguments[2]), str(arguments[5]))
        if answer is None or answer.vcpu not in self._change.ids:
            return
        if answer.answer is MonitorAnswer.REFUSED:
            self._outcomes.put(GuestRefused(f"The guest answered: {answer.text}."))
        elif answer.answer is MonitorAnswer.REMOVED and self._asynchronous:
            self._outcomes.put(None)
