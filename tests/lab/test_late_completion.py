"""Removals outlive every process of Slotboard and the daemon itself: what comes of them is told when it is seen."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from domains.vcpu import cpulist
from lab.instance import Instance
from tests.lab.consoles import wait_until_used
from tests.lab.places import present_slots
from tests.product import ROOT, Product
from tests.waiting import wait_until

SLOT = 5
LATE_SECONDS = 60


class ProductBesideLab(Product):
    """A Slotboard whose lab is not its own, so that the guests outlive it."""

    options = ("--no-lab",)

    def prepare(self) -> None:
        """Make the lab known as a host, as a server with its own lab does."""
        for command in (["migrate", "--verbosity", "0"], ["labhost"]):
            subprocess.run(
                [sys.executable, "manage.py", *command],
                cwd=ROOT,
                env=self.environment,
                check=True,
                timeout=120,
            )

    def start_again(self) -> None:
        """Start it anew with a log of its own, since the one before says that it was ready."""
        self.log_path = self.folder / "server-again.log"
        self.start()


@dataclass(frozen=True)
class Restarted:
    """A Slotboard and a daemon that were both started anew while removals waited, one for each guest."""

    product: Product
    lab: Instance
    removals: dict[str, object]

    def inactive(self, name: str) -> frozenset[int]:
        return present_slots(self.lab.virsh("dumpxml", "--inactive", name))


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restarted]:
    folder = tmp_path_factory.mktemp("late")
    lab, product = Instance(folder), ProductBesideLab(folder)
    try:
        lab.up(["idle01", "quiet01"])
        product.prepare()
        product.start()
        removals = {name: waiting_removal(product, lab, name) for name in ("idle01", "quiet01")}
        assert product.stop() == 0, product.log[-3000:]
        guests, daemon = {name: lab.process_of(name) for name in removals}, lab.process_of("libvirtd")
        lab.restart_daemon()
        assert lab.process_of("libvirtd") != daemon
        assert {name: lab.process_of(name) for name in removals} == guests
        product.start_again()
        yield Restarted(product, lab, removals)
    finally:
        if product.process is not None and product.process.poll() is None:
            product.stop()
        lab.down()


def waiting_removal(product: Product, lab: Instance, name: str) -> object:
    """Ask a paused guest for a CPU that it uses, on both sides, and give the operation's number."""
    if lab.guests()[name] == "paused":
        lab.virsh("resume", name)
    status, added = product.vcpu("add", "lab", name, "--vcpu", str(SLOT), "--live", "--config", "--wait")
    assert status == 0, added
    # A CPU that the guest has never brought online cannot be given back.
    wait_until_used(lab, name)
    lab.virsh("suspend", name)
    wait_until(lambda: state(product, name) == "paused", what=f"the inventory to show {name} paused")
    status, asked = product.vcpu("remove", "lab", name, "--vcpu", str(SLOT), "--live", "--config", "--wait")
    assert (status, asked["status"], asked["reason"]) == (3, "waiting", "guest_paused")
    return asked["id"]


def state(product: Product, name: str) -> object:
    (row,) = product.query("SELECT state FROM domains_domain WHERE name = ?", name)
    return row["state"]


def effects(product: Product, number: object) -> set[tuple[object, ...]]:
    rows = product.query(
        "SELECT side, state, late, reason FROM domains_effect WHERE operation_id = ?", number
    )
    return {tuple(row.values()) for row in rows}


def test_guest_that_is_resumed_gives_its_cpu_up_late_and_the_configuration_follows(restarted):
    product, name, number = restarted.product, "idle01", restarted.removals["idle01"]
    assert product.operation(number)["status"] == "waiting"
    assert SLOT in restarted.inactive(name)
    restarted.lab.virsh("resume", name)
    row = product.wait_for(number, "succeeded", LATE_SECONDS)
    assert row["late"] == 1
    assert SLOT not in present_slots(restarted.lab.virsh("dumpxml", name))
    assert SLOT not in restarted.inactive(name)
    after = json.loads(str(row["after"]))
    assert all(SLOT not in cpulist.load(after[side]["present"]) for side in ("live", "config"))
    assert ("live", "done", 1, "") in effects(product, number)
    # A worker takes it up again for its configuration.
    assert product.kinds(number) == ["requested", "started", "waiting", "late", "started", "confirmed"]


def test_guest_that_is_destroyed_ends_the_question_and_keeps_its_configuration(restarted):
    product, name, number = restarted.product, "quiet01", restarted.removals["quiet01"]
    assert product.operation(number)["status"] == "waiting"
    restarted.lab.virsh("destroy", name)
    row = product.wait_for(number, "failed", LATE_SECONDS)
    assert row["reason"] == "run_ended"
    assert SLOT in restarted.inactive(name)
    assert ("config", "done") not in {(side, state) for side, state, *_ in effects(product, number)}
    assert (
        product.query("SELECT id FROM domains_effect WHERE operation_id = ? AND settled_at IS NULL", number)
        == []
    )
