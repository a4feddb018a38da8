"""One key, one operation: also when both requests come at the same time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from domains.models import HistoryEntry, Operation
from domains.operations import request
from domains.operations.idempotency import made_before
from domains.operations.refused import RequestRefused
from tests.waiting import LONG


@pytest.fixture
def at_once(desk, monkeypatch):
    """Ask twice with one key, at the same time; whoever looks for an earlier operation is slow to store its own."""
    uuid = desk.guest()
    both_there = threading.Barrier(2, timeout=LONG)

    def look_and_dawdle(*arguments):
        found = made_before(*arguments)
        time.sleep(0.2)
        return found

    monkeypatch.setattr(request, "made_before", look_and_dawdle)

    def ask(vcpu):
        both_there.wait()
        try:
            return desk.ask(uuid, "add", vcpu, "live", work=False, key="k-1").pk
        except RequestRefused as refusal:
            return refusal
        finally:
            connection.close()

    def asked(*vcpus):
        with ThreadPoolExecutor(2) as threads:
            return list(threads.map(ask, vcpus))

    return asked


def test_two_requests_with_one_key_at_once_are_one_operation(desk, at_once):
    first, second = at_once(5, 5)

    assert first == second == Operation.objects.get().pk
    assert HistoryEntry.objects.filter(kind="requested").count() == 1
    assert len(desk.bells) == 1


def test_two_requests_with_one_key_and_other_content_at_once_are_told_apart(desk, at_once):
    answers = at_once(5, 6)

    (refusal,) = [answer for answer in answers if isinstance(answer, RequestRefused)]
    assert refusal.code == "idempotency_mismatch"
    assert Operation.objects.count() == 1
    assert HistoryEntry.objects.filter(kind="refused").count() == 1
