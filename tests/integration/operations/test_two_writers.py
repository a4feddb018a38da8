"""A worker and a watcher write the same inventory: nothing is lost, and nothing is taken for somebody else's."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from domains.inventory import attribution
from domains.inventory.store import Stale
from domains.models import Domain, HistoryEntry, Operation
from domains.vcpu.slots import Side
from tests.simulator import SimulatedGateway

OPERATIONS = 300
POLL_SECONDS = 0.005  # several looks at each guest while an operation runs
REFUSALS = 40
LATEST = 0.04  # seconds from the beginning of a call to the refusal that is heard last


class Poller:
    """A watcher that looks at every domain without a pause, whether it changed or not."""

    def __init__(self, desk, uuids):
        self.desk, self.uuids = desk, uuids
        self.stopped = threading.Event()
        self.readings = self.stale = 0

    def run(self):
        try:
            while not self.stopped.wait(POLL_SECONDS):
                for uuid in self.uuids:
                    self.look(uuid)
        finally:
            connection.close()

    def look(self, uuid):
        self.readings += 1
        try:
            self.desk.look(uuid)
        except Stale:
            self.stale += 1


def run(desk, uuids, operations, between=lambda number: None):
    poller = Poller(desk, uuids)
    with ThreadPoolExecutor(1) as thread:
        polling = thread.submit(poller.run)
        try:
            statuses = list(changes(desk, uuids, operations, between))
        finally:
            poller.stopped.set()
    polling.result()  # fails here with whatever the poller failed with
    return poller, statuses


def changes(desk, uuids, operations, between):
    chance = random.Random(2012)  # noqa: S311  # a repeatable mix, not a secret
    for number in range(operations):
        between(number)
        uuid = chance.choice(uuids)
        present = desk.simulator.truth(uuid)[Side.LIVE].present
        slot = chance.randrange(2, 16)
        action = "remove" if slot in present else "add"
        yield desk.ask(uuid, action, slot, chance.choice(["live", "both"])).status


@pytest.fixture
def guests(desk):
    desk.simulator.tune(read_delay=[0, 0.01], write_delay=[0, 0.005])
    return [desk.guest(f"guest{n}", maximum=16, present="0-3", removable="2-3") for n in range(2)]


def test_hundreds_of_operations_beside_a_watcher_leave_no_doubt(desk, guests):
    poller, statuses = run(desk, guests, OPERATIONS)
    assert statuses.count("succeeded") == OPERATIONS
    assert HistoryEntry.objects.filter(kind="outside").count() == 0
    for uuid in guests:
        domain, truth = desk.look(uuid), desk.simulator.truth(uuid)
        assert domain.live_map == truth[Side.LIVE]
        assert domain.config_map == truth[Side.CONFIG]
    assert Operation.objects.exclude(attempt__gte=1).count() == 0
    assert poller.readings > OPERATIONS


def test_one_foreign_change_among_many_is_recorded_as_exactly_that(desk, guests):
    def meddle(number):
        if number == 50:
            desk.simulator.foreign_set(guests[0], 1, False, Side.CONFIG)

    run(desk, guests, 100, meddle)
    entry = HistoryEntry.objects.get(kind="outside")
    assert '"disappeared":"1"' in entry.body
    assert (entry.domain_name, entry.door) == ("guest0", "watcher")


def test_a_refusal_is_never_lost_however_close_to_the_end_of_the_call_it_is_heard(desk, monkeypatch):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    desk.simulator.tune(unplug_timeout=0.01)
    domain_id, ask = Domain.objects.get().pk, SimulatedGateway.set_slots
    heard = []

    def hear(pause):
        time.sleep(pause)
        attribution.guest_refused(domain_id, 3, "device busy")

    with ThreadPoolExecutor(1) as thread:

        def ask_and_be_heard(*arguments, **options):
            heard.append(thread.submit(hear, LATEST * len(heard) / REFUSALS))
            ask(*arguments, **options)

        monkeypatch.setattr(SimulatedGateway, "set_slots", ask_and_be_heard)
        for _ in range(REFUSALS):
            operation = desk.ask(uuid, "remove", 3)
            heard[-1].result()
            operation.refresh_from_db()
            assert (operation.status, operation.reason) == ("failed", "guest_refused")
        thread.submit(connection.close)
    assert len(heard) == REFUSALS
