"""What the database itself refuses, whatever the code does."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction

from domains.models import Domain, Effect, Grant, Host, Operation, Role
from domains.models.grant import domains_changed_by, domains_seen_by
from domains.models.revision import current_revision, next_revision

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def domain():
    host = Host.objects.create(slug="hv1", state_since=NOW)
    return make_domain(host, "web01")


def make_domain(host, name):
    return Domain.objects.create(host=host, uuid=uuid4(), name=name, synced_at=NOW, revision=1)


def make_operation(domain, **fields):
    return Operation.objects.create(
        **{
            "host": domain.host,
            "domain": domain,
            "host_slug": "hv1",
            "domain_name": "web01",
            "domain_uuid": domain.uuid,
            "action": "add",
            "vcpu": [5],
            "affect": "live",
            "actor": "mara",
            "door": "page",
            "created_at": NOW,
            "revision": 1,
        }
        | fields
    )


def refused(create, *args, **fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        create(*args, **fields)


def test_one_running_operation_per_domain(domain):
    make_operation(domain, status="running")
    make_operation(domain, status="queued")
    refused(make_operation, domain, status="running")


@pytest.mark.parametrize(
    ("status", "finished"), [("succeeded", None), ("failed", None), ("queued", NOW), ("waiting", NOW)]
)
def test_an_operation_is_finished_exactly_when_final(domain, status, finished):
    refused(make_operation, domain, status=status, finished_at=finished)


@pytest.mark.parametrize("state", ["pending", "applying", "waiting"])
def test_one_open_effect_per_slot_and_side(domain, state):
    first, second = make_operation(domain), make_operation(domain)
    slot = {"domain": domain, "step": 1, "vcpu": 5, "side": "live", "target": "present"}
    Effect.objects.create(operation=first, state=state, **slot)
    refused(Effect.objects.create, operation=second, **slot)
    Effect.objects.create(operation=second, **slot | {"side": "config"})
    Effect.objects.create(operation=second, state="failed", **slot)


def test_an_idempotency_key_is_unique_by_actor(domain):
    make_operation(domain, idempotency_key="k")
    make_operation(domain, idempotency_key="k", actor="jonas")
    refused(make_operation, domain, idempotency_key="k")


def test_a_grant_is_for_a_user_or_a_group_and_not_both():
    user, group = User.objects.create_user("mara"), Group.objects.create(name="ops")
    refused(Grant.objects.create, role=Role.VIEWER)
    refused(Grant.objects.create, user=user, group=group, role=Role.VIEWER)


def test_a_grant_is_given_once(domain):
    user, group = User.objects.create_user("mara"), Group.objects.create(name="ops")
    for holder in ({"user": user}, {"group": group}):
        for where in (
            {},
            {"host": domain.host},
            {"pattern": "web*"},
            {"host": domain.host, "pattern": "web*"},
        ):
            Grant.objects.create(role=Role.VIEWER, **holder, **where)
            refused(Grant.objects.create, role=Role.VIEWER, **holder, **where)
            Grant.objects.create(role=Role.OPERATOR, **holder, **where)


def test_grants_say_which_domains_one_sees_and_changes(domain):
    other = Host.objects.create(slug="hv2", state_since=NOW)
    make_domain(domain.host, "db01")
    make_domain(other, "web02")
    odd = make_domain(other, "a.b[1]^(x)|$")
    user, group = User.objects.create_user("mara"), Group.objects.create(name="ops")
    assert not domains_seen_by(user).exists()
    Grant.objects.create(user=user, role=Role.VIEWER, pattern="web*")
    assert {d.name for d in domains_seen_by(user)} == {"web01", "web02"}
    assert not domains_changed_by(user).exists()
    user.groups.add(group)
    Grant.objects.create(group=group, role=Role.OPERATOR, host=domain.host)
    assert {d.name for d in domains_changed_by(user)} == {"web01", "db01"}
    Grant.objects.create(user=user, role=Role.OPERATOR, pattern="a.b[1]^(x)|?")
    assert odd in domains_changed_by(user)
    user.is_active = False
    assert not domains_seen_by(user).exists()


def test_a_grant_without_limits_covers_everything(domain):
    user = User.objects.create_user("mara")
    Grant.objects.create(user=user, role=Role.OPERATOR)
    assert list(domains_changed_by(user)) == [domain]


def test_revisions_grow_by_one():
    before = current_revision()
    with transaction.atomic():
        assert next_revision() == before + 1
    assert current_revision() == before + 1
