"""Which guests a grant is for."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.contrib.auth.models import User

from domains.models import Domain, Grant, Host, Role
from domains.models.grant import domains_seen_by

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
