from __future__ import annotations

import csv
import io
import json
import re
from contextlib import ExitStack
from http.client import IncompleteRead
from pathlib import Path
from urllib.parse import urlencode

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import transaction
from django.test import AsyncClient, Client

from domains.history import ledger
from domains.history.export.checking import Unfit, check
from domains.models import HistoryEntry
from tests.integration.history.ledgers import fill
from tests.integration.test_server import Server
from tests.integration.web.factory import make_domain, make_operation, make_user
from tests.waiting import wait_until


def signed_in(role, **grant):
    client = AsyncClient()
    client.force_login(make_user(f"{role}-{grant.get('pattern', 'all')}", role, **grant))
    return client


@async_to_sync
async def fetch(client, query="", **fields):
    """Give an answer with all of its content."""
    answer = await client.post(f"/operations/export/{query}", fields)
    answer.body = b"".join([part async for part in answer]) if answer.streaming else answer.content
    return answer


def records(answer):
    return [json.loads(line) for line in answer.body.splitlines()]


def numbers(answer):
    return [record["seq"] for record in records(answer) if "body" in record]


@pytest.fixture
def auditor(db):
    return signed_in("auditor")


@pytest.fixture
def filled(host):
    """Two operations of web01, one of db01, and a sign-in: entries 1 to 7."""
    web, database = make_domain(host, "web01"), make_domain(host, "db01")
    make_operation(web, status="succeeded", kinds=("requested", "confirmed"))
    make_operation(database, status="failed", actor="otto", kinds=("requested", "failed"))
    with transaction.atomic():
        ledger.append("signed_in", {"actor": "otto", "door": "page", "host": None})
    make_operation(web, status="succeeded", kinds=("requested", "confirmed"))


def test_what_is_filtered_is_what_is_exported(auditor, filled):
    answer = fetch(auditor, "?actor=otto")

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/x-ndjson")
    assert answer["Content-Disposition"] == 'attachment; filename="slotboard-history-3-4.ndjson"'
    assert numbers(answer) == [3, 4]
    assert check(io.BytesIO(answer.body)).header.filters == {"actor": "otto", "show": "operations"}
    assert numbers(fetch(auditor, "?actor=otto&show=everything")) == [3, 4, 5]
    assert numbers(fetch(auditor, "?status=succeeded&domain=web01")) == [1, 2, 6, 7]


def test_everything_is_exported_whole(auditor, filled):
    answer = fetch(auditor, "?show=everything")

    assert records(answer)[0]["scope"] == "whole"
    assert check(io.BytesIO(answer.body)).trailer.entries == 7


def test_a_table_can_be_asked_for(auditor, filled):
    answer = fetch(auditor, "?domain=web01", format="csv")

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].endswith('history-1-7.csv"')
    rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"), newline="")))
    assert [row["seq"] for row in rows if row["row"] == "entry"] == ["1", "2", "6", "7"]
    assert check(io.BytesIO(answer.body)).header.scope == "filtered"


def test_who_took_what_stands_in_the_history(auditor, filled):
    answer = fetch(auditor, "?actor=otto")

    body = json.loads(HistoryEntry.objects.get(kind="exported").body)
    assert (body["actor"], body["door"], body["address"]) == ("auditor-all", "page", "127.0.0.1")
    assert (body["from"], body["to"], body["filters"]) == (3, 4, {"actor": "otto", "show": "operations"})
    assert records(answer)[0]["recorded"] == HistoryEntry.objects.get(kind="exported").seq


def test_an_auditor_of_some_guests_exports_those(filled):
    auditor = signed_in("auditor", pattern="db*")

    answer = fetch(auditor, "?show=everything")
    assert numbers(answer) == [3, 4]
    assert records(answer)[0]["filters"] == {"show": "everything", "sight": "limited"}
    assert fetch(auditor, "?domain=web01").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "operator", None])
