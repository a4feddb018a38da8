"""A click while Redis is away: nobody waits for it, and the operation is done when Redis is back."""

from __future__ import annotations

import json
import signal
from datetime import timedelta

import pytest
from celery import current_app
from redis import Redis

from domains.models import Operation
from domains.operations import claim, doorbell, sweep, tasks
from domains.push import reach, stream

RING = doorbell.ring  # the real one; the desk answers bells by hand
QUEUE = "default"


@pytest.fixture
def rung(desk, monkeypatch):
    """Let bells go to Celery, and give what was sent."""
    sent = []
    send = current_app.send_task
    monkeypatch.setattr(doorbell, "ring", RING)
    monkeypatch.setattr(
        current_app._get_current_object(),
        "send_task",
        lambda *a, **k: (sent.append(k["args"]), send(*a, **k)),
    )
    return sent


def test_a_click_rings_for_a_worker_of_the_hosts_queue(desk, rung, redis):
    operation = desk.ask(desk.guest(), "add", 5, work=False)
    assert rung == [[operation.domain_id]]
    (message,) = redis.lrange(QUEUE, 0, -1)
    assert json.loads(message)["headers"]["timelimit"] == [None, None]  # a worker goes by its own


def test_nobody_rings_twice_for_what_a_worker_is_yet_to_hear(desk, rung, redis):
    heard, hanging = (
        desk.ask(desk.guest(name), "add", 5, "live", work=False).domain_id for name in ("a", "b")
    )
    tasks.ring(heard)
    assert doorbell.unrung([heard, hanging, hanging + 1]) == [heard, hanging + 1]
    redis.flushdb()
    assert doorbell.unrung([heard, hanging]) == [heard, hanging]


def test_a_bell_that_is_lost_is_soon_forgotten(desk, rung, redis):
    operation = desk.ask(desk.guest(), "add", 5, work=False)
    assert 0 < redis.ttl(f"{doorbell.HANGING}{operation.domain_id}") <= doorbell.HANGS


def test_a_dead_redis_costs_a_click_nothing_but_speed(desk, rung, redis_server, redis, monkeypatch):
    uuid = desk.guest()
    redis_server.stop()
    operation = desk.ask(uuid, "add", 5, work=False)
    assert operation.status == "queued"
    redis_server.start()
    monkeypatch.setattr(reach._Outage, "until", 0.0)
    monkeypatch.setattr(sweep, "FORGOTTEN", timedelta(0))
    sweep.sweep()
    with Redis.from_url(reach.settings.REDIS_URL) as client:
        assert client.llen(QUEUE) == 1
    assert Operation.objects.get(pk=operation.pk).status == "queued"


def test_nobody_waits_for_celery_while_redis_hangs(desk, rung, redis_server, redis):
    uuid = desk.guest()
    redis_server.process.send_signal(signal.SIGSTOP)
    try:
        operation = desk.ask(uuid, "add", 5, work=False)
    finally:
        redis_server.process.send_signal(signal.SIGCONT)
    assert operation.status == "queued"
    assert rung == []  # the announcement found out, within moments
    assert doorbell.unrung([operation.domain_id]) == [operation.domain_id]


def announced(redis, operation):
    return [entry["k"] for _, entry in redis.xrange(stream.STREAM)].count(f"operation:{operation.pk}")


@pytest.mark.parametrize(("blink", "announcements"), [(60, 2), (0.05, 3)])
def test_a_step_is_announced_as_running_only_if_it_lasts(desk, redis, monkeypatch, blink, announcements):
    monkeypatch.setattr(claim, "BLINK", timedelta(seconds=blink))
    desk.simulator.tune(write_delay=[0.5, 0.5])
    operation = desk.ask(desk.guest(), "add", 5, "live")
    assert operation.status == "succeeded"
    assert announced(redis, operation) == announcements
