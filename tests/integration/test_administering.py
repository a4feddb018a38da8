from __future__ import annotations

import json
import os
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command

from domains.models import Grant, HistoryEntry, Host
from domains.models.clock import now
from domains.models.grant import grants_of
from domains.operations.accounts_roles import give_role
from domains.operations.actor import Actor
from domains.operations.hosts import remove_host
from tests.integration.web.factory import PASSWORD, make_domain, make_host, make_operation, make_user
from tests.typed import type_command

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def grant(*arguments):
    return run("grant", *arguments)


def entries():
    return [json.loads(entry.body) for entry in HistoryEntry.objects.order_by("seq")]


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


RACK = "qemu+ssh://slotboard@rack1.example.org/system"


def test_host_is_added_changed_switched_and_removed_with_an_entry_each():
    assert "rack1 is added" in run("host", "add", "rack1", RACK, "--monitor")
    run("host", "change", "rack1", "--uri", "qemu+tls://rack1.example.org/system", "--no-monitor")
    assert "rack1 is paused" in run("host", "pause", "rack1")
    assert "rack1 is already paused" in run("host", "pause", "rack1")
    assert "rack1 is resumed" in run("host", "resume", "rack1")
    assert "like that already" in run("host", "change", "rack1", "--no-monitor")
    run("host", "remove", "rack1")
    assert not Host.objects.exists()
    told = entries()
    assert [entry["kind"] for entry in told] == [
        "host_added", "host_changed", "host_paused", "host_resumed", "host_removed",
    ]  # fmt: skip
    assert {entry["host"] for entry in told} == {"rack1"}
    assert told[0]["settings"]["hostname"] == "rack1.example.org"
    assert told[1]["changed"] == {
        "transport": ["ssh", "tls"],
        "username": ["slotboard", ""],
        "monitor": [True, False],
    }
    assert [entry["settings"]["enabled"] for entry in told[2:]] == [False, True, True]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["add", "rack1", "qemu+ext:///system?command=/bin/sh"], "transport|URI|command"),
        (["add", "rack1", "qemu:///system?socket=/tmp/x"], "socket"),
        (["add", "not a name", RACK], "letters, digits"),
        (["add", "hv1", RACK], "There is a host hv1 already"),
        (["add", "rack1", RACK, "--queue", "a b"], "A queue's name is"),
        (["change", "rack1", "--uri", RACK], "There is no host “rack1”"),
        (["change", "hv1", "--uri", "qemu+ext:///system"], "Choose unix"),
        (["remove", "rack1"], "There is no host “rack1”"),
        (["pause", "rack1"], "There is no host “rack1”"),
        (["test", "rack1"], "There is no host “rack1”"),
        (["test", "rack1", "--uri", "qemu+ext:///system"], "Choose unix"),
    ],
)
def test_host_that_makes_no_sense_is_refused(arguments, sentence):
    make_host()
    before = list(Host.objects.values())
    with pytest.raises(CommandError, match=sentence):
        run("host", *arguments)
    assert list(Host.objects.values()) == before
    assert [entry["kind"] for entry in entries()] == ["refused"]


@pytest.mark.parametrize(
    "uri", ["qemu+ssh://slot:s3cret@h/system", "qemu+ssh://slot@h/system?password=s3cret"]
)
def test_password_in_a_refused_uri_is_kept_nowhere(uri):
    with pytest.raises(CommandError):
        run("host", "add", "rack1", uri)
    (entry,) = entries()
    assert "rack1" in entry["sent"]
    assert "s3cret" not in HistoryEntry.objects.get().body


def test_removed_host_takes_its_roles_along_and_says_so():
    host, group = make_host(), Group.objects.create(name="night shift")
    actor = Actor("os:root", "command")
    give_role(actor=actor, name="mara", role="operator", host=host)
    Grant.objects.create(group=group, role="viewer", host=host)
    done = make_operation(make_domain(host), status="succeeded")
    remove_host(actor=actor, slug="hv1")
    told = entries()[-3:]
    assert [(one["kind"], one.get("user"), one.get("group")) for one in told] == [
        ("revoked", "mara", None),
        ("revoked", None, "night shift"),
        ("host_removed", None, None),
    ]
    assert {one["host"] for one in told} == {"hv1"}
    done.refresh_from_db()
    assert (done.host, done.host_slug) == (None, "hv1")


def test_host_with_an_operation_under_way_stays():
    operation = make_operation(make_domain(make_host()))
    with pytest.raises(CommandError, match=f"Operation {operation.pk} on hv1 has not ended"):
        run("host", "remove", "hv1")
    assert Host.objects.exists()
    run("host", "remove", "hv1", "--force")
    assert not Host.objects.exists()


def test_hosts_are_listed():
    run("host", "add", "rack1", RACK)
    Host.objects.create(slug="odd", socket="/etc/passwd", state="connected", state_since=now(), enabled=False)
    first, second = run("host", "list").splitlines()
    assert first.startswith("odd: The socket must lie below ")
    assert first.endswith(", paused")
    assert second == f"rack1: {RACK}?no_tty=1, unreachable: No watcher has looked at this host yet."


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
