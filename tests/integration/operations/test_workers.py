"""Which queues are served, as real workers say and take back."""

from __future__ import annotations

import signal

import pytest

from domains.operations import workers
from domains.push.beats import beats, forget
from tests.integration.operations.pool import Fleet, calls, wait_for, worker
from tests.waiting import wait_until


@pytest.fixture
def fleet(fresh_database, redis, settings, tmp_path):
    settings.SOCKET_DIRS = [str(tmp_path)]
    return Fleet(tmp_path)


def only_worker() -> dict[str, object]:
    (told,) = (beats("worker") or {}).values()
    return told


def test_a_worker_says_what_it_serves_and_how_busy_it_is(fleet, tmp_path, settings):
    fleet.host("sick", guests=2)
    fleet.host("rack", guests=1, queue="rack-2")
    fleet.freeze("sick")
    settings.WORKER_QUEUES = ["default", "rack-2"]
    with worker(tmp_path) as process:
        wait_for(fleet.ask("rack"), "succeeded")
        assert workers.served() == {"default", "rack-2"}
        assert workers.unserved(["default", "rack-2", "rack-3"]) == {"rack-3"}
        fleet.ask("sick")
        wait_until(lambda: calls() == 2, what="the calls")
        wait_until(lambda: only_worker()["busy"] == 2, what="the next sign of life")
        assert only_worker() == {"queues": ["default", "rack-2"], "processes": 4, "busy": 2}
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: workers.served() == frozenset(), what="the end of the worker")


def test_a_worker_is_known_again_after_redis_was_away(fleet, tmp_path, redis_server):
    with worker(tmp_path):
        redis_server.stop()
        assert workers.served() is None
        assert workers.unserved(["default"]) is None
        redis_server.start()
        wait_until(workers.served, what="the worker")


def test_nobody_serves_anything_where_no_worker_is(redis):
    assert workers.served() == frozenset()
    assert workers.unserved(["default"]) == {"default"}


def test_what_is_no_workers_sign_of_life_serves_nothing(redis):
    for told in ({}, {"queues": None}, {"queues": "default"}):
        workers.beats.beat("worker", "odd", told, 60)
        assert workers.served() == frozenset()
    forget("worker", "odd")
