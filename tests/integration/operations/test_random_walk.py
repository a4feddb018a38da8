"""Random walks: whatever is asked, in whatever order, mixed with whatever else happens to hosts and guests.

``WALK_STEPS`` says how many steps are taken in all; the default keeps the everyday run short. The walks are
the same in every run of one length.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from domains.history import ledger
from domains.operations import doorbell
from tests.integration import simulated
from tests.integration.operations import walk, witness
from tests.integration.operations.settling import LONG
from tests.integration.operations.walk import Clock, World
from tests.integration.operations.walking import Walk

STEPS = int(os.environ.get("WALK_STEPS", "1500"))
STEPS_OF_ONE = 50


@pytest.fixture
def fresh_worlds(databases, fresh_database, redis, tmp_path, monkeypatch, settings):
    """Give a function that makes a world on a database of its own, and the kinds of entries it came to."""
    settings.GATEWAY = simulated.FACTORY
    settings.SOCKET_DIRS = [str(tmp_path)]
    clock, bells, looks = Clock(), [], []
    walk.use_clock(monkeypatch, clock)
    monkeypatch.setattr(doorbell, "ring", bells.extend)
    monkeypatch.setattr(
        doorbell, "look", lambda ids, *, after=0.0, tries=3: looks.extend((pk, tries) for pk in ids)
    )
    worlds, kinds, last = [], set(), ExitStack()

    def make():
        last.close()
        last.enter_context(databases.fresh())
        witness.install()
        worlds[:] = [World(tmp_path, clock, bells, looks)]
        return worlds[0]

    append = ledger.append

    def looked_on(kind, facts):
        kinds.add(kind)
        worlds[0].appended(kind, facts)
        return append(kind, facts)

    monkeypatch.setattr(ledger, "append", looked_on)
    with last:
        yield make, kinds


@pytest.mark.timeout(3600)
def test_whatever_happens_is_told_truthfully(fresh_worlds):
    make, kinds = fresh_worlds
    machine = type("TruthfulWalk", (Walk,), {"make_world": staticmethod(make)})
    assert django_settings.UNPLUG_PATIENCE.total_seconds() < LONG
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=max(1, STEPS // STEPS_OF_ONE),
            stateful_step_count=STEPS_OF_ONE,
            derandomize=True,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
    came_to = {"confirmed", "failed", "late", "outside", "settled", "waiting"}
    assert kinds >= came_to
