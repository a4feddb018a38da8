"""From a click to the history with everything kept in PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from domains.vcpu import cpulist
from lab.instance import Instance
from tests.browser.clicks import add_and_remove_slot_5, find_both_in_the_history, open_web01
from tests.browser.people import sign_in
from tests.product import ROOT, Product
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def product(postgres_server, django_db_blocker, tmp_path_factory):
    """The product on a PostgreSQL database, with a lab of one guest."""
    folder = tmp_path_factory.mktemp("postgresql")
    lab = Instance(folder)
    with django_db_blocker.unblock(), postgres_server.fresh():
        running = Product(folder, DATABASE_URL=os.environ["DATABASE_URL"])
        running.options = ("--no-lab",)
        try:
            lab.up(["web01"])
            running.start()
            manage(running, "labhost")
            wait_until(lambda: "running" in manage(running, "vcpu", "show", "lab", "web01"), what="the guest")
            yield running
        finally:
            assert running.stop() == 0, running.log[-3000:]
            lab.down()


def manage(product, *arguments):
    """Run ``manage.py`` beside the product, and give what it says."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=product.environment, capture_output=True, text=True, timeout=120
    )
    return done.stdout


def test_clicks_turn_the_slot_and_stand_in_the_history(product, new_context):
    page = open_web01(sign_in(new_context(), product), product)
    add_and_remove_slot_5(product, page)
    find_both_in_the_history(product, page)


def test_the_command_changes_the_guest_and_the_chain_holds(product):
    for action, present in (("add", True), ("remove", False)):
        status, operation = product.vcpu(
            action, "lab", "web01", "--vcpu", "6", "--live", "--config", "--wait"
        )
        assert (status, operation["status"]) == (0, "succeeded"), operation
        slots = product.vcpu("show", "lab", "web01")[1]
        for side in ("live", "config"):
            assert (6 in cpulist.load(slots[side]["present"])) is present, slots
    assert "Intact: " in manage(product, "history", "verify")
    assert not (product.folder / "slotboard.sqlite3").exists()
