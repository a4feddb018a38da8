from __future__ import annotations

import os

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError

from domains.models import Grant, HistoryEntry
from domains.models.grant import grants_of
from tests.integration.commands import entries, grant, run
from tests.integration.web.factory import PASSWORD, make_host, make_user
from tests.typed import type_command

pytestmark = pytest.mark.django_db


def test_grant_makes_an_account_that_can_sign_in_and_records_it():
    password = grant("vera", "viewer", "--match", "web*").rsplit(" ", 1)[1].strip()
    assert authenticate(username="vera", password=password) == User.objects.get(username="vera")
    made = Grant.objects.get()
    assert (made.role, made.pattern, made.host) == ("viewer", "web*", None)
    (entry,) = entries()
    assert entry["actor"].startswith("os:")
    assert (entry["kind"], entry["user"], entry["role"]) == ("granted", "vera", "viewer")
    assert (entry["pattern"], entry["host"], entry["new_account"]) == ("web*", None, True)
    assert password not in HistoryEntry.objects.get().body


def test_grant_to_someone_known_keeps_the_password():
    User.objects.create_user("mara", password="kept")
    assert "password" not in grant("mara", "operator")
    assert authenticate(username="mara", password="kept")
    assert [entry["new_account"] for entry in entries()] == [False]


def test_role_that_is_there_already_is_not_given_twice():
    grant("mara", "operator")
    assert "mara is already operator" in grant("mara", "operator")
    grant("mara", "operator", "--match", "web*")
    assert Grant.objects.count() == len(entries()) == 2


def test_role_is_taken_away_as_it_was_given():
    make_host()
    grant("mara", "operator", "--host", "hv1")
    grant("mara", "viewer")
    assert "no longer operator on host hv1" in grant("mara", "operator", "--host", "hv1", "--revoke")
    assert [made.role for made in Grant.objects.all()] == ["viewer"]
    entry = entries()[-1]
    assert (entry["kind"], entry["user"], entry["role"], entry["host"]) == (
        "revoked",
        "mara",
        "operator",
        "hv1",
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["vera", "viewer", "--host", "nowhere"], "There is no host “nowhere”"),
        (["no spaces allowed", "viewer"], "valid username"),
        (["nul\0", "viewer"], "valid username"),
        (["vera", "emperor"], "invalid choice"),
        (["vera", "viewer", "--revoke"], "There is no user “vera”"),
        (["vera", "viewer", "--match", ""], "A pattern has 1 to 255 printable characters"),
        (["night shift", "viewer", "--group", "--revoke"], "There is no group “night shift”"),
        (["a\nb", "viewer", "--group"], "Give the group a name"),
    ],
)
def test_grant_refuses_what_makes_no_sense(arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        grant(*arguments)
    assert User.objects.count() == Grant.objects.count() == 0
    assert {entry["kind"] for entry in entries()} <= {"refused"}


def test_grant_on_a_host_that_is_not_there_stands_in_the_history():
    with pytest.raises(CommandError):
        grant("vera", "viewer", "--host", "nowhere")
    (entry,) = entries()
    assert (entry["kind"], entry["reason"], entry["path"]) == ("refused", "host_not_found", "manage.py grant")


def test_refused_revocation_says_what_there_is():
    grant("mara", "operator", "--match", "web*")
    with pytest.raises(CommandError, match=r"What mara has: operator on all hosts for web\*"):
        grant("mara", "operator", "--revoke")


def test_first_user_is_an_entry(monkeypatch):
    monkeypatch.setenv("SLOTBOARD_ADMIN_PASSWORD", PASSWORD)
    run("firstuser")
    run("firstuser")
    (entry,) = entries()
    assert (entry["kind"], entry["user"], entry["role"], entry["new_account"]) == (
        "granted",
        "admin",
        "superuser",
        True,
    )
    assert PASSWORD not in HistoryEntry.objects.get().body


def test_changed_password_is_an_entry_and_signs_out(client, monkeypatch):
    client.force_login(make_user("mara"))
    monkeypatch.setattr("getpass.getpass", lambda _: "another horse battery")
    assert "signed out everywhere" in run("changepassword", "mara")
    assert authenticate(username="mara", password="another horse battery")
    assert client.get("/").status_code == 302
    (entry,) = entries()
    assert (entry["kind"], entry["user"], entry["host"]) == ("password_changed", "mara", None)
    assert "battery" not in HistoryEntry.objects.get().body


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("mara", ["one of them", "the other one"], "two different passwords"),
        ("mara", ["xyzzy", "xyzzy"], "too short"),
        ("nobody", ["correct horse", "correct horse"], "There is no user “nobody”"),
        ("nul\0", ["correct horse", "correct horse"], "There is no user"),
    ],
)
def test_password_that_cannot_be_changed_leaves_all_as_it_was(monkeypatch, name, typed, sentence):
    make_user("mara")
    monkeypatch.setattr("getpass.getpass", lambda _: typed.pop(0))
    with pytest.raises(CommandError, match=sentence):
        run("changepassword", name)
    assert authenticate(username="mara", password=PASSWORD)
    assert {entry["kind"] for entry in entries()} <= {"refused"}
    assert all(
        typed not in entry.body for entry in HistoryEntry.objects.all() for typed in ("xyzzy", "horse")
    )


