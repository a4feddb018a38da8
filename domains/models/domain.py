"""Domains: the inventory, as last read from their hosts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler

from domains.models.fleetcolumns import CountField, changed_field, differs_field, fleet_indexes
from domains.models.host import Host
from domains.vcpu.guest import GuestView
from domains.vcpu.slots import SlotMap
from domains.vcpu.topology import Topology
from domains.vcpu.view import DomainView

STATES = (
    "running",
    "idle",
    "paused",
    "in shutdown",
    "shut off",
    "crashed",
    "pmsuspended",
    "no state",
)  # virsh's
ACTIVE_STATES = frozenset({"running", "idle", "paused", "in shutdown", "pmsuspended"})
_UUID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
BOOTING = timedelta(minutes=2)  # after that an agent that does not answer is missing, not late


class KeptUuid(models.Func):
    """A UUID that the history keeps as text, as the database compares it with ``Domain.uuid``.

    A text that is no UUID is no domain's; PostgreSQL's own cast would stop at it.
    """

    output_field = models.UUIDField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> tuple[str, tuple[str | int, ...]]:
        """Compile to the text without its dashes, as Django stores it there."""
        return self.as_sql(compiler, connection, template="replace(%(expressions)s, '-', '')")

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> tuple[str, tuple[str | int, ...]]:
        """Compile to a cast, or null."""
        kept, parameters = compiler.compile(self.source_expressions[0])
        return f"CASE WHEN {kept} ~ '{_UUID}' THEN {kept}::uuid END", (*parameters, *parameters)


class Domain(models.Model):
    """One guest of one host. Only ``domains.inventory`` writes it, by compare-and-swap on ``revision``.

    ``live`` and ``config`` hold slot maps (:class:`domains.vcpu.slots.SlotMapJson`) or null; from them follow
    ``live_count`` and ``config_count``, the slots that are present, and ``differs``. ``last_operation`` is the
    newest that was asked for, noted in the transaction that stores it. ``run`` counts
    the guest's lives; ``libvirt_id`` and ``cpu_time`` (nanoseconds) are what shows that a life goes on.
    ``guest`` (:class:`domains.vcpu.guest.GuestJson`) belongs to this run, and is as old as ``guest_at`` says.
    """

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="domains")
    uuid = models.UUIDField()
    name = models.TextField()
    state = models.CharField(max_length=20, default="no state")
    persistent = models.BooleanField(default=True)
    gone_at = models.DateTimeField(null=True, help_text="When the host stopped showing this domain.")
    run = models.PositiveIntegerField(default=0)
    run_since = models.DateTimeField(null=True, help_text="When the run was seen to begin, if it was.")
    booted = models.TextField(
        blank=True, help_text="Slots present when the run was seen to begin, if it was: a cpulist."
    )
    libvirt_id = models.BigIntegerField(null=True)
    cpu_time = models.BigIntegerField(null=True)
    live = models.JSONField(null=True)
    config = models.JSONField(null=True)
    live_count = CountField(of="live")
    config_count = CountField(of="config")
    differs = differs_field()
    topology = models.JSONField(default=dict)
    numa = models.JSONField(default=dict, help_text="Cell to cpulist of vCPU IDs.")
    pinning = models.JSONField(default=dict, help_text="vCPU ID to cpulist of host CPUs.")
    unit_size = models.PositiveSmallIntegerField(default=1)
    hotplug = models.BooleanField(default=True)
    machine = models.CharField(max_length=100, blank=True)
    agent = models.BooleanField(null=True, help_text="Connected or not; null where no agent is configured.")
    guest = models.JSONField(null=True, help_text="The guest kernel's own view, as its agent last told it.")
    guest_at = models.DateTimeField(null=True)
    unmarked = models.TextField(
        blank=True, help_text="Slots that libvirt lists without hotpluggable: a cpulist."
    )
    synced_at = models.DateTimeField()
    last_operation = models.ForeignKey(
        "Operation", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    changed = changed_field()
    revision = models.BigIntegerField(db_index=True)

    class Meta:
        ordering = ["name", "id"]
        indexes = fleet_indexes()
        constraints = [models.UniqueConstraint(fields=["host", "uuid"], name="domain_once_per_host")]

    def __str__(self) -> str:
        return self.name

    @property
    def running(self) -> bool:
        """Whether the guest is active, paused included."""
        return self.state in ACTIVE_STATES

    @property
    def live_map(self) -> SlotMap | None:
        """The running guest's slots, or None while it is shut off."""
        return SlotMap.from_json(self.live) if self.live else None

    @property
    def config_map(self) -> SlotMap | None:
        """The configuration's slots, or None for a transient domain."""
        return SlotMap.from_json(self.config) if self.config else None

    @property
    def places(self) -> Topology:
        """The guest's topology."""
        return Topology(**self.topology)

    @property
    def guest_view(self) -> GuestView | None:
        """What the guest's kernel last said of its CPUs in this run."""
        return GuestView.from_json(self.guest) if self.guest else None

    @property
    def booting(self) -> bool:
        """Whether the guest has hardly started: an agent that is yet to answer says so, for a while."""
        recent = self.run_since is not None and datetime.now(UTC) - self.run_since < BOOTING
        return self.running and self.agent is False and recent

    def view(self) -> DomainView:
        """Give what the rules need to know. Needs ``host`` loaded."""
        return DomainView(
            name=self.name,
            running=self.running,
            paused=self.state == "paused",
            persistent=self.persistent,
            live=self.live_map,
            config=self.config_map,
            unit_size=self.unit_size,
            hotplug=self.hotplug,
            specific=self.host.specific is not False,
            agent=self.agent,
            guest=self.guest_view,
            booting=self.booting,
            reachable=self.host.reachable,
            enabled=self.host.enabled,
        )
