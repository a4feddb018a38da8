from __future__ import annotations

import os
import signal

import pytest

from domains.push import reach
from domains.push.beats import BEATS, beat, beats, forget
from tests.waiting import wait_until


@pytest.fixture
def frozen(redis, redis_server):
    """Have Redis accept and never answer."""
    os.kill(redis_server.process.pid, signal.SIGSTOP)
    yield redis
    os.kill(redis_server.process.pid, signal.SIGCONT)


@pytest.fixture
def waits(monkeypatch):
    """Count how often Redis is turned to."""
    counted = []
    client = reach._client
    monkeypatch.setattr(reach, "_client", lambda: (counted.append(1), client())[1])
    return counted


def test_who_beats_lives_and_is_known_by_what_it_said_last(redis):
    beat("worker", "a:1", {"busy": 0}, 10)
    beat("worker", "a:1", {"busy": 3, "queues": ["default", "rack-2"]}, 10)
    beat("worker", "b:2", {}, 10)
    beat("watcher", "a:1", {}, 10)

    assert beats("worker") == {"a:1": {"busy": 3, "queues": ["default", "rack-2"]}, "b:2": {}}


def test_nobody_beats(redis):
    assert beats("worker") == {}


def test_who_falls_silent_is_forgotten_for_good(redis):
    beat("worker", "silent", {}, 1)
    beat("worker", "alive", {}, 60)
    wait_until(lambda: beats("worker") == {"alive": {}}, what="the end of the silent one")

    assert sorted(redis.keys("*")) == [f"{BEATS}worker", f"{BEATS}worker:alive"]


def test_who_takes_its_leave_is_forgotten_at_once(redis):
    beat("worker", "a", {}, 60)
    forget("worker", "a")

    assert beats("worker") == {}
    assert redis.keys("*") == []


def test_a_dead_redis_is_not_known_and_raises_nothing(redis, redis_server):
    redis_server.stop()

    assert beat("worker", "a", {}, 60) is False
    assert beats("worker") is None
    forget("worker", "a")


def test_a_frozen_redis_is_waited_for_once(frozen, waits):
    for _ in range(20):
        assert beat("worker", "a", {}, 60) is False
        assert beats("worker") is None
        forget("worker", "a")

    assert len(waits) == 1


def test_redis_is_turned_to_again_after_a_while(redis, redis_server, monkeypatch):
    monkeypatch.setattr(reach, "PAUSE", 0.2)
    redis_server.stop()
    assert beats("worker") is None
    redis_server.start()

    wait_until(lambda: beat("worker", "a", {}, 60), what="Redis")
    assert beats("worker") == {"a": {}}
