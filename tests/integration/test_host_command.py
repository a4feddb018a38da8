"""Hosts are administered on the command line, and all of it stands in the history."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError

from domains.models import Grant, HistoryEntry, Host
from domains.models.clock import now
from domains.operations.accounts_roles import give_role
from domains.operations.actor import Actor
from domains.operations.hosts import remove_host
from tests.integration.commands import entries, run
from tests.integration.web.factory import make_domain, make_host, make_operation

pytestmark = pytest.mark.django_db

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
