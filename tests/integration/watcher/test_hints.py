from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis

from domains.models import Host
from domains.push import beats, reach
from domains.push.usage import LIFETIME, USAGE
from domains.vcpu.slots import Side
from domains.watcher.hints import Hints
from tests.conftest import RedisServer
from tests.integration.watcher.conftest import HASTE, wait_for_domain, watching
from tests.simulated_host import SimulatedHost
from tests.waiting import wait_until

NO_ROUND = replace(HASTE, look_all=100_000.0, look_part=100_000.0)  # its turn never comes


def test_open_domain_is_looked_at_before_its_turn(host: Host, simulated: SimulatedHost, redis: Redis) -> None:
    last = simulated.add_domain("last", present="0-1")
    with watching(NO_ROUND):
        wait_for_domain(last)
        redis.set(f"slotboard:open:{last}", "1", ex=60)
        simulated.foreign_set(last, 5, True, Side.CONFIG)
        wait_for_domain(last, config__present="0-1,5")


def test_usage_is_told_of_the_domains_that_are_open(
    host: Host, simulated: SimulatedHost, redis: Redis
) -> None:
    one, other = (simulated.add_domain(name, present="0,4,8", maximum=9) for name in ("one", "other"))
    with watching():
        wait_for_domain(one)
        redis.set(f"slotboard:open:{one}", "1", ex=60)
        told = wait_until(lambda: redis.get(f"{USAGE}{host.slug}/{one}"), what="the first figures")
        # A moment passes between the simulated clock and the watcher's.
        assert re.fullmatch(r"\d+/100 0:0\+3 4:(49|5[01])\+3 8:(9[89]|100)\+3", told)
        assert 0 < redis.ttl(f"{USAGE}{host.slug}/{one}") <= LIFETIME
        assert not redis.exists(f"{USAGE}{host.slug}/{other}")
        simulated.stop(one)
        wait_until(lambda: not redis.get(f"{USAGE}{host.slug}/{one}"), what="the end of the figures")


def test_watcher_works_without_redis(
    host: Host, simulated: SimulatedHost, redis: Redis, redis_server: RedisServer
) -> None:
    redis_server.stop()
    uuid = simulated.add_domain("web", present="0-1")
    with watching():
        wait_for_domain(uuid)
        simulated.foreign_set(uuid, 5, True, Side.LIVE)
        wait_for_domain(uuid, live__present="0-1,5")


def test_watcher_says_which_hosts_it_has_and_when_each_last_answered(
    host: Host, simulated: SimulatedHost, redis: Redis
) -> None:
    with watching() as watcher:
        told = wait_until(lambda: heard(watcher.holder, host), what="the host's first answer")
        assert datetime.now(UTC) - datetime.fromisoformat(told) < timedelta(seconds=5)
        simulated.tune(reachable=False)
        wait_until(lambda: heard(watcher.holder, host) is None, what="the host's absence")
        assert (beats.beats("watcher") or {})[watcher.holder] == {"hosts": {"sim": None}}


def heard(holder: str, host: Host) -> Any:
    hosts: Any = (beats.beats("watcher") or {}).get(holder, {}).get("hosts", {})
    return hosts.get(host.slug)


def test_hints_come_back_with_redis(redis: Redis, redis_server: RedisServer) -> None:
    hints = Hints("me")
    redis.set("slotboard:open:one", "1", ex=60)
    hints.refresh({})
    assert hints.opened == {"one"}
    assert beats.beats("watcher") == {"me": {"hosts": {}}}
    redis_server.stop()
    hints.refresh({})
    assert hints.opened == frozenset()
    redis_server.start()
    reach._Outage.until = 0.0
    redis.set("slotboard:open:two", "1", ex=60)
    hints.refresh({})
    assert hints.opened == {"two"}
    hints.forget()
    assert beats.beats("watcher") == {}
