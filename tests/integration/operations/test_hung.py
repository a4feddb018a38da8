"""A process whose call hangs ends itself; one whose call came back at that moment goes on."""

from __future__ import annotations

import os
import signal
import threading
from datetime import timedelta

import pytest
from django.db import connections

from domains.models import Host, HostState, Operation, clock
from domains.operations import endings, hung
from domains.operations.claim import Claim, claim


@pytest.fixture
def begun(desk) -> Claim:
    """An operation that has been in hand for a while, on a host that does not answer by now."""
    uuid = desk.guest("web01")
    desk.ask(uuid, "add", 5, work=False)
    claimed = claim(Operation.objects.get().domain_id)
    assert claimed
    Operation.objects.update(claimed_at=clock.now() - timedelta(seconds=30))
    Host.objects.update(state=HostState.UNREACHABLE)
    return claimed


def signal_that_ends(claimed: Claim, *, done: bool) -> int:
    """Look from a process of its own; gives the signal by which that ended, 0 for none."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        event = threading.Event()
        if done:
            event.set()
        hung.give_up_if_hung(claimed, event)
        os._exit(0)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


def test_what_hangs_is_ended(begun):
    assert signal_that_ends(begun, done=False) == signal.SIGKILL
    assert Operation.objects.get().reason == "host_unreachable"


def test_what_somebody_else_ended_is_let_go_of_all_the_same(begun, monkeypatch):
    monkeypatch.setattr(hung, "FINISHING", 0.0)
    endings.fail(begun, endings.Reason.HOST_DISABLED)
    assert signal_that_ends(begun, done=False) == signal.SIGKILL


def test_a_call_that_came_back_in_that_moment_costs_no_process(begun):
    endings.fail(begun, endings.Reason.HYPERVISOR_ERROR)
    assert signal_that_ends(begun, done=True) == 0
    assert Operation.objects.get().reason == "hypervisor_error"
