from __future__ import annotations

import os
import signal

import pytest
from django.db import transaction
from redis import Redis

from domains.models import Revision
from domains.push import reach, stream
from domains.push.stream import STREAM, cursor, publish

pytestmark = pytest.mark.usefixtures("fresh_database")


def entries(redis: Redis) -> list[dict[str, str]]:
    return [fields for _, fields in redis.xrange(STREAM)]


def test_publish_waits_for_the_commit(redis):
    with transaction.atomic():
        publish("domain:7", 41)
        assert entries(redis) == []

    assert entries(redis) == [{"k": "domain:7", "v": "41"}]


def test_publish_of_a_rolled_back_change_says_nothing(redis):
    with transaction.atomic():
        publish("domain:7", 41)
        transaction.set_rollback(True)

    assert entries(redis) == []


def test_cursor_is_the_last_announcement(redis):
    assert cursor() == "0-0"
    publish("domain:7", 41)
    publish("host:1", 42)

    assert cursor() == redis.xrevrange(STREAM, count=1)[0][0]


def test_stream_is_bounded(redis, monkeypatch):
    monkeypatch.setattr(stream, "MAXLEN", 100)
    for number in range(1000):
        publish("domain:7", number)

    assert redis.xlen(STREAM) < 400


def test_publish_with_redis_down_commits_and_returns(redis, redis_server):
    redis_server.stop()
    with transaction.atomic():
        Revision.objects.update(value=5)
        publish("domain:7", 5)

    assert Revision.objects.get().value == 5
    assert cursor() == "0-0"


def test_publish_to_a_frozen_redis_waits_only_once(redis, redis_server, monkeypatch):
    waits = []
    send = reach._client().xadd

    def counted(*args, **options):
        waits.append(args)
        return send(*args, **options)

    monkeypatch.setattr(reach._client(), "xadd", counted)
    os.kill(redis_server.process.pid, signal.SIGSTOP)
    try:
        publish("domain:7", 1)
        publish("operation:3", 2)
        publish("host:1", 3)
        assert cursor() == "0-0"
    finally:
        os.kill(redis_server.process.pid, signal.SIGCONT)

    assert len(waits) == 1


def test_waiting_for_redis_is_bounded_and_never_repeated():
    options = reach._client().connection_pool.connection_kwargs

    assert options["socket_connect_timeout"] == options["socket_timeout"] == reach.TIMEOUT <= 0.25
    assert options["retry"].get_retries() == 0
