"""Every entry of the history can be looked into by itself."""

from __future__ import annotations

import hashlib
import html
import re

import pytest
from django.db import transaction
from django.test import Client

from domains.history import ledger
from tests.integration.history.tampering import change, drop_triggers
from tests.integration.web.factory import make_domain, make_entry, make_operation, make_user


def client_of(name, role=None, **grant):
    client = Client()
    client.force_login(make_user(name, role, **grant))
    return client


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<.*?>", " ", text)))


def test_entry_shows_its_body_and_how_its_hash_comes_about(viewer, domain):
    make_entry("outside", domain, effects=[])
    entry = make_entry("outside", domain, effects=[{"side": None, "renamed_from": "<i>größe"}])
    text = viewer.get(f"/operations/entries/{entry.seq}/").text
    assert entry.body in html.unescape(text)
    command = re.search(r"printf %s%s%s (\w+) (\d+) (\w+) \| sha256sum", text)
    assert command
    assert hashlib.sha256("".join(command.groups()).encode()).hexdigest() == entry.hash
    assert f"<code>{entry.hash}</code>" in text
    assert "was renamed from &lt;i&gt;größe" in re.sub(r"</?bdi>", "", text)
    assert "<i>größe" not in text


def test_entry_whose_body_somebody_changed_is_shown_as_it_stands(viewer, domain):
    entry = make_entry("outside", domain, effects=[])
    body = entry.body.replace('"effects"', '"größe":1,"effects"')
    drop_triggers()
    change(entry.seq, body=body)
    text = viewer.get(f"/operations/entries/{entry.seq}/").text
    assert body in html.unescape(text)
    assert hashlib.sha256(body.encode()).hexdigest() in text


def test_entry_of_an_operation_leads_to_it(viewer, domain):
    operation = make_operation(
        domain, [(5, "live", "done")], status="succeeded", kinds=("requested", "started")
    )
    text = viewer.get("/operations/entries/2/").text
    assert f'href="/operations/{operation.pk}/#entry-2"' in text
    assert "A worker took it up" in text
    assert 'href="/operations/entries/1/" rel="prev"' in text
    assert 'rel="next"' not in text


def test_entry_that_one_may_not_see_is_like_one_that_does_not_exist(domain, host):
    make_entry("outside", domain, effects=[])
    mine = make_entry("outside", make_domain(host, "db01"), effects=[])
    make_entry("outside", domain, effects=[])
    dora = client_of("dora", "viewer", pattern="db*", host=host)
    assert [dora.get(f"/operations/entries/{seq}/").status_code for seq in (1, 2, 3, 4)] == [
        404,
        200,
        404,
        404,
    ]
    text = dora.get(f"/operations/entries/{mine.seq}/").text
    assert 'rel="prev"' not in text
    assert 'rel="next"' not in text


