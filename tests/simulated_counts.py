"""What libvirt's test driver does with a count: the only way in which some drivers change vCPUs.

Compared with it in ``tests/contract``.
"""

from __future__ import annotations

from domains.hypervisor.errors import Change, ChangeRejected, translate
from domains.hypervisor.gateway import CAN_CHOOSE
from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side, SlotMap
from tests.simulated_body import put, slots_of
from tests.simulated_connection import SimulatedConnection

_INVALID = "invalid argument: requested cpu amount exceeds maximum"
_MISSING = {
    Side.LIVE: "domain is not running",
    Side.CONFIG: "transient domains do not have any persistent config",
}


class CountCalls(SimulatedConnection):
    """Setting a count, and asking whether there is a finer way."""

    def can_choose(self, uuid: str) -> bool:
        settings = self._settings()
        self._body(uuid)
        if self._readonly:
            raise translate(29, 20, "operation forbidden: read only access prevents virDomainSetVcpu")
        return bool(settings["specific"])

    def set_count(self, uuid: str, count: int, *, side: Side) -> None:
        """Make the first slots present and the others absent, whatever was there before."""
        asked = Change(frozenset(), True, side)
        if self.can_choose(uuid):
            raise ChangeRejected(CAN_CHOOSE, reason=Reason.INVALID_REQUEST)
        with self.host.transaction() as db:
            body = self._load(db, uuid, asked)
            slots = slots_of(body, side)
            if count == 0:
                raise translate(8, 20, "nvcpus in virDomainSetVcpusFlags must not be zero", asked)
            if slots is None:
                raise translate(55, 20, f"Requested operation is not valid: {_MISSING[side]}", asked)
            if count > slots.maximum:
                raise translate(8, 12, f"{_INVALID} ({count} > {slots.maximum})", asked)
            present = frozenset(range(count))
            put(body, side, SlotMap(slots.maximum, present, slots.removable & present))
            self.host.save(db, uuid, body)
            self.host.log(db, uuid, asked, executed=True, count=count)
