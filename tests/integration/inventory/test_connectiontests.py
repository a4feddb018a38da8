from __future__ import annotations

from domains.hypervisor.gateway import HostReading
from domains.inventory import connectiontests
from domains.models import ConnectionTest
from domains.models.clock import now

READING = HostReading(12_008_000, "QEMU", 11_001_002, 2, specific=None, asynchronous=True)


def test_tests_are_taken_once_in_their_order_and_answered_once(any_database: str) -> None:
    first, second = (ConnectionTest.objects.create(actor="ada", created_at=now()) for _ in range(2))
    mine = connectiontests.take("one")
    yours = connectiontests.take("two")
    assert (mine, yours, connectiontests.take("three")) == (first, second, None)
    connectiontests.connected(mine, READING, domains=3, round_trip=1.5)
    connectiontests.failed(mine, "refused")  # too late
    stored = ConnectionTest.objects.get(pk=first.pk)
    assert (stored.answer, stored.watcher, stored.standing(now())) == ("connected", "one", "answered")
    assert (stored.found["specific"], stored.found["domains"], stored.found["round_trip"]) == (None, 3, 1.5)
    connectiontests.failed(yours, "refused")
    assert (
        ConnectionTest.objects.get(pk=second.pk).sentence
        == "The connection was refused: nothing listens there."
    )


def test_answer_by_a_watcher_that_did_not_take_the_test_counts_for_nothing(any_database: str) -> None:
    test = ConnectionTest.objects.create(actor="ada", created_at=now())
    connectiontests.take("one")
    test.watcher = "two"
    connectiontests.failed(test, "refused")
    test.refresh_from_db()
    assert (test.answer, test.ended_at) == ("", None)
