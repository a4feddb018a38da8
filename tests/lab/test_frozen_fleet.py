"""A fleet in which one daemon freezes in the middle of an operation, and one port never answers: nobody else notices."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from lab.instance import Instance
from lab.settings import socket_path
from tests.lab.places import present_slots
from tests.lab.visitor import Visitor
from tests.product import ROOT, Product
from tests.waiting import wait_until

LONG = 120.0  # seconds that a busy machine may take; no promise
SHOWN = timedelta(seconds=20)
FROZEN_SECONDS = 24
SLOT = "5"


def manage(product: Product, *arguments: str) -> None:
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=product.environment, check=True)


def host(product: Product, slug: str) -> dict[str, object]:
    (row,) = product.query("SELECT * FROM domains_host WHERE slug = ?", slug)
    return row


def wait_for_host(product: Product, slug: str, state: str) -> None:
    wait_until(lambda: host(product, slug)["state"] == state, LONG, f"{slug} shown as {state}")


@pytest.fixture
def fleet(product: Product, lab: Instance) -> Iterator[None]:
    """Add to the product's own lab another one, the test driver behind its daemon, and a port that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        addresses = {
            "second": lab.uri,
            "driver": f"test+unix:///default?socket={socket_path(product.folder)}",
            "mute": f"qemu+tcp://127.0.0.1:{mute.getsockname()[1]}/system",
        }
        for slug, uri in addresses.items():
            manage(product, "host", "add", slug, uri)
        wait_for_host(product, "second", "connected")
        wait_for_host(product, "driver", "connected")
        yield
        for slug in addresses:
            manage(product, "host", "remove", slug)


@pytest.fixture
def visitor(product: Product) -> Visitor:
    return Visitor(product)


@pytest.fixture
def removal(
    product: Product, lab: Instance, lab_guest: Callable[[str], str], fleet: None, visitor: Visitor
) -> object:
    """Have a paused guest be asked for a slot: the call is under way, and will be for a while."""
    lab_guest("idle01")
    wait_until(lambda: known(product, "second", "idle01"), LONG, "the guest")
    status, added = product.vcpu("add", "second", "idle01", "--vcpu", SLOT, "--live", "--wait")
    assert status == 0, added
    _, operation = product.vcpu("remove", "second", "idle01", "--vcpu", SLOT, "--live")
    number = operation["id"]
    applying = "SELECT 1 FROM domains_effect WHERE operation_id = ? AND state = 'applying'"
    wait_until(lambda: product.query(applying, number), LONG, "the call")
    return number


def known(product: Product, slug: str, name: str) -> list[dict[str, object]]:
    return product.query(
        "SELECT d.* FROM domains_domain d JOIN domains_host h ON h.id = d.host_id"
        " WHERE h.slug = ? AND d.name = ? AND d.gone_at IS NULL",
        slug,
        name,
    )


@contextmanager
def frozen(daemon: int) -> Iterator[None]:
    os.kill(daemon, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(daemon, signal.SIGCONT)


def test_frozen_host_is_shown_as_such_and_costs_nobody_else_anything(
    product: Product, lab: Instance, removal: object, visitor: Visitor
) -> None:
    guest = UUID(str(known(product, "second", "idle01")[0]["uuid"]))
    pages = ["/", f"/domains/second/{guest}/", "/operations/", f"/operations/{removal}/", "/readyz"]
    with frozen(lab.process_of("libvirtd")):
        froze, until = datetime.now(UTC), time.monotonic() + FROZEN_SECONDS
        add = True
        while time.monotonic() < until:
            action = "add" if add else "remove"
            status, operation = product.vcpu(action, "lab", "batch01", "--vcpu", "7", "--config", "--wait")
            assert (status, operation["status"]) == (0, "succeeded"), operation
            add = not add
            for page in pages:
                visitor.get(page)
        wait_for_host(product, "second", "unreachable")
        assert since(product, "second") - froze < SHOWN
        assert "does not answer" in visitor.get(pages[1])
        assert {slug: host(product, slug)["state"] for slug in ("lab", "driver", "mute")} == {
            "lab": "connected",
            "driver": "connected",
            "mute": "unreachable",
        }
        assert (
            product.operation(removal)["status"] == "running"
        )  # what the daemon had received it may still do
    wait_for_host(product, "second", "connected")
    lab.virsh("resume", "idle01")
    row = product.wait_for(removal, "succeeded", LONG)
    assert product.kinds(removal)[-1] in ("settled", "late", "confirmed"), row
    assert int(SLOT) not in present_slots(lab.virsh("dumpxml", "idle01"))
    status, operation = product.vcpu("add", "second", "idle01", "--vcpu", SLOT, "--config", "--wait")
    assert status == 0, operation


def since(product: Product, slug: str) -> datetime:
    return datetime.fromisoformat(str(host(product, slug)["state_since"])).replace(tzinfo=UTC)
