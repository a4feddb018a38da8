"""Entries that fit the chain and are none of ours: every reader goes on, and whoever looks is told."""

from __future__ import annotations

import pytest
from django.test import Client

from domains.history import chain, headfile, reindex
from domains.models import HistoryLine
from domains.operations.said import NOT_OURS
from tests.integration.history.forgeries import TIME, append, bodies_here, told
from tests.integration.history.ledgers import append as append_ours
from tests.integration.history.tampering import change, drop_triggers
from tests.integration.web.factory import make_domain, make_entry, make_host, make_operation, make_user

pytestmark = pytest.mark.usefixtures("any_database")


@pytest.fixture
def scene():
    """An operation numbered 1 on web01, whose UUID some forged entries name, and something else."""
    domain = make_domain(make_host(), "web01", uuid="8f9c8b1e-6f0c-4f06-9d6f-6f4d7a3f1f10")
    operation = make_operation(
        domain, [(5, "live", "done")], status="succeeded", kinds=("requested", "confirmed")
    )
    assert operation.pk == 1
    make_entry("outside", domain, effects=[{"side": "live", "appeared": "6", "disappeared": ""}])
    return domain


@pytest.fixture
def auditor():
    client = Client()
    client.force_login(make_user("audrey", "auditor"))
    return client


def entries_at(text):
    return text.count(NOT_OURS)


def test_every_page_shows_what_is_none_of_ours_and_goes_on(scene, auditor):
    for name, body in bodies_here(ours=True).items():
        seq = append(body)
        page = auditor.get(f"/operations/entries/{seq}/")
        assert page.status_code == 200, name
        assert entries_at(page.text) == (name in bodies_here()), name
    for number in (1, None):  # with what somebody appended in the middle, and ours behind it
        make_entry("outside", scene, effects=[], operation=number)
    reindex.reindex()
    for address in (
        "/operations/?show=everything",
        "/operations/?show=everything&before=30",
        f"/domains/hv1/{scene.uuid}/",
        "/operations/1/",
        "/",
    ):
        assert auditor.get(address).status_code == 200, address
    assert entries_at(auditor.get("/operations/1/").text) > 20
    assert entries_at(auditor.get("/operations/?show=everything").text) == 0


def test_line_whose_entry_was_made_another_is_shown_as_that(scene, auditor):
    drop_triggers()
    change(3, body='{"a":1}')
    for address in ("/operations/?show=everything", f"/domains/hv1/{scene.uuid}/", "/operations/entries/3/"):
        assert entries_at(auditor.get(address).text) == 1, address


def test_the_index_leaves_them_out_and_agrees(scene, history, monkeypatch):
    monkeypatch.setattr(reindex, "_BATCH", 3)
    append(told(effects="x", operation=7))
    for body in bodies_here().values():
        append(body)
    before = HistoryLine.objects.count()
    assert before == 2
    late = append_ours("requested", operation=7).seq
    append_ours("started", operation=1)
    append(told(effects="x", operation=7))
    append_ours("failed", operation=7, status="failed")
    assert history("reindex", "--check")[:2] == (0, "The line index agrees with the history.\n")
    assert history("reindex")[:2] == (0, "Made 3 lines from the history.\n")
    assert history("reindex", "--check")[:2] == (0, "The line index agrees with the history.\n")
    assert HistoryLine.objects.get(operation=7).seq == late
    assert HistoryLine.objects.get(operation=1).seq == 1


def test_verification_names_the_first_of_them(scene, history, tmp_path):
    for name, body in bodies_here(ours=True).items():
        seq = append(body)
        status, said, _ = history("verify", "--bodies")
        assert (status, "Entry 4 fits the chain, but its body does not have the form" in said) == (1, True), (
            name
        )
        heads = tmp_path / "heads"
        headfile.append(heads, chain.head())
        assert history("verify", "--against", heads)[0] == 0, name
        assert history("head")[0] == 0, name
        assert seq == chain.head().seq


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_they_are_exported_and_the_export_verifies(scene, history, tmp_path, form):
    for body in bodies_here(ours=True).values():
        append(body)
    reindex.reindex()
    for number, filters in enumerate([(), ("--domain", "web01"), ("--actor", "eve", "--compact")]):
        file = tmp_path / f"{number}.{form}"
        status, *said = history("export", "--format", form, "--output", file, *filters)
        assert status == 0, said
        assert history("verify-export", file)[0] == 0


def test_archiving_goes_on_around_them(scene, history, tmp_path):
    bodies = bodies_here(ours=True).values()
    for body in (body for body in bodies if f'"time":"{TIME}"' in body):
        append(body)
    append_ours("started", operation=1)
    before = append_ours("signed_in").time
    # What names an operation would hold it, and everything behind its first entry, back.
    for body in (body for body in bodies if '"operation":' not in body.replace('"operation":null', "")):
        append(body)
    reindex.reindex()
    for status in (0, 2):
        ended, *said = history("archive", "--before", before, "--output", tmp_path)
        assert ended == status, said
    assert history("archive", "--before", "2026-01-01", "--output", tmp_path)[0] == 2
    assert history("verify")[0] == 0
    assert history("reindex", "--check")[0] == 0
