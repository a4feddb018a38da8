from __future__ import annotations

import uuid

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from domains.models import Domain, Grant
from domains.models.scope import Guest, HostGuests
from domains.web.listening import accesses
from tests.integration.web.factory import access, make_domain, make_host, make_operation, make_user


def guest(domain: Domain) -> Guest:
    return Guest(domain.pk, domain.host_id, domain.name)


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


@pytest.mark.parametrize("cookie", ["", "x", "a" * 32, "\x00", "é" * 40])
def test_unknown_session_has_no_access(db, cookie):
    assert access(cookie) is None


def test_session_ends_with_logout_password_and_account(db):
    user = make_user("mara", "operator")
    cookie = session_of(user)
    found = access(cookie)
    assert found is not None
    user.set_password("another")
    user.save()
    assert access(cookie) is None

    cookie = session_of(user)
    User.objects.update(is_active=False)
    assert access(cookie) is None


def test_many_sessions_are_looked_up_at_once(host, django_assert_num_queries):
    group = Group.objects.create(name="night shift")
    Grant.objects.create(group=group, role="operator", pattern="db*")
    users = [make_user(f"user{number}", "viewer", pattern="web*") for number in range(5)]
    users[0].groups.add(group)
    users[1].groups.add(group)
    root = User.objects.create_superuser("root")
    sessions = [session_of(user) for user in (*users, users[2], root)]
    anonymous = SessionStore()
    anonymous["theme"] = "dark"
    anonymous.save()
    User.objects.filter(pk=users[4].pk).update(is_active=False)

    with django_assert_num_queries(3):
        found = accesses([*sessions, anonymous.session_key, "unknown"])

    assert set(found) == {*sessions[:4], *sessions[5:]}
    both, alone, all_of_it = found[sessions[0]], found[sessions[2]], found[sessions[6]]
    assert both is found[sessions[1]]
    assert alone is found[sessions[3]] is found[sessions[5]]
    web, db = guest(make_domain(host, "web01")), guest(make_domain(host, "db01"))
    told = [(one.audience(web), one.audience(db)) for one in (both, alone, all_of_it)]
    assert told == [("see", "change"), ("see", None), ("change", "change")]


def test_session_that_a_retired_secret_key_vouches_for_still_holds(db, settings):
    cookie = session_of(make_user("mara", "operator"))
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    assert access(cookie) is not None
    settings.SECRET_KEY_FALLBACKS = []
    assert access(cookie) is None


def test_session_of_a_way_to_sign_in_that_was_given_up_is_nobodys(db, settings):
    cookie = session_of(make_user("mara", "operator"))
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    assert access(cookie) is None


def test_logout_ends_access(db):
    client = Client()
    client.force_login(make_user("mara", "operator"))
    cookie = client.cookies["sessionid"].value
    client.post("/accounts/logout/")
    assert access(cookie) is None


def test_audience_follows_the_grants(host):
    web, db = make_domain(host, "web01"), make_domain(host, "db01")
    user = make_user("omar", "operator", pattern="web*")
    found = access(session_of(user))
    assert found is not None
    assert (found.audience(guest(web)), found.audience(guest(db)), found.audience(None)) == (
        "change",
        None,
        "see",
    )
    Grant.objects.create(user=user, role="viewer", host=host)
    found = access(session_of(user))
    assert found is not None
    assert found.audience(guest(db)) == "see"


def test_audience_of_a_viewer_an_administrator_and_a_stranger(domain):
    expected = {"viewer": "see", "auditor": "see", "administrator": "change", None: None}
    for role, audience in expected.items():
        found = access(session_of(make_user(f"user-{role}", role)))
        assert found is not None
        assert found.audience(guest(domain)) == audience
        assert found.audience(None) == ("see" if audience else None)


def test_group_grants_count(domain):
    group = Group.objects.create(name="operators")
    Grant.objects.create(group=group, role="operator")
    user = make_user("mara")
    user.groups.add(group)
    found = access(session_of(user))
    assert found is not None
    assert found.audience(guest(domain)) == "change"


