"""A small fleet in every state that a page can show, written as watcher and workers would leave it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Group, User

from domains.models import Batch, ConnectionTest, Domain, Host, Operation, Verification
from domains.operations.actor import Actor
from domains.operations.batches.request import Choice, request_batch
from domains.operations.tokens import make_token
from tests.integration.web.factory import (
    make_domain,
    make_effect,
    make_entry,
    make_host,
    make_operation,
    make_power,
    make_user,
    slot_map,
)

GUEST = {
    "vcpus": "0-8",
    "online": "0-7",
    "offlinable": "1-8",
    "slots": {str(vcpu): vcpu for vcpu in range(9)},
}
TOPOLOGY = {"sockets": 2, "dies": 1, "clusters": 1, "cores": 4, "threads": 2}
BIG = {"sockets": 8, "dies": 1, "clusters": 1, "cores": 256, "threads": 2}


@dataclass(frozen=True)
class World:
    """The addresses of what there is, by what each shows."""

    pages: dict[str, str]


def make_world() -> World:
    """Make two people, three hosts, six guests and what happened to them."""
    ada = make_user("ada", "administrator")
    rack = make_host("rack1", libvirt_version=9_000_000, hypervisor="QEMU", hypervisor_version=7_002_000, cpus=64,
                     specific=True, round_trip=1.2)  # fmt: skip
    away = make_host("rack2", state="unreachable", seen=600, last_error="Nobody answers at this address.")
    paused = make_host("rack3", enabled=False, state="paused", queue="far")
    guests = _guests(rack, away)
    done, waiting = _work(guests["busy"])
    test = ConnectionTest.objects.create(
        host=away, slug="rack2", queue="default", actor="ada", created_at=datetime.now(UTC),
        taken_at=datetime.now(UTC), ended_at=datetime.now(UTC), answer="refused", sentence="Nobody answers there.",
    )  # fmt: skip
    batch = _batch(ada, rack)
    group = Group.objects.create(name="night shift")
    make_token(actor=Actor("ada", "page", ada), user=ada, name="nightly scaling", role="viewer", days=30)
    seq = make_entry("outside", guests["busy"], changes=[{"side": "live", "added": "9", "removed": ""}]).seq
    Verification.objects.create(
        at=datetime.now(UTC), actor="ada", entries=seq, head_seq=seq, head_hash="ab" * 32
    )
    pages = {
        f"guest {name}": f"/domains/{guest.host.slug}/{guest.uuid}/" for name, guest in guests.items()
    } | {
        "guest huge, a socket": f"/domains/rack1/{guests['huge'].uuid}/?socket=1",
        "fleet": "/",
        "fleet, none fits": "/?q=nothinglikeit",
        "operations": "/operations/",
        "operations, none fits": "/operations/?q=nothinglikeit&status=failed",
        "operations, access": "/operations/?show=access",
        "operation done": f"/operations/{done.pk}/",
        "operation waiting": f"/operations/{waiting.pk}/",
        "entry": f"/operations/entries/{seq}/",
        "batches": "/batches/",
        "batch": f"/batches/{batch.pk}/",
        "batch, planned": f"/batches/new/?domain={guests['busy'].pk}&domain={guests['stale'].pk}",
        "hosts": "/hosts/",
        "host": "/hosts/rack1/",
        "host away": f"/hosts/{away.slug}/",
        "host paused": f"/hosts/{paused.slug}/",
        "host, form": "/hosts/rack1/edit/",
        "host, remove": "/hosts/rack1/remove/",
        "host, new": "/hosts/new/",
        "host, test": f"/hosts/tests/{test.pk}/",
        "users": "/users/",
        "user": f"/users/{ada.pk}/",
        "groups": "/users/groups/",
        "group": f"/users/groups/{group.pk}/",
        "tokens": "/account/tokens/",
        "help": "/help/",
        "help, a page": "/help/slots/",
        "sign out": "/accounts/logout/",
        "switched off": "/accounts/inactive/",
    }
    return World(pages)


def _guests(rack: Host, away: Host) -> dict[str, Domain]:
    wide = slot_map(4096, "0-7,600-610", "4-7,600-610")
    return {
        "busy": make_domain(
            rack, "busy01", topology=TOPOLOGY, guest=GUEST, guest_at=datetime.now(UTC),
            live=slot_map(16, "0-9", "2-9"), config=slot_map(16, "0-8,11", "2-8,11"),
        ),
        "stale": make_domain(away, "stale01", synced_at=datetime.now(UTC) - timedelta(minutes=10)),
        "off": make_domain(rack, "off01", state="shut off", live=None),
        "gone": make_domain(rack, "gone01", gone_at=datetime.now(UTC)),
        "unread": make_domain(rack, "unread01", live=None, config=None, topology={}),
        "power": make_power(rack),
        "huge": make_domain(rack, "huge01", live=wide, config=wide, topology=BIG),
    }  # fmt: skip


def _work(busy: Domain) -> tuple[Operation, Operation]:
    """One operation of each kind that a slot can show, and one that is over."""
    sentence = "The guest refused to let go of vCPU 6."
    done = make_operation(
        busy,
        [(8, "live", "done"), (8, "config", "done")],
        status="succeeded",
        kinds=("requested", "finished"),
    )
    make_operation(
        busy, [(6, "live", "failed")], action="remove", status="failed", reason="guest_refused",
        message=sentence, kinds=("requested", "finished"),
    )  # fmt: skip
    make_operation(busy, [(3, "live", "unconfirmed")], action="remove", status="unconfirmed")
    make_operation(busy, [(13, "live", "pending")])
    running = make_operation(busy, [(12, "live", "applying")], status="running")
    make_effect(running, 2, 14, "live", "applying")
    running.effects.filter(vcpu=14).update(target="absent")
    waiting = make_operation(
        busy, [(5, "live", "waiting"), (5, "config", "waiting")], action="remove", status="waiting"
    )
    return done, waiting


def _batch(ada: User, rack: Host) -> Batch:
    guests = [make_domain(rack, f"node{number}") for number in range(3)]
    guests.append(make_domain(rack, "full", live=slot_map(4, "0-3", "2-3"), config=slot_map(4, "0-3", "2-3")))
    domains = list(Domain.objects.filter(pk__in=[one.pk for one in guests]).select_related("host"))
    choice = Choice(domains=domains, how={"domains": [one.pk for one in domains]})
    asked = {"action": "add", "count": 1, "affect": "live", "parallel": 1, "note": "for the release"}
    return request_batch(Actor("ada", "page", ada), choice, asked)
