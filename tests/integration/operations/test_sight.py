"""Nobody finds in the history what they may not see."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction

from domains.history import ledger
from domains.models import Grant, HistoryEntry, Host
from domains.operations.actor import Actor
from domains.operations.sight import sight_of
from tests.integration.web.factory import make_domain, make_host, make_user

pytestmark = pytest.mark.django_db

OF_NONE = {"root in", "mara in", "granted", "host", "archived", "lost"}


@pytest.fixture
def history(db):
    """Entries about two domains of one host and one of another, and about none, each with a name as its note."""
    hv1, hv2 = make_host(), make_host("hv2")
    web, db01 = make_domain(hv1, "web01"), make_domain(hv1, "db01")
    twin = make_domain(hv2, "db01-old", uuid=db01.uuid)

    def append(note, kind, actor, *, domain=None, **facts):
        about = {"name": domain.name, "uuid": str(domain.uuid)} if domain else facts.pop("about", None)
        host = domain.host.slug if domain else facts.pop("host", None)
        told = {"actor": actor, "door": "page", "host": host, "note": note, **facts}
        with transaction.atomic():
            ledger.append(kind, told | ({"domain": about} if about else {}))

    append("web", "requested", "mara", domain=web)
    append("db", "outside", None, domain=db01)
    append("twin", "refused", "mara", domain=twin)
    append("root in", "signed_in", "root")
    append("mara in", "signed_in", "mara")
    append("granted", "granted", "os:root", user="mara", role="operator", host="hv1")
    append("host", "host_changed", "os:root", host="hv1")
    append("archived", "archived", "os:root", **{"from": 1, "to": 2})
    append("lost", "refused", "mara", host="hv1", about={"name": "web99", "uuid": None})


def found(seen) -> set[str]:
    return {entry.body.split('"note":"')[1].split('"')[0] for entry in HistoryEntry.objects.filter(seen)}


ALL = {"web", "db", "twin"} | OF_NONE
OWN = {"mara in", "lost"}


@pytest.mark.parametrize(
    ("role", "grant", "seen"),
    [
        ("administrator", {}, ALL),
        ("auditor", {}, ALL),
        ("operator", {}, {"web", "db", "twin"} | OWN),
        ("viewer", {}, {"web", "db", "twin"} | OWN),
        ("auditor", {"pattern": "web*"}, {"web"} | OWN),
        ("administrator", {"pattern": "db*"}, {"db", "twin"} | OWN),
        ("operator", {"pattern": "web*"}, {"web"} | OWN),
        (None, {}, OWN),
    ],
)
def test_entries_are_seen_by_role(history, role, grant, seen):
    user = make_user("mara", role, **grant)
    assert found(sight_of(user).entries()) == seen
    assert found(Actor("mara", "page", user).entries()) == seen


def test_role_on_one_host_opens_that_host_alone(history):
    for slug, seen in (("hv1", {"web", "db"}), ("hv2", {"twin"})):
        user = make_user(f"anna-{slug}", "auditor", host=Host.objects.get(slug=slug))
        assert found(sight_of(user).entries()) == seen


def test_superuser_and_the_operating_systems_user_see_all(history):
    boss = User.objects.create_superuser("boss", password="x")
    assert found(sight_of(boss).entries()) == found(Actor("os:root", "command").entries()) == ALL


def test_groups_role_counts_and_a_switched_off_account_has_none(history):
    group = Group.objects.create(name="auditors")
    Grant.objects.create(group=group, role="auditor")
    user = make_user("anna")
    user.groups.add(group)
    assert found(sight_of(user).entries()) == ALL
    user.is_active = False
    assert found(sight_of(user).entries()) == set()


@pytest.mark.parametrize(
    ("limit", "seen"),
    [
        ("auditor", ALL),
        ("administrator", ALL),
        ("operator", {"web", "db", "twin"} | OWN),
        ("viewer", {"web", "db", "twin"} | OWN),
    ],
)
def test_token_that_is_limited_opens_no_more_than_its_role(history, limit, seen):
    user = make_user("mara", "administrator")
    assert found(Actor("mara", "api", user, token="script", limit=limit).entries()) == seen


def test_two_roles_add_up(history):
    user = make_user("mara", "viewer")
    Grant.objects.create(user=user, role="auditor", pattern="web*")
    assert found(sight_of(user).entries()) == {"web", "db", "twin"} | OWN