def test_domain_that_appears_later_is_seen_by_those_who_see_all(host):
    found = access(session_of(make_user("mara", "operator")))
    assert found is not None
    assert found.audience(guest(make_domain(host, "new"))) == "change"


def test_topics_are_open_to_those_who_may_see_what_they_carry(host):
    web, db = make_domain(host, "web01"), make_domain(host, "db01")
    make_host("hv2")
    mine, theirs = make_operation(web), make_operation(db)
    found = access(session_of(make_user("omar", "operator", pattern="web*")))
    assert found is not None
    own = {f"domain:{web.uuid}", f"domain:hv1/{web.uuid}", f"operation:{mine.pk}", f"row:{web.pk}"}
    allowed = {"fleet", "operations", "host:hv1", *own}
    refused = {
        f"domain:{db.uuid}", f"domain:hv1/{db.uuid}", f"domain:hv2/{web.uuid}", "host:hv2", f"operation:{theirs.pk}", "operation:999", "operation:x", "operation:-1",
        f"row:{db.pk}", "row:999", "row:x", "row:", "row:-1",
        f"operation:{'9' * 40}", f"domain:{uuid.uuid4()}", "domain:x", "domain:", "", "fleet:x", "nonsense", "host:", "host:\0", f"domain:\0/{web.uuid}", "operation:\0",
    }  # fmt: skip
    assert {topic for topic in allowed | refused if found.may_subscribe({topic})} == allowed


def test_operation_is_heard_of_by_who_sees_its_page_also_after_its_host_came_back(host):
    domain = make_domain(host, "web01")
    operation = make_operation(domain, status="succeeded")
    user = make_user("omar", "operator", pattern="web*")
    host.delete()
    assert not access(session_of(user)).may_subscribe({f"operation:{operation.pk}"})
    make_domain(make_host("hv1"), "web01", uuid=domain.uuid)
    client = Client()
    client.force_login(user)
    assert client.get(f"/operations/{operation.pk}/").status_code == 200
    assert access(session_of(user)).may_subscribe({f"operation:{operation.pk}"})


def test_host_is_known_to_those_who_see_a_guest_of_it(host):
    make_domain(host, "web01")
    other = make_host("hv2")
    some = access(session_of(make_user("omar", "operator", pattern="web*")))
    every = access(session_of(make_user("ada", "viewer")))
    none = access(session_of(make_user("nobody")))
    known = [
        [one.knows_host(HostGuests(number)) for number in (host.pk, other.pk)] for one in (some, every, none)
    ]
    assert known == [[True, False], [True, True], [False, False]]


def test_topics_of_what_does_not_exist_are_refused_to_everybody(domain):
    found = access(session_of(make_user("root", "administrator")))
    assert found is not None
    assert found.may_subscribe({f"domain:{domain.uuid}"})
    assert not found.may_subscribe({f"domain:{uuid.uuid4()}"})
    assert not found.may_subscribe({"host:nowhere"})
    assert not found.may_subscribe({"operation:1"})


def test_people_with_the_same_grants_share_one_value(host):
    def found(name, *patterns):
        user = make_user(name)
        for pattern in patterns:
            Grant.objects.create(user=user, role="operator", pattern=pattern)
        return access(session_of(user))

    assert found("mara", "web*", "db*") is found("omar", "db*", "web*")
    assert found("ada", "*") is found("otto", "*", "web*") is not found("olga", "web*")


def test_rights_and_topics_take_as_many_queries_with_many_guests(host, django_assert_num_queries):
    session = session_of(make_user("omar", "operator", pattern="web*"))
    guests = [make_domain(host, f"web{number}") for number in range(30)]
    operations = [make_operation(one) for one in guests]
    topics = {"fleet", "operations", "host:hv1", *(f"row:{one.pk}" for one in guests)}
    topics |= {f"domain:{one.uuid}" for one in guests} | {f"operation:{one.pk}" for one in operations}

    with django_assert_num_queries(3):
        found = access(session)
    with django_assert_num_queries(5):
        assert found.may_subscribe(topics)
    with django_assert_num_queries(0):
        assert {found.audience(guest(one)) for one in guests} == {"change"}
