"""A host whose queue no worker serves is shown as such wherever it is shown."""

from __future__ import annotations

import pytest
from django.test import Client

from domains.models import Domain, Host
from domains.operations import serving, workers
from tests.conftest import RedisServer
from tests.integration.api.conftest import caller_for
from tests.integration.web.factory import make_domain, make_host

NOTE = "No worker serves the queue rack-2 of hv1."
TAG = "for its queue rack-2: changes wait"


@pytest.fixture
def host(db, redis, monkeypatch) -> Host:
    monkeypatch.setattr(workers, "GLANCE", 0.0)
    monkeypatch.setattr(workers._Glance, "until", 0.0)
    return make_host(queue="rack-2")


def serve(*queues: str) -> None:
    workers.tell("celery@here:1", queues=queues, processes=4, busy=0)


@pytest.mark.parametrize(
    ("served", "shown"), [((), True), (("default",), True), (("default", "rack-2"), False)]
)
def test_pages_say_so(viewer: Client, domain: Domain, page: str, served, shown) -> None:
    if served:
        serve(*served)
    assert (NOTE in viewer.get(page).text) is shown
    assert (TAG in viewer.get("/").text) is shown


def test_pages_say_nothing_while_it_is_not_known(
    viewer: Client, domain: Domain, page: str, redis_server: RedisServer
) -> None:
    redis_server.stop()
    assert NOTE not in viewer.get(page).text
    assert TAG not in viewer.get("/").text


@pytest.mark.parametrize("state", [{"state": "unreachable"}, {"enabled": False}])
def test_a_host_that_cannot_be_reached_anyway_is_shown_as_that(
    viewer: Client, domain: Domain, page: str, state
) -> None:
    Host.objects.update(**state)
    assert NOTE not in viewer.get(page).text
    assert TAG not in viewer.get("/").text


@pytest.mark.parametrize(
    ("state", "shown"), [({}, True), ({"state": "unreachable"}, True), ({"enabled": False}, False)]
)
def test_administrators_see_it_also_of_a_host_that_does_not_answer(
    host: Host, admin_client: Client, state, shown
) -> None:
    serve("default")
    Host.objects.update(**state)
    assert ("no worker serves it" in admin_client.get("/hosts/").text) is shown
    page = admin_client.get("/hosts/hv1/").text
    assert ("no worker serves it" in page) is shown
    assert ("so changes stay queued" in page) is (state == {})


def test_redis_is_asked_once_for_many_hosts(viewer: Client, host: Host, monkeypatch) -> None:
    monkeypatch.setattr(workers, "GLANCE", 60.0)
    asked = []
    served = workers.served
    monkeypatch.setattr(workers, "served", lambda: (asked.append(1), served())[1])
    for number in range(5):
        make_domain(make_host(f"rack{number}", queue="rack-2"))
    assert viewer.get("/").text.count(TAG) == 5
    assert len(asked) == 1


def test_readiness_names_the_queue_to_those_who_may_know_the_host(viewer: Client, domain: Domain) -> None:
    serve("default")
    assert "No worker serves the queue rack-2: " in viewer.get("/readyz").text
    assert "rack-2" not in Client().get("/readyz").text
    serve("rack-2")
    assert "rack-2" not in viewer.get("/readyz").text


def test_the_api_tells_whether_the_queue_is_served(domain: Domain, redis_server: RedisServer) -> None:
    caller = caller_for("vera", "viewer")

    def told() -> object:
        return caller.get("/hosts").json()["hosts"][0]["served"]

    assert told() is False
    serve("rack-2")
    assert told() is True
    redis_server.stop()
    assert told() is None


def test_open_pages_are_told_when_a_queue_gets_its_first_worker_and_loses_its_last(
    host: Host, redis, monkeypatch
) -> None:
    monkeypatch.setattr(serving._Told, "unserved", None)
    make_host("hv2")
    serve("default")

    def revision_after_a_look() -> int:
        serving.tell_changes()
        host.refresh_from_db()
        return host.revision

    other = Host.objects.get(slug="hv2").revision
    lacking = revision_after_a_look()
    assert lacking > 0
    assert revision_after_a_look() == lacking
    serve("default", "rack-2")
    served = revision_after_a_look()
    assert served > lacking
    workers.leave("celery@here:1")
    assert revision_after_a_look() > served
    assert Host.objects.get(slug="hv2").revision > other  # its queue has lost its worker too


def test_a_process_that_takes_over_tells_what_the_one_before_could_not(
    host: Host, redis, monkeypatch
) -> None:
    serve("default")
    serving.tell_changes()
    monkeypatch.setattr(serving._Told, "unserved", None)  # it has ended, and another one goes on
    told = Host.objects.get(pk=host.pk).revision
    serve("default", "rack-2")
    serving.tell_changes()
    again = Host.objects.get(pk=host.pk).revision
    assert again > told
    serving.tell_changes()
    assert Host.objects.get(pk=host.pk).revision == again