def test_others_are_told_whom_to_ask(role, filled):
    answer = fetch(signed_in(role))

    assert answer.status_code == 403
    assert "exported by auditors and administrators" in answer.text
    assert not HistoryEntry.objects.filter(kind="exported").exists()
    refused = json.loads(HistoryEntry.objects.get(kind="refused").body)
    assert (refused["actor"], refused["reason"]) == (f"{role}-all", "not_permitted")
    assert (refused["method"], refused["path"]) == ("POST", "/operations/export/")


def test_nobody_exports_without_signing_in(db):
    assert Client().get("/operations/export/")["Location"] == "/accounts/login/?next=/operations/export/"


@pytest.mark.parametrize(
    ("query", "form", "status", "said"),
    [
        ("", "pdf", 400, "no such format; choose one of: ndjson, csv"),
        ("?since=then", "csv", 400, "“then” is no time"),
        ("?slot=x&status=fine", "csv", 400, "“x” is no slot"),
        ("?actor=nobody", "csv", 404, "No entry matches, so there is nothing to export."),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(query, form, status, said, auditor, filled):
    answer = fetch(auditor, query, format=form)

    assert answer.status_code == status
    assert said in re.sub(r"<.*?>", "", answer.text)
    assert not HistoryEntry.objects.filter(kind="exported").exists()


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize(
    ("query", "address"), [("", "/operations/"), ("?actor=otto&format=csv", "/operations/?actor=otto")]
)
def test_looking_at_the_address_shows_the_list_and_exports_nothing(method, query, address, auditor, filled):
    answer = async_to_sync(getattr(auditor, method))(f"/operations/export/{query}")

    assert (answer.status_code, answer["Location"]) == (302, address)
    assert HistoryEntry.objects.count() == 7


def test_another_site_cannot_make_an_auditors_browser_export(filled):
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(make_user("audrey", "auditor"))

    assert careful.post("/operations/export/", {"format": "csv"}).status_code == 403
    assert not HistoryEntry.objects.filter(kind="exported").exists()
    token = re.search(r'<form id="export".*?name="csrfmiddlewaretoken" value="(\w+)"', page(careful))[1]
    answer = careful.post("/operations/export/", {"format": "csv", "csrfmiddlewaretoken": token})
    assert answer["Content-Disposition"].endswith('.csv"')
    assert HistoryEntry.objects.filter(kind="exported").exists()


def page(client):
    return client.get("/operations/").text


@pytest.fixture
def server(fresh_database, redis):
    fill(30_000)
    running = Server()
    yield running
    running.process.kill()
    running.process.wait()
    running.process.stderr.close()


def exported(server, form="ndjson"):
    """Ask for the whole history, as the page's button does."""
    token = "t" * 32
    return server.answer(
        "/operations/export/?show=everything",
        urlencode({"format": form, "csrfmiddlewaretoken": token}),
        Cookie=f"{server.cookie}; {settings.CSRF_COOKIE_NAME}={token}",
        **{"Content-Type": "application/x-www-form-urlencoded"},
    )


def highest_memory(server):
    """Give the most that the server ever held, in bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def test_the_server_sends_it_while_it_is_read(server):
    server.get("/operations/", Cookie=server.cookie)
    before = highest_memory(server)

    with exported(server, "csv") as answer:
        content = answer.read()

    assert check(io.BytesIO(content)).trailer.entries == 30_000
    assert len(content) > 25e6
    assert highest_memory(server) - before < len(content) / 2


def test_readers_that_go_away_end_the_work(server):
    with ExitStack() as readers:
        for _ in range(4):
            readers.enter_context(exported(server)).read(1000)
        busy = server.threads()

    wait_until(lambda: server.threads() <= busy - 4, what="the exports' threads to end")
    assert server.get("/operations/", Cookie=server.cookie).status == 200


def test_an_export_that_an_archive_overtakes_breaks_off(server, tmp_path):
    with exported(server) as answer:
        first = answer.read(1000)
        with transaction.atomic():
            ledger.append("archived", {"from": 1, "to": 29_000})
        HistoryEntry.objects.filter(seq__lte=29_000).delete()
        with pytest.raises(IncompleteRead) as broken:
            answer.read()

    with pytest.raises(Unfit):
        check(io.BytesIO(first + broken.value.partial))
