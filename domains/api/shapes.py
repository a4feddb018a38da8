"""What the API sends, for its description. Readers must expect more fields: they may be added at any time."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field

from domains.models import EffectState, HostState, Status
from domains.vcpu.reasons import Reason

SideWord = Literal["live", "config", "guest"]
SlotWord = Literal["absent", "removable", "fixed"]


class Shape(Schema):
    """An object to which fields may be added."""

    model_config = ConfigDict(extra="allow")


class SlotMap(Shape):
    """One side's slots: IDs below ``max``, as cpulists such as ``0-3,5``."""

    max: int
    present: str
    removable: str


class Host(Shape):
    """One libvirt connection and what was last seen of it. Versions are as libvirt counts them (9.0.0 is 9000000)."""

    host: str
    state: HostState
    state_since: datetime
    last_seen: datetime | None
    enabled: bool
    hypervisor: str
    hypervisor_version: int | None
    libvirt_version: int | None
    cpus: int | None
    specific: bool | None = Field(
        description="Whether its driver plugs a vCPU by its ID; null if not known yet."
    )
    served: bool | None = Field(
        description="Whether a worker serves its queue; while none does, changes stay queued. Null if not known."
    )
    asynchronous: bool = Field(description="Whether it can ask a guest for a vCPU without waiting for it.")
    monitor: bool = Field(description="Whether QEMU's monitor events are listened to.")
    queue: str = Field(description="The queue whose workers change its guests.")
    round_trip: float | None = Field(description="Milliseconds that it took for its shortest answer, lately.")
    last_error: str = Field(description="Why it is unreachable, as a sentence; empty while it is connected.")
    domains: int = Field(description="How many of its domains you may see.")


class Hosts(Shape):
    """All hosts of which you may see a domain."""

    hosts: list[Host]


class DomainRow(Shape):
    """A domain in brief."""

    host: str
    host_state: HostState
    name: str
    uuid: UUID
    state: str = Field(description="In virsh's words, such as “running” or “shut off”.")
    persistent: bool
    live: SlotMap | None = Field(description="Null while the guest is shut off.")
    config: SlotMap | None = Field(description="Null for a transient domain.")
    unit_size: int = Field(description="How many slots are plugged together.")
    agent: bool | None = Field(description="Whether the guest agent is connected; null where there is none.")
    synced: datetime = Field(description="When it was last read from its host.")


class Domains(Shape):
    """One page of domains."""

    domains: list[DomainRow]
    next: str | None = Field(description="The cursor of the next page, or null on the last one.")


class Slot(Shape):
    """One vCPU ID on both sides. ``reasons`` has a code where a change is not possible now, and else null."""

    vcpu: int
    live: SlotWord | None
    config: SlotWord | None
    reasons: dict[str, dict[str, Reason | None]] = Field(description="By side, then by action.")


class Domain(Shape):
    """A domain slot by slot."""

    host: str
    name: str
    uuid: UUID
    state: str
    persistent: bool
    live: SlotMap | None
    config: SlotMap | None
    topology: dict[str, int]
    unit_size: int
    agent: bool | None
    synced: datetime
    slots: list[Slot]


class DomainName(Shape):
    """A domain as it was called when the operation was asked for."""

    name: str
    uuid: UUID


class Requested(Shape):
    """What was asked for: one ID, several in their order, or a word such as ``first``; and on which side."""

    vcpu: int | list[int] | str | None
    affect: Literal["current", "live", "config", "both"]


class Told(Shape):
    """libvirt's own error number and text."""

    code: int | None
    text: str


class Effect(Shape):
    """What the operation means for one slot on one side, and how far that has come."""

    vcpu: int
    side: SideWord
    target: str
    state: EffectState
    late: bool
    reason: Reason | None
    libvirt: Told | None


class Maps(Shape):
    """Both sides at one time."""

    live: SlotMap | None
    config: SlotMap | None


class Operation(Shape):
    """One requested change. Times are RFC 3339 in UTC."""

    id: int
    status: Status
    late: bool
    reason: Reason | None
    message: str
    action: str
    host: str
    domain: DomainName
    requested: Requested
    affect_meant: str | None = Field(description="What “current” meant, once a worker has looked.")
    actor: str
    door: str
    note: str
    effects: list[Effect]
    before: Maps | None
    after: Maps | None
    created: datetime
    started: datetime | None
    finished: datetime | None
    undo_of: int | None = Field(description="The operation that this one undoes, by its number.")
    retry_of: int | None = Field(description="The operation that this one retries, by its number.")
    batch: int | None = Field(description="The batch that this one is part of, by its number.")


class Operations(Shape):
    """One page of operations, newest first."""

    operations: list[Operation]
    next: str | None = Field(description="The cursor of the next page, or null on the last one.")


class BatchChange(Shape):
    """What was asked of each guest: IDs or a word, or a number of vCPUs; and on which side."""

    vcpu: int | list[int] | str | None
    count: int | None
    affect: Literal["current", "live", "config", "both"]


class BatchGuest(Shape):
    """One guest of a batch: ``plan`` is what was to happen, ``vcpu`` on which slots, ``outcome`` what has."""

    host: str
    domain: DomainName
    vcpu: str
    plan: str
    outcome: str = Field(
        description="An operation's status, or late, due, dropped, refused, nothing (to do) or cannot."
    )
    reason: Reason | None
    message: str
    operation: int | None


class Batch(Shape):
    """One change asked of many guests. ``hidden`` is the number of those that you may not see."""

    id: int | None = Field(description="Null for a plan that is not carried out.")
    status: Literal["planned", "running", "stopping", "stopped", "finished"]
    message: str
    action: str
    requested: BatchChange
    parallel: int
    stop_on_failure: bool
    actor: str
    door: str
    note: str
    retry_of: int | None
    created: datetime | None
    finished: datetime | None
    counts: dict[str, int] = Field(description="Guests by outcome.")
    hidden: int
    guests: list[BatchGuest]