@pytest.mark.parametrize("number", ["0", "9" * 18, "9" * 19, "9" * 30])
def test_unknown_entry_is_a_404(viewer, db, number):
    assert viewer.get(f"/operations/entries/{number}/").status_code == 404


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("granted", {"user": "mara", "role": "operator", "pattern": "*"}, "gave the role operator to mara, on all hosts"),
        (
            "granted",
            {"user": "mara", "role": "viewer", "pattern": "web*", "host": "hv1", "new_account": True},
            "gave the role viewer to mara, on hv1, guests named web* · with a new account",
        ),
        ("revoked", {"user": "mara", "role": "viewer", "pattern": "*"}, "took the role viewer from mara, on all hosts"),
        ("revoked", {"group": "night", "role": "viewer", "pattern": "*"},
         "took the role viewer from the group night, on all hosts"),
        ("account_made", {"user": "mara"}, "made the account mara"),
        ("account_switched_off", {"user": "mara"},
         "switched off the account mara · signed out everywhere, tokens open nothing"),
        ("account_switched_on", {"user": "mara"}, "switched on the account mara"),
        ("group_made", {"group": "night"}, "made the group night"),
        ("group_renamed", {"group": "day", "renamed_from": "night"}, "renamed the group night to day"),
        ("group_removed", {"group": "night", "members": ["mara"]}, "removed the group night"),
        ("group_joined", {"user": "mara", "group": "night"}, "put mara into the group night"),
        ("group_left", {"user": "mara", "group": "night"}, "took mara out of the group night"),
        ("token_made", {"user": "admin", "token": "nightly", "role": "viewer", "expires": "2026-12-24T00:00:00Z"},
         "made the token nightly · no more than viewer, until 2026-12-24"),
        ("token_made", {"user": "omar", "token": "nightly"},
         "made the token nightly, which is a token of omar · all of the owner’s rights"),
        ("token_revoked", {"user": "admin", "token": "nightly"}, "ended the token nightly"),
        ("signed_in", {"address": "192.0.2.14"}, "signed in · from 192.0.2.14"),
        ("signed_out", {}, "signed out"),
        ("host_added", {"host": "hv2"}, "added the host hv2"),
        ("host_paused", {"host": "hv2"}, "paused the host hv2"),
        ("host_resumed", {"host": "hv2"}, "resumed the host hv2"),
        ("host_tested", {"host": "hv2", "settings": {"driver": "qemu", "transport": "ssh", "hostname": "rack2"}},
         "had the connection tested to hv2 · qemu over ssh at rack2"),
        ("host_tested", {"host": None, "settings": {"driver": "qemu", "transport": "unix"}},
         "had the connection tested to a host · qemu over unix"),
        ("host_tested", {}, "had the connection tested to a host"),
        ("host_changed", {"host": "hv2", "changed": {"enabled": [True, False]}},
         "changed the host hv2 · enabled False (was True)"),
        ("password_changed", {"user": "mara"}, "changed the password of mara"),
        ("sign_in_failed", {"address": "192.0.2.1", "token": "nightly", "message": "It has expired."},
         "failed to sign in with the token nightly · from 192.0.2.1: It has expired."),
        ("host_removed", {"host": "hv2"}, "removed the host hv2"),
        ("archived", {"from": 1, "to": 500, "file": "until-2026.ndjson"},
         "archived the entries 1 to 500 and removed them from here · kept in until-2026.ndjson"),
        ("restored", {"kept": {"seq": 90, "hash": "ab"}, "lost": [], "note": "OPS-7"},
         "recorded that a backup was restored, which holds only what came up to entry 90 · OPS-7"),
        ("restored", {"kept": None, "lost": []},
         "recorded that a backup was restored, which holds nothing of what was before"),
        ("exported", {"format": "csv", "scope": "whole", "filters": {}, "from": 1, "to": 9},
         "exported the entries 1 to 9 as CSV"),
        ("exported", {"format": "ndjson", "filters": {"host": "hv1"}, "from": 1, "to": 9},
         "exported what fits of the entries 1 to 9 as NDJSON · host hv1"),
        ("invented", {}, "recorded “invented”"),
    ],
)  # fmt: skip
def test_what_is_about_no_guest_is_a_sentence_too(db, kind, body, words):
    with transaction.atomic():
        ledger.append(kind, {"actor": "admin", "door": "page", "host": None, **body})
    text = plain(client_of("audrey", "auditor").get("/operations/entries/1/").text)
    assert f"admin {words} " in text.replace(" ,", ",")


def test_failed_sign_ins_are_told_with_their_number(db):
    with transaction.atomic():
        ledger.append("sign_in_failed", {"actor": None, "door": "page", "host": None, "address": "192.0.2.1"})
        ledger.append(
            "sign_in_failed",
            {"actor": None, "door": "page", "host": None, "address": "192.0.2.1", "count": 40},
        )
    audrey = client_of("audrey", "auditor")
    assert "somebody failed to sign in · from 192.0.2.1" in plain(audrey.get("/operations/entries/1/").text)
    assert "somebody failed to sign in 40 times · from" in plain(audrey.get("/operations/entries/2/").text)
