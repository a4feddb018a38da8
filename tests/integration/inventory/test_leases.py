from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from domains.inventory.leases import Fence, LeaseLost, acquire, check, keep, living, release, renew
from domains.models import Lease

MINUTE = timedelta(minutes=1)
EXPIRED = timedelta(seconds=-1)


@pytest.mark.django_db
def test_lease_has_one_holder() -> None:
    assert acquire("host:a", "one", MINUTE) == Fence("host:a", "one", 1)
    assert acquire("host:a", "two", MINUTE) is None
    assert acquire("host:a", "one", MINUTE) is None
    assert acquire("host:b", "two", MINUTE) == Fence("host:b", "two", 1)


@pytest.mark.django_db
def test_expired_lease_is_taken_over_with_a_higher_epoch() -> None:
    first = acquire("host:a", "one", EXPIRED)
    second = acquire("host:a", "two", MINUTE)
    assert first
    assert second == Fence("host:a", "two", 2)
    assert not renew(first, MINUTE)
    with transaction.atomic(), pytest.raises(LeaseLost):
        check(first)
    with transaction.atomic():
        check(second)


@pytest.mark.django_db
def test_expired_lease_that_nobody_took_still_fences_and_can_be_renewed() -> None:
    fence = acquire("host:a", "one", EXPIRED)
    assert fence
    check(fence)
    assert renew(fence, MINUTE)
    assert acquire("host:a", "two", MINUTE) is None


@pytest.mark.django_db
def test_released_lease_is_free_at_once_and_its_fence_void() -> None:
    fence = acquire("host:a", "one", MINUTE)
    assert fence
    release(fence)
    with pytest.raises(LeaseLost):
        check(fence)
    assert not renew(fence, MINUTE)
    again = acquire("host:a", "one", MINUTE)
    assert again == Fence("host:a", "one", 2)
    release(fence)  # an old term's end does not end the new one
    check(again)


@pytest.mark.django_db
def test_waiting_for_a_lease_writes_nothing(django_assert_max_num_queries) -> None:
    acquire("host:a", "one", MINUTE)
    with django_assert_max_num_queries(2) as queries:
        assert acquire("host:a", "two", MINUTE) is None
    assert all(query["sql"].startswith("SELECT") for query in queries.captured_queries)


@pytest.mark.django_db
def test_many_leases_are_kept_at_once_but_for_those_that_passed_on() -> None:
    mine = [acquire(f"host:{name}", "me", EXPIRED) for name in "abc"]
    acquire("host:b", "another", MINUTE)
    acquire("host:c", "me", EXPIRED)  # an older term of one's own is as void
    with transaction.atomic():
        kept = keep("me", [fence for fence in mine if fence], MINUTE)
    assert kept == {Fence("host:a", "me", 1)}
    acquire("sweep", "me", MINUTE)
    assert living("host:", "watcher:") == {"host:a": "me", "host:b": "another"}


@pytest.mark.parametrize("expired", [False, True])
def test_of_many_racing_for_a_lease_one_gets_it(fresh_database: str, expired: bool) -> None:
    if expired:
        acquire("host:a", "nobody", EXPIRED)
    barrier = threading.Barrier(8)
    won: list[Fence] = []

    def race(number: int) -> None:
        barrier.wait()
        fence = acquire("host:a", f"racer {number}", MINUTE)
        if fence:
            won.append(fence)
        connection.close()

    racers = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert len(won) == 1
    lease = Lease.objects.get(name="host:a")
    assert (lease.holder, lease.epoch) == (won[0].holder, 2 if expired else 1)
