"""libvirt's test driver through the lab's daemon: a host that can only count, from its row to its answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import libvirt
import pytest

from domains.hypervisor import eventloop
from domains.hypervisor.libvirt_gateway import open_gateway
from domains.inventory.store import apply_reading
from domains.models import Domain, Host, HostState, Operation
from domains.operations import doorbell, execute, gateways
from domains.operations.actor import Actor
from domains.operations.request import request_change
from lab.instance import Instance

LIVE, CONFIG = libvirt.VIR_DOMAIN_AFFECT_LIVE, libvirt.VIR_DOMAIN_AFFECT_CONFIG
GATEWAY = "domains.hypervisor.libvirt_gateway.open_gateway"


@pytest.fixture
def host(lab: Instance, fresh_database: str, redis, settings, monkeypatch) -> Iterator[Host]:
    socket = lab.uri.partition("socket=")[2]
    settings.GATEWAY = GATEWAY
    bells: list[int] = []
    monkeypatch.setattr(doorbell, "ring", bells.extend)
    monkeypatch.setattr(doorbell, "look", lambda *_, **__: None)
    gateways._connections.cache_clear()
    yield Host.objects.create(
        slug="counting",
        driver="test",
        path="default",
        socket=socket,
        state=HostState.CONNECTED,
        state_since=datetime.now(UTC),
    )
    gateways._connections(settings.GATEWAY).close()
    gateways._connections.cache_clear()


@pytest.fixture
def test(host: Host) -> Iterator[libvirt.virDomain]:
    """The driver's own domain, with room for four vCPUs. Its state lasts while this connection does."""
    eventloop.ensure_running()
    connection = libvirt.open(host.uri())
    domain = connection.lookupByName("test")
    domain.setVcpusFlags(4, libvirt.VIR_DOMAIN_VCPU_MAXIMUM | CONFIG)
    domain.destroy()
    domain.create()
    watching = open_gateway(host.uri(), readonly=True)
    apply_reading(host.pk, watching.read_domain(domain.UUIDString()), read_revision=0)
    assert watching.read_host().specific is None  # a connection that only reads may not ask
    yield domain
    watching.close()
    connection.close()


def ask(action: str, vcpu: str, affect: str) -> Operation:
    asked = {"action": action, "vcpu": vcpu, "affect": affect}
    operation = request_change(
        actor=Actor("os:root", "command"), host="counting", domain_ref="test", asked=asked
    )
    while Operation.objects.get(pk=operation.pk).status in ("queued", "running"):
        execute.work(Domain.objects.get().pk)
    return Operation.objects.get(pk=operation.pk)


def test_first_and_highest_are_served_by_a_count_and_a_chosen_slot_is_not(host, test):
    assert (test.vcpusFlags(LIVE), test.vcpusFlags(CONFIG)) == (2, 2)
    assert ask("add", "first", "both").status == "succeeded"
    assert (test.vcpusFlags(LIVE), test.vcpusFlags(CONFIG)) == (3, 3)
    assert ask("remove", "highest", "live").status == "succeeded"
    assert (test.vcpusFlags(LIVE), test.vcpusFlags(CONFIG)) == (2, 3)
    both = ask("add", "first", "both")  # one count no longer serves both sides
    chosen = ask("add", "2", "live")
    for operation in (both, chosen):
        assert (operation.status, operation.reason) == ("failed", "specific_unsupported")
    assert (test.vcpusFlags(LIVE), test.vcpusFlags(CONFIG)) == (2, 3)
    host.refresh_from_db()
    assert host.specific is False


def test_driver_that_has_nothing_more_to_say_is_told_as_such(host, test):
    assert ask("add", "first", "live").status == "succeeded"
    assert ask("add", "first", "live").status == "succeeded"
    assert ask("add", "first", "live").reason == "no_absent_slot"
    assert ask("online", "1", "live").reason == "agent_unavailable"
