"""What a scrape answers, and to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from dashboard.metrics import exposition
from domains.inventory import leases
from domains.models import Operation, Outcome, clock
from domains.models.tally import count_confirmations, count_outcome
from domains.operations.actor import Actor
from domains.operations.batches import control
from domains.operations.batches.request import Choice, request_batch
from domains.operations.batches.running import advance
from domains.operations.tokens import make_token, revoke_token
from domains.push.beats import beat
from tests.databases import lose_database
from tests.integration.web.factory import make_domain, make_host, make_operation, make_user

MINUTE = timedelta(seconds=60)
LABELS = {"action", "status", "reason", "outcome", "side", "le", "part", "queue", "host", "state", "version"}


def scrape():
    """Give every sample as (name, labels) to value."""
    text = exposition("")[0].decode()
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(samples, name, **labels):
    return samples[f"slotboard_{name}", *sorted(labels.items())]


@pytest.fixture
def installation(any_database, redis):
    """Two hosts, of which one is away, a watcher, a worker, and operations in most states."""
    near, away = make_host("near", seen=3), make_host("away", state="unreachable", queue="far", seen=900)
    guest = make_domain(near, "mail-of-ada")
    for number, status in enumerate(("queued", "queued", "running", "waiting", "succeeded")):
        domain = guest if status == "queued" else make_domain(near, f"guest{number}")
        make_operation(domain, status=status, actor="ada", note="secret plan")
    make_operation(make_domain(away, "distant"), status="queued")
    leases.acquire("host:near", "watcher-1", MINUTE)
    leases.acquire("watcher:watcher-1", "watcher-1", MINUTE)
    beat("worker", "w1", {"queues": ["default"]}, 30)
    with transaction.atomic():
        count_outcome("add", "succeeded", "")
        count_outcome("add", "succeeded", "")
        count_outcome("remove", "failed", "guest_refused")
        for seconds in (0.04, 0.2, 0.2, 4000.0):
            count_confirmations("add", "live", seconds)
    return near


def test_figures_of_everything(installation):
    samples = scrape()

    assert of(samples, "operations_total", action="add", status="succeeded", reason="none") == 2
    assert of(samples, "operations_total", action="remove", status="failed", reason="guest_refused") == 1
    spans = {
        bound: of(samples, "confirmation_seconds_bucket", action="add", side="live", le=bound)
        for bound in ("0.05", "0.1", "0.25", "1800.0", "+Inf")
    }
    assert spans == {"0.05": 1, "0.1": 1, "0.25": 3, "1800.0": 3, "+Inf": 4}
    assert of(samples, "confirmation_seconds_count", action="add", side="live") == 4
    assert of(samples, "confirmation_seconds_sum", action="add", side="live") == pytest.approx(4000.44)
    states = ("queued", "running", "waiting", "unconfirmed")
    assert [of(samples, "operations_open", status=state) for state in states] == [3, 1, 1, 0]
    assert [of(samples, "queue_operations", queue=name) for name in ("default", "far")] == [2, 1]
    assert [of(samples, "queue_served", queue=name) for name in ("default", "far")] == [1, 0]
    assert of(samples, "queue_oldest_seconds", queue="far") > 0
    assert of(samples, "host_state", host="away", state="unreachable") == 1
    assert of(samples, "host_state", host="away", state="connected") == 0
    assert of(samples, "host_seen_age_seconds", host="away") >= 900
    assert [of(samples, "host_watched", host=slug) for slug in ("near", "away")] == [1, 0]
    assert 3 <= of(samples, "watcher_lag_seconds") < 900  # the host that is away is not late, it is away
    assert [of(samples, name) for name in ("watchers", "workers", "hosts_unwatched")] == [1, 1, 1]
    assert [of(samples, "up", part=part) for part in ("database", "redis", "worker", "watcher")] == [1] * 4
    assert of(samples, "history_head") == 6
    assert of(samples, "history_published_head") == 0
    assert of(samples, "history_unpublished_age_seconds") > 0
    assert of(samples, "revision") > 0
    ailing = {labels[1][1] for labels in [(n, *ls) for (n, *ls) in samples if n == "slotboard_trouble"]}
    assert ailing == {"redis", "worker", "queue", "watcher", "hosts", "queued", "events", "head"}
    assert [of(samples, "trouble", part=part) for part in ("hosts", "queue", "worker")] == [1, 1, 0]
    assert samples[("process_resident_memory_bytes",)] > 0


def test_figures_of_batches(any_database, redis):
    host, actor = make_host(), Actor("ada", "command")

    def started(count):
        guests = [make_domain(host, f"web{number}") for number in range(count)]
        return request_batch(actor, Choice(guests, {}), {"action": "add", "affect": "live", "parallel": 1})

    stopping, stopped, finished = started(3), started(2), started(1)
    Operation.objects.filter(batch=stopping).update(status="running", attempt=1)
    control.cancel(actor, stopping.pk)
    control.cancel(actor, stopped.pk)
    Operation.objects.filter(batch=finished).update(status="succeeded", late=True, finished_at=clock.now())
    advance(finished.pk)

    samples = scrape()

    assert [of(samples, "batches_open", status=one) for one in ("running", "stopping")] == [0, 1]
    assert [of(samples, "batches_total", status=one) for one in ("finished", "stopped")] == [1, 1]
    told = {labels[0][1]: n for (name, *labels), n in samples.items() if "batch_guests_total" in name}
    assert {outcome: number for outcome, number in told.items() if number} == {
        "late": 1,
        "cancelled": 1,
        "dropped": 1,
    }
    assert len(told) == 10


def test_no_label_names_a_guest_a_person_or_an_operation(installation):
    text = exposition("")[0].decode()

    labels = {
        label
        for family in text_string_to_metric_families(text)
        if family.name.startswith("slotboard")
        for sample in family.samples
        for label in sample.labels
    }
    assert labels == LABELS
    for word in ("ada", "guest1", "mail-of", "distant", "secret"):
        assert word not in text


def test_what_a_newer_version_counted_is_put_together(any_database, redis):
    for name in ("levitated", "sublimated"):
        Outcome.objects.create(action="batch_guest", status=name, count=4)
    for reason in ("not_invented_yet", "nor_this"):
        Outcome.objects.create(action="teleport", status="vanished", reason=reason, count=3)
        Outcome.objects.create(action="add", status="failed", reason=reason, count=2)

    samples = scrape()

    assert of(samples, "operations_total", action="other", status="other", reason="other") == 6
    assert of(samples, "operations_total", action="add", status="failed", reason="other") == 4
    assert of(samples, "batch_guests_total", outcome="other") == 8


def test_scrape_asks_the_same_few_questions_however_much_there_is(installation):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            exposition("")
        return len(asked)

    few = queries()
    for number in range(12):
        host = make_host(f"h{number}", queue=f"q{number}")
        make_operation(make_domain(host), status="queued")
        count_outcome("sync", "failed", "domain_busy" if number % 2 else "interrupted")
        count_confirmations("sync", "config", number)

    assert queries() == few <= 12


def test_without_redis_workers_are_unknown_rather_than_none(installation, redis_server):
    redis_server.stop()
    samples = scrape()

    assert of(samples, "up", part="redis") == 0
    assert ("slotboard_up", ("part", "worker")) not in samples
    assert of(samples, "trouble", part="redis") == 1
    assert not any(name == "slotboard_queue_served" for name, *_ in samples)


def test_without_database_the_process_tells_so(any_database, redis):
    lose_database()
    samples = scrape()

    assert of(samples, "up", part="database") == 0
    assert not any(name == "slotboard_operations_total" for name, *_ in samples)
    assert samples[("process_resident_memory_bytes",)] > 0


def test_openmetrics_is_given_to_those_who_ask_for_it(any_database, redis):
    body, content_type = exposition("application/openmetrics-text; version=1.0.0")

    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
    assert exposition("")[1].startswith("text/plain; version=0.0.4")


@pytest.mark.parametrize("odd", ["x", "1..0", '"1.0.0"', "1.x", "1e30", "9" * 5000, "٣"])
@pytest.mark.parametrize("kind", ["application/openmetrics-text", "text/plain"])
def test_a_version_that_is_none_is_as_good_as_not_asked_for(db, redis, kind, odd):
    wish = f"{kind}; version={odd}; escaping=dots"
    assert exposition(wish)[1].startswith("text/plain; version=0.0.4")
    both = f"{wish}, application/openmetrics-text; version=1.0.0 ; q=0.5"
    assert exposition(both)[1].startswith("application/openmetrics-text; version=1.0.0;")


# Who may


def token_of(user, **limits):
    token, secret = make_token(
        actor=Actor(user.username, "page", user), user=user, name="prometheus", **limits
    )
    return token, {"Authorization": f"Bearer {secret}"}


def asked(headers=None, method="get"):
    return getattr(Client(), method)("/metrics", headers=headers or {})


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_token_of_somebody_who_may_see_everything_opens_the_figures(redis, role):
    _, headers = token_of(make_user("eva", role))
    answer = asked(headers)

    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    names = {family.name for family in text_string_to_metric_families(answer.text)}
    assert {"slotboard_up", "slotboard_operations_open"} <= names


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "grant", "limits"),
    [
        ("viewer", {}, {}),
        ("operator", {}, {}),
        ("auditor", {"pattern": "web*"}, {}),
        ("administrator", {}, {"role": "viewer"}),
        ("auditor", {}, {"role": "viewer"}),
    ],
)
def test_lesser_token_is_told_what_is_lacking(redis, role, grant, limits):
    _, headers = token_of(make_user("eva", role, **grant), **limits)
    answer = asked(headers)

    assert answer.status_code == 403
    assert "auditor or administrator of everything" in answer.text
    assert "slotboard_" not in answer.text


@pytest.mark.django_db
def test_without_a_usable_token_the_answer_is_401_and_never_a_redirect(redis):
    user = make_user("eva", "administrator")
    token, headers = token_of(user)
    revoke_token(actor=Actor("eva", "page", user), token=token)
    signed_in = Client()
    signed_in.force_login(user)
    wrong = {"Authorization": "Bearer " + "0" * 64}
    for answer in (
        asked(),
        asked(headers),
        asked(wrong),
        asked({"Authorization": "Bearer "}),
        asked({"Authorization": "Basic ZXZhOng="}),
        signed_in.get("/metrics"),
    ):
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == "Bearer"
        assert "slotboard_" not in answer.text


@pytest.mark.django_db
def test_figures_are_only_read(redis):
    _, headers = token_of(make_user("eva", "auditor"))

    assert asked(headers, "post").status_code in (403, 405)
    assert asked(headers, "head").status_code == 200
