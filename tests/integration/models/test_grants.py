"""Which guests a grant is for."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection

from domains.models import Domain, Grant, Host, Role
from domains.models.grant import domains_seen_by, is_administrator

NOW = datetime(2026, 1, 1, tzinfo=UTC)

PATTERNS = {
    "web*": {"web01", "web02"},
    "web??": {"web01", "web02"},
    "web?": set(),
    "*0?": {"web01", "web02", "WEB01", "100%_0\\"},
    "W*": {"WEB01"},
    "a[b]*": {"a[b]c"},
    "100%_0\\": {"100%_0\\"},
    "1__%": set(),
    "*": {"web01", "web02", "WEB01", "a[b]c", "100%_0\\"},
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_fit_the_same_names_on_both_databases(any_database, pattern):
    host = Host.objects.create(slug="hv1", state_since=NOW)
    for name in PATTERNS["*"]:
        Domain.objects.create(host=host, uuid=uuid4(), name=name, synced_at=NOW, revision=1)
    user = User.objects.create_user("mara")
    Grant.objects.create(user=user, role=Role.VIEWER, host=host, pattern=pattern)
    assert {domain.name for domain in domains_seen_by(user)} == PATTERNS[pattern]


def test_only_an_administrator_of_everything_administers_slotboard(db):
    host = Host.objects.create(slug="hv1", state_since=NOW)
    user, group = User.objects.create_user("mara"), Group.objects.create(name="ops")
    Grant.objects.create(user=user, role=Role.ADMINISTRATOR, host=host)
    Grant.objects.create(user=user, role=Role.ADMINISTRATOR, pattern="web*")
    Grant.objects.create(user=user, role=Role.OPERATOR)
    assert not is_administrator(user)
    Grant.objects.create(group=group, role=Role.ADMINISTRATOR)
    user.groups.add(group)
    assert is_administrator(user)
    user.is_active = False
    assert not is_administrator(user)


def test_grants_that_were_given_twice_before_are_kept_once(any_database):
    (once,) = (one for one in Grant._meta.constraints if one.name == "grant_once")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Grant, once)
    user, group = User.objects.create_user("mara"), Group.objects.create(name="ops")
    host = Host.objects.create(slug="hv1", state_since=NOW)
    told = [{"user": user}, {"group": group}, {"user": user, "host": host}, {"user": user, "pattern": "web*"}]
    for _ in range(2):
        for one in told:
            Grant.objects.create(role=Role.VIEWER, **one)
    with connection.schema_editor() as editor:
        import_module("domains.migrations.0012_grant_once").forget_repetitions(apps, editor)
        editor.add_constraint(Grant, once)
    assert Grant.objects.count() == len(told)
