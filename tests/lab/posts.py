"""The write path worked by hand on one host, and what is compared of two."""

from __future__ import annotations

from xml.etree import ElementTree

from domains.hypervisor.errors import DomainNotFound
from domains.inventory.store import apply_gone, apply_reading, revision_of
from domains.models import Domain, Host, Operation, clock
from domains.models.host import HostState
from domains.operations import execute, gateways
from domains.operations.actor import Actor
from domains.operations.request import request_change
from domains.vcpu.slots import SlotMap
from tests import replay


class Post:
    """One host with its row, and the write path worked by hand."""

    def __init__(self, slug, socket, bells):
        self.bells, self.uuids, self.first = bells, {}, {}
        known = {"state": HostState.CONNECTED, "state_since": clock.now(), "monitor": True}
        self.row = Host.objects.create(slug=slug, socket=str(socket), **known)

    def meet(self, name, uuid):
        self.uuids[name] = uuid
        self.first[name] = replay.maps_of(self.look(name))

    def domain(self, name):
        return Domain.objects.select_related("host").get(host=self.row, uuid=self.uuids[name])

    def look(self, name):
        """Look as the watcher does, do what there is to do then, and give the row."""
        uuid = self.uuids[name]
        with gateways.gateway_to(self.row) as gateway:
            revision = revision_of(self.row.pk, uuid)
            try:
                seen = apply_reading(self.row.pk, gateway.read_domain(uuid), read_revision=revision)
            except DomainNotFound:
                seen = apply_gone(self.row.pk, uuid, read_revision=revision)
        self.bells.extend([seen.domain_id] if seen.ring else [])
        self.work()
        return self.domain(name)

    def ask(self, name, asked):
        actor = Actor("os:root", "command")
        operation = request_change(actor=actor, host=self.row.slug, domain_ref=self.uuids[name], asked=asked)
        self.work()
        return Operation.objects.get(pk=operation.pk)

    def work(self):
        while self.bells:
            execute.work(self.bells.pop(0))


def outcome(operation):
    """What twins have to have in common; how long it took is not part of it."""
    effects = operation.effects.order_by("step", "vcpu")
    told = [(one.step, one.vcpu, one.side, one.target, one.state, one.reason) for one in effects]
    return operation.status, operation.reason, operation.affect_meant, told


def dumped(xml):
    """Read libvirt's own account of a domain's vCPUs."""
    root = ElementTree.fromstring(xml)  # noqa: S314  # our own lab's answer
    vcpu = root.find("vcpu")
    maximum = int(vcpu.text)
    listed = root.findall("vcpus/vcpu")
    if not listed:
        return SlotMap(maximum, frozenset(range(int(vcpu.get("current", maximum)))), frozenset())
    present = [one for one in listed if one.get("enabled") == "yes"]
    removable = frozenset(int(one.get("id")) for one in present if one.get("hotpluggable") == "yes")
    return SlotMap(maximum, frozenset(int(one.get("id")) for one in present), removable)
