"""What stands in the history of who signed in, signed out and tried to."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.models import F
from django.test import Client

from domains.models import FailedSignIns, HistoryEntry, Token
from domains.operations.actor import Actor
from domains.operations.signing_in import Failure, name_hash, record_failure, tell_left_out
from domains.operations.tokens import make_token, revoke_token
from tests.integration.web.factory import PASSWORD, make_user

LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def _forget_attempts():
    cache.clear()


def entries(*kinds: str) -> list[dict]:
    found = HistoryEntry.objects.filter(kind__in=kinds or ("sign_in_failed",)).order_by("seq")
    return [json.loads(entry.body) for entry in found]


WRONG = "wrong"


def attempt(name: str, password: str = WRONG, *, address: str = "192.0.2.7"):
    return Client(REMOTE_ADDR=address).post(LOGIN, {"login": name, "password": password})


def a_minute_later():
    FailedSignIns.objects.update(
        began_at=F("began_at") - timedelta(seconds=61), last_at=F("last_at") - timedelta(seconds=61)
    )


def test_signing_in_and_out_are_entries(client, db):
    make_user("mara")
    client.post(LOGIN, {"login": "mara", "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    client.post("/accounts/logout/", REMOTE_ADDR="2001:db8::7")
    told = [
        (one["kind"], one["actor"], one["door"], one["address"]) for one in entries("signed_in", "signed_out")
    ]
    assert told == [("signed_in", "mara", "page", "192.0.2.7"), ("signed_out", "mara", "page", "2001:db8::7")]
    assert not Session.objects.exists()


def test_signing_out_without_having_signed_in_is_none(client, db):
    client.post("/accounts/logout/")
    assert not HistoryEntry.objects.exists()


def test_there_is_no_sign_in_without_its_entry(any_database):
    make_user("mara")
    client = Client(raise_request_exception=False)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE domains_historyentry RENAME TO elsewhere")
    assert client.post(LOGIN, {"login": "mara", "password": PASSWORD}).status_code == 500
    assert not Session.objects.exists()
    assert client.get("/").status_code == 302
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE elsewhere RENAME TO domains_historyentry")
    assert User.objects.get().last_login is None
    assert client.post(LOGIN, {"login": "mara", "password": PASSWORD}).status_code == 302
    assert [entry["actor"] for entry in entries("signed_in")] == ["mara"]


def test_there_is_no_sign_out_without_its_entry(any_database):
    client = Client(raise_request_exception=False)
    client.force_login(make_user("mara"))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE domains_historyentry RENAME TO elsewhere")
    assert client.post("/accounts/logout/").status_code == 500
    assert Session.objects.count() == 1


def test_wrong_password_names_the_account_it_was_aimed_at(db):
    make_user("mara")
    attempt("MARA", "a secret guess")
    (entry,) = entries()
    assert (entry["actor"], entry["door"], entry["address"]) == ("mara", "page", "192.0.2.7")
    assert (entry["reason"], entry["count"], entry["name_hash"]) == ("not_permitted", 1, None)
    assert entry["message"] == "The password was wrong."


@pytest.mark.parametrize("typed", ["hunter2 my password", " Hunter2 My Password"])
def test_unknown_name_stands_there_as_a_keyed_hash_alone(db, settings, typed):
    attempt(typed)
    (entry,) = entries()
    assert entry["actor"] is None
    assert entry["name_hash"] == name_hash("hunter2 my password")
    assert "unter2" not in HistoryEntry.objects.get().body
    settings.SECRET_KEY = "another key of this installation, long enough"
    assert entry["name_hash"] != name_hash("hunter2 my password")


def test_account_that_is_switched_off_is_told_apart(db):
    make_user("mara")
    User.objects.update(is_active=False)
    client = Client()
    answer = client.post(LOGIN, {"login": "mara", "password": PASSWORD})
    assert answer["Location"] == "/accounts/inactive/"
    assert client.get("/").status_code == 302
    (entry,) = entries()
    assert entry["actor"] == "mara"
    assert "switched off" in entry["message"]
    assert not entries("signed_in")


def test_form_that_is_not_filled_in_is_no_attempt(client, db):
    client.post(LOGIN, {"login": "mara"})
    client.post(LOGIN, {"password": "x"})
    assert not HistoryEntry.objects.exists()


def test_ten_a_minute_are_told_and_the_others_counted(db):
    make_user("mara")
    answers = [attempt("mara" if number % 2 else "nobody") for number in range(34)]
    assert [answer.status_code for answer in answers][-1] == 429
    assert len(entries()) == 10
    assert {entry["count"] for entry in entries()} == {1}
    assert entries()[-1]["reason"] == "not_permitted"

    a_minute_later()
    attempt("mara")
    *_, summary, latest = entries()
    assert (summary["count"], summary["actor"], summary["address"]) == (24, None, "192.0.2.7")
    assert summary["since"] < summary["until"] < summary["time"]
    assert (
        latest["reason"] == "rate_limited"
    )  # five vain attempts for one name keep their own limit for longer
    assert len(entries()) == 12


def test_count_is_told_also_when_nobody_tries_again(db):
    for number in range(13):
        record_failure(Failure("page", "192.0.2.7", "No.", name=str(number)))
    tell_left_out()
    assert len(entries()) == 10
    a_minute_later()
    tell_left_out()
    tell_left_out()
    assert [entry["count"] for entry in entries()][9:] == [1, 3]
    assert not FailedSignIns.objects.exists()


def test_minute_with_nothing_left_out_ends_without_a_word(db):
    record_failure(Failure("page", "192.0.2.7", "No."))
    a_minute_later()
    tell_left_out()
    assert len(entries()) == 1


def test_each_address_has_its_own_ten_and_a_network_of_ipv6_is_one(db):
    for number in range(12):
        record_failure(Failure("page", f"192.0.2.{number}", "No."))
        record_failure(Failure("page", f"2001:db8:0:1::{number}", "No."))
    told = [entry["address"] for entry in entries()]
    assert len([address for address in told if address.startswith("192")]) == 12
    assert len([address for address in told if address.startswith("2001")]) == 10
    assert FailedSignIns.objects.get(left_out=2).address == "2001:db8:0:1::/64"


@pytest.mark.parametrize("address", ["", "unix:", "x" * 64, "256.1.1.1"])
def test_address_that_is_none_counts_as_it_stands(db, address):
    for _ in range(11):
        record_failure(Failure("page", address, "No."))
    assert FailedSignIns.objects.get(address=address).left_out == 1


def test_processes_that_fail_at_once_share_the_limit(any_database):
    failures = []

    def many(number: int) -> None:
        try:
            for _ in range(8):
                record_failure(Failure("page", "192.0.2.7", f"No, says {number}."))
        except DatabaseError as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=many, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(entries()) == 10
    a_minute_later()
    tell_left_out()
    assert sum(entry["count"] for entry in entries()) == 32


def bearer(secret: str):
    return Client(REMOTE_ADDR="192.0.2.9").get("/api/v1/hosts", headers={"Authorization": f"Bearer {secret}"})


def test_token_that_opens_nothing_is_a_failed_sign_in(db):
    actor = Actor("mara", "page", make_user("mara", "viewer"))
    token, secret = make_token(actor=actor, user=actor.user, name="nightly")
    assert bearer(secret).status_code == 200
    revoke_token(actor=actor, token=token)
    assert bearer(secret).status_code == 401
    (entry,) = entries()
    assert (entry["actor"], entry["door"], entry["address"]) == ("mara", "api", "192.0.2.9")
    assert (entry["token"], entry["prefix"]) == ("nightly", secret[:8])
    assert "was revoked on" in entry["message"]
    assert secret[8:] not in HistoryEntry.objects.get(kind="sign_in_failed").body
    assert Token.objects.get().last_used_at is not None


@pytest.mark.parametrize(("sent", "prefix"), [("ab" * 32, "abababab"), ("my other password", None)])
def test_of_an_unknown_token_at_most_the_prefix_is_kept(db, sent, prefix):
    assert bearer(sent).status_code == 401
    (entry,) = entries()
    assert (entry["actor"], entry["token"], entry["prefix"], entry["name_hash"]) == (None, None, prefix, None)
    assert sent not in HistoryEntry.objects.get().body


def test_tokens_and_passwords_share_the_limit_of_their_address(db):
    for _ in range(6):
        bearer("ab" * 32)
        attempt("nobody", address="192.0.2.9")
    assert len(entries()) == 10


def test_command_finds_out_whether_a_name_was_meant(db):
    attempt("mara.old")
    attempt("somebody")
    out = StringIO()
    call_command("namehash", "Mara.old", stdout=out)
    hashed, found = out.getvalue().splitlines()
    assert hashed == name_hash("mara.old")
    assert found.startswith("entry 1: ")
    assert found.endswith(" from 192.0.2.7")
