"""The calls that a simulated guest answers through its agent."""

from __future__ import annotations

import sqlite3

from domains.hypervisor.agent import agent_failed
from domains.hypervisor.errors import AgentUnavailable
from domains.hypervisor.gateway import GuestReading
from domains.vcpu import cpulist
from domains.vcpu.reasons import Reason
from tests import simulated_guest
from tests.simulated_body import Body
from tests.simulated_connection import SimulatedConnection


class AgentCalls(SimulatedConnection):
    """What the agent is asked, with QEMU's driver's checks in their order."""

    def read_guest(self, uuid: str) -> GuestReading:
        settings = self._settings()
        with self.host.transaction() as db:
            return simulated_guest.view(self._answering(db, uuid, settings, None))

    def set_online(self, uuid: str, cpus: frozenset[int], *, online: bool) -> None:
        settings = self._settings()
        with self.host.transaction() as db:
            body = self._answering(db, uuid, settings, online)
            if not cpus:
                raise agent_failed(8, 0, "invalid argument: Failed to parse bitmap ''", online=online)
            seen = simulated_guest.view(body)
            missing, held = cpus - seen.vcpus, cpus - seen.offlinable
            if missing:
                text = f"invalid argument: guest is missing vCPUs '{cpulist.dump(missing)}'"
                raise agent_failed(8, 10, text, online=online)
            if held and not online:
                text = f"Operation not supported: vCPU '{min(held)}' is not offlinable"
                raise agent_failed(84, 10, text, online=online)
            simulated_guest.switch(body, cpus, online)
            self.host.save(db, uuid, body)

    def _answering(self, db: sqlite3.Connection, uuid: str, settings: Body, online: bool | None) -> Body:
        """Load a domain whose agent answers."""
        body = self._load(db, uuid)
        if not settings["specific"]:
            raise agent_failed(
                3, 20, "this function is not supported by the connection driver", online=online
            )
        if self._readonly:
            raise agent_failed(29, 20, "operation forbidden for read only access", online=online)
        if body["state"] != "running":
            reasons = {"paused": Reason.GUEST_PAUSED, "shut off": Reason.DOMAIN_NOT_RUNNING}
            text = "Requested operation is not valid: domain is not running"
            raise AgentUnavailable(text, code=55, reason=reasons.get(body["state"], Reason.AGENT_UNAVAILABLE))
        if body["agent"] is None:
            raise agent_failed(74, 10, "QEMU guest agent is not configured", online=online)
        if not body["agent"] or body["agent_hangs"]:
            raise agent_failed(
                86, 10, "Guest agent is not responding: QEMU guest agent is not connected", online=online
            )
        return body
