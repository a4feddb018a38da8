"""Who guesses passwords is stopped by all web processes together, and by each of them alone while Redis is away."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from domains.push import reach
from tests.conftest import RedisServer
from tests.integration.web.factory import PASSWORD, make_user
from tests.waiting import eventually

ATTEMPTS = 6  # more than one name may be tried in vain
GUESS = f"""
import django
from domains.push import reach
reach.TIMEOUT = 30.0  # Redis is there, however busy the machine
django.setup()
from django.test import Client
for _ in range({ATTEMPTS}):
    print(Client().post("/accounts/login/", {{"login": "mara", "password": "wrong"}}).status_code)
"""


@pytest.fixture(autouse=True)
def _forget_attempts(redis):
    cache.clear()
    yield
    cache.clear()


def guess_elsewhere() -> None:
    """Try in vain in another process."""
    command = [sys.executable, "-c", GUESS]
    subprocess.run(command, cwd=settings.BASE_DIR, check=True, capture_output=True, timeout=120)


def signs_in() -> bool:
    answer = Client().post("/accounts/login/", {"login": "mara", "password": PASSWORD})
    return answer.status_code == 302


def test_what_one_process_has_counted_holds_in_another(fresh_database):
    make_user("mara")
    assert signs_in()

    guess_elsewhere()

    assert eventually(lambda: not signs_in())  # a Redis that is slow to answer counts as away for a moment


def test_without_redis_each_process_counts_by_itself_and_lets_people_in(
    fresh_database, redis_server: RedisServer
):
    make_user("mara")
    redis_server.stop()
    guess_elsewhere()
    assert signs_in()

    for _ in range(ATTEMPTS):
        Client().post("/accounts/login/", {"login": "mara", "password": "wrong"})

    assert not signs_in()


def test_limits_are_forgotten_without_touching_what_else_is_in_redis(redis):
    redis.set("celery", "messages")
    cache.set("name", [1.5])
    assert cache.get("name") == [1.5]

    cache.clear()

    assert cache.get("name") is None
    assert redis.keys() == ["celery"]


def test_what_somebody_put_into_redis_is_never_run(redis):
    cache.set("name", True)
    (key,) = redis.keys("*name")
    assert redis.get(key) == "true"
    redis.set(key, "cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(ValueError, match="Expecting value"):
        cache.get("name")


@pytest.mark.parametrize("away", [False, True])
def test_cache_behaves_alike_with_and_without_redis(redis_server: RedisServer, away):
    if away:
        redis_server.stop()
        reach._Outage.until = 0.0
    assert cache.add("lock", True, 10)
    assert not cache.add("lock", True, 10)
    assert cache.delete("lock")
    assert not cache.delete("lock")
    assert cache.get("lock", "none") == "none"
    cache.set("times", [1.25, 2.5], 60)
    assert cache.get("times") == [1.25, 2.5]
