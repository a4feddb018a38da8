"""Hypervisor hosts, as Slotboard knows them."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models

from domains.hypervisor.address import AddressPolicy, HostAddress


class HostState(models.TextChoices):
    """Whether the watcher has the host on the line."""

    CONNECTED = "connected"
    UNREACHABLE = "unreachable"
    PAUSED = "paused"


class Connection(models.Model):
    """How a libvirt daemon is reached, in allow-listed fields."""

    driver = models.CharField(max_length=20, default="qemu")
    transport = models.CharField(max_length=10, default="unix")
    hostname = models.CharField(max_length=255, blank=True)
    port = models.PositiveIntegerField(null=True, blank=True)
    username = models.CharField(max_length=100, blank=True)
    path = models.CharField(max_length=100, default="system")
    socket = models.CharField(max_length=107, blank=True)
    credential = models.CharField(max_length=100, blank=True)
    monitor = models.BooleanField(default=False, help_text="Listen to QEMU's monitor events (read-write).")

    class Meta:
        abstract = True

    @property
    def address(self) -> HostAddress:
        """The connection's fields, to be validated before use."""
        return HostAddress(
            driver=self.driver,
            transport=self.transport,
            hostname=self.hostname,
            user=self.username,
            port=self.port,
            path=self.path,
            socket=self.socket,
            credential=self.credential,
        )

    def uri(self) -> str:
        """Build libvirt's URI. Raises ``AddressError`` for fields that are not allowed here."""
        return self.address.uri(address_policy())


class Host(Connection):
    """One libvirt connection, and what was last seen of it. ``round_trip`` is in milliseconds."""

    slug = models.SlugField(max_length=100, unique=True)
    queue = models.CharField(max_length=100, default="default")
    enabled = models.BooleanField(default=True)

    state = models.CharField(max_length=20, choices=HostState, default=HostState.UNREACHABLE)
    state_since = models.DateTimeField()
    last_seen = models.DateTimeField(null=True)
    libvirt_version = models.BigIntegerField(null=True)
    hypervisor = models.CharField(max_length=50, blank=True)
    hypervisor_version = models.BigIntegerField(null=True)
    cpus = models.PositiveIntegerField(null=True)
    specific = models.BooleanField(
        null=True, help_text="Plugs a vCPU by its ID, found out by asking; null while that was not possible."
    )
    asynchronous = models.BooleanField(default=False, help_text="Can ask for an unplug without waiting.")
    round_trip = models.FloatField(null=True)
    last_error = models.TextField(blank=True)
    revision = models.BigIntegerField(default=0, db_index=True)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug

    @property
    def shown(self) -> str:
        """The state as people are told it: paused from the moment it was, before a watcher has let go of it."""
        return self.state if self.enabled else str(HostState.PAUSED)

    @property
    def reachable(self) -> bool:
        """Whether a worker may open a connection to it."""
        return self.enabled and self.state == HostState.CONNECTED


def address_policy() -> AddressPolicy:
    """Give what this installation allows in a host's address."""
    return AddressPolicy(
        socket_dirs=tuple(Path(folder) for folder in settings.SOCKET_DIRS),
        credential_dir=Path(settings.CREDENTIAL_DIR) if settings.CREDENTIAL_DIR else None,
        allow_tcp=settings.ALLOW_TCP,
    )