def test_djangos_own_way_to_a_superuser_is_closed():
    with pytest.raises(CommandError, match="grant NAME administrator"):
        run("createsuperuser")
    assert not User.objects.exists()


def test_whatever_was_typed_to_make_a_superuser_is_told_what_to_do(capsys):
    with pytest.raises(SystemExit):
        type_command("createsuperuser", "--username", "ada", "--noinput")
    assert "manage.py grant NAME administrator" in capsys.readouterr().err


@pytest.mark.parametrize("uid", [0, 4_000_000_000])
def test_who_runs_a_command_is_asked_of_the_system_and_not_of_the_environment(monkeypatch, uid):
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "somebody-else")
    monkeypatch.setattr(os, "getuid", lambda: uid)
    grant("mara", "viewer")
    assert entries()[0]["actor"] == {0: "os:root"}.get(uid, f"os:{uid}")


def test_group_is_given_a_role_and_members():
    assert "has no members yet" in grant("night shift", "operator", "--group", "--match", "web*")
    assert "group night shift is already operator" in grant(
        "night shift", "operator", "--group", "--match", "web*"
    )
    password = run("account", "make", "mara").rsplit(" ", 1)[1].strip()
    mara = User.objects.get(username="mara")
    assert authenticate(username="mara", password=password) == mara
    assert "mara is in the group night shift." in run("account", "join", "mara", "night shift")
    assert "already" in run("account", "join", "mara", "night shift")
    assert is_held(mara) == ["operator on all hosts for web*"]
    grant("mara", "viewer", "--host", make_host().slug)
    assert run("account", "list") == (
        "mara: operator on all hosts for web* (group night shift); viewer on hv1\n"
    )
    run("account", "leave", "mara", "night shift")
    assert "not in the group" in run("account", "leave", "mara", "night shift")
    assert is_held(mara) == ["viewer on hv1"]
    grant("night shift", "operator", "--group", "--match", "web*", "--revoke")
    assert [entry["kind"] for entry in entries()] == [
        "group_made", "granted", "account_made", "group_joined", "granted", "group_left", "revoked",
    ]  # fmt: skip
    assert {entry["actor"].partition(":")[0] for entry in entries()} == {"os"}


def is_held(user):
    return [str(one) for one in grants_of(user)]


def test_account_is_switched_off_and_on():
    make_user("mara", "viewer")
    assert run("account", "deactivate", "mara") == "mara is switched off.\n"
    assert run("account", "deactivate", "mara") == "mara is already switched off.\n"
    assert run("account", "list") == "mara, switched off: viewer on all hosts\n"
    assert run("account", "activate", "mara") == "mara is switched on.\n"
    with pytest.raises(CommandError, match="There is no user “nobody”"):
        run("account", "deactivate", "nobody")
    assert [entry["kind"] for entry in entries()] == [
        "account_switched_off",
        "account_switched_on",
        "refused",
    ]
