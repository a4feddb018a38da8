"""Making, revoking and recognising tokens, and what each refusal says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from domains.models import Grant, HistoryEntry, Role, Token
from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.operations.tokens import make_token, recognise, revoke_token, roles_for
from tests.integration.web.factory import make_domain, make_host, make_operation, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara():
    return make_user("mara", "operator")


def made(user, name="script", **options):
    return make_token(actor=Actor(user.username, "page", user), user=user, name=name, **options)


def refusal(secret):
    with pytest.raises(RequestRefused) as refused:
        recognise(secret, address="192.0.2.7")
    assert (refused.value.code, refused.value.http_status) == ("not_permitted", 401)
    return refused.value.message


def test_token_is_recognised_by_its_secret_which_is_kept_nowhere(mara):
    token, secret = made(mara)
    assert recognise(secret, address="192.0.2.7") == token
    assert (len(secret), token.prefix, token.role) == (64, secret[:8], "")
    assert token.expires_at - token.created_at == timedelta(days=90)
    kept = [*Token.objects.values().get().values(), *HistoryEntry.objects.values_list("body", flat=True)]
    assert secret not in " ".join(str(value) for value in kept)


def test_making_and_revoking_are_written_down_once(mara):
    token, _ = made(mara, role="viewer")
    actor = Actor("mara", "page", mara, "127.0.0.1")
    revoke_token(actor=actor, token=token)
    revoke_token(actor=actor, token=Token.objects.get())
    entries = [json.loads(entry.body) for entry in HistoryEntry.objects.order_by("seq")]
    assert [entry["kind"] for entry in entries] == ["token_made", "token_revoked"]
    told = {"actor": "mara", "door": "page", "address": "127.0.0.1", "host": None, "user": "mara"}
    told |= {"token": "script", "prefix": token.prefix, "role": "viewer"}
    assert told.items() <= entries[1].items()


def test_use_is_noted_at_most_once_a_minute(mara, django_assert_num_queries):
    _, secret = made(mara)
    recognise(secret, address="192.0.2.7")
    first = Token.objects.get().last_used_at
    with django_assert_num_queries(1):
        recognise(secret, address="192.0.2.7")
    assert Token.objects.get().last_used_at == first
    Token.objects.update(last_used_at=first - timedelta(minutes=2))
    recognise(secret, address="192.0.2.7")
    assert Token.objects.get().last_used_at >= first


def test_every_unusable_token_is_told_why(mara):
    token, secret = made(mara)
    assert refusal(secret[:-1] + "x").startswith("Unknown token")
    User.objects.update(is_active=False)
    assert "switched off" in refusal(secret)
    Token.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert "“script” expired on" in refusal(secret)
    revoke_token(actor=Actor("os:root", "command"), token=token)
    assert "“script” was revoked on" in refusal(secret)


@pytest.mark.parametrize("secret", ["", "é" * 64, "\ud800", "0" * 10_000])
def test_nonsense_is_an_unknown_token(secret):
    assert refusal(secret).startswith("Unknown token")


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (None, []),
        ("viewer", ["viewer"]),
        ("operator", ["viewer", "operator"]),
        ("auditor", ["viewer", "auditor"]),
        ("administrator", list(Role)),
    ],
)
def test_role_of_a_token_is_no_higher_than_its_owners(role, allowed):
    user = make_user("somebody", role)
    assert roles_for(user) == allowed
    for wanted in Role:
        if wanted not in allowed:
            with pytest.raises(RequestRefused, match=f"does not have the role {wanted}"):
                made(user, role=wanted)


def test_roles_of_several_grants_add_up_and_a_superuser_has_all():
    user = make_user("somebody", "operator")
    Grant.objects.create(user=user, role="auditor")
    assert roles_for(user) == ["viewer", "operator", "auditor"]
    assert roles_for(User.objects.create_superuser("root")) == list(Role)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"name": "  "}, "Name the token"),
        ({"name": "x" * 101}, "Name the token"),
        ({"name": "a\0b"}, "Name the token"),
        ({"days": 0}, "1 to 366 days"),
        ({"days": 367}, "1 to 366 days"),
        ({"role": "emperor"}, "is no role"),
    ],
)
def test_token_that_makes_no_sense_is_not_made(mara, options, sentence):
    with pytest.raises(RequestRefused, match=sentence):
        made(mara, **options)
    assert not Token.objects.exists()
    assert not HistoryEntry.objects.exists()


def test_name_is_free_again_once_its_token_is_of_no_use(mara):
    token, _ = made(mara)
    with pytest.raises(RequestRefused, match="has a token “script” already"):
        made(mara)
    revoke_token(actor=Actor("os:root", "command"), token=token)
    made(mara)
    made(make_user("otto"))
    assert Token.objects.count() == 3


@pytest.mark.parametrize(("limit", "changes"), [("viewer", 0), ("auditor", 0), ("operator", 1), ("", 1)])
def test_limit_takes_away_from_what_the_owner_may(mara, limit, changes):
    web = make_domain(make_host())
    make_operation(web)
    actor = Actor("mara", "api", mara, token="script", limit=limit)
    assert (actor.changes().count(), actor.sees().count(), actor.operations().count()) == (changes, 1, 1)


def test_limit_gives_nothing_that_the_owner_has_not():
    make_operation(make_domain(make_host()))
    actor = Actor("vera", "api", make_user("vera", "viewer"), token="script", limit="administrator")
    assert (actor.changes().count(), actor.sees().count()) == (0, 1)
    actor = Actor("nobody", "api", make_user("nobody"), token="script", limit="administrator")
    assert (actor.sees().count(), actor.operations().count()) == (0, 0)


def test_operations_seen_are_those_of_the_domains_seen():
    host = make_host()
    web, data = make_domain(host, "web01"), make_domain(host, "db01")
    mine, theirs = make_operation(web), make_operation(data)
    user = make_user("omar", "operator", pattern="web*")
    assert list(Actor("omar", "api", user).operations()) == [mine]
    assert list(Actor("os:root", "command").operations()) == [theirs, mine]
