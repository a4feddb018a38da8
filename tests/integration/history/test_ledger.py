from __future__ import annotations

import hashlib
import json
import threading

import pytest
from django.db import DatabaseError, connection, transaction

from domains.history import ledger
from domains.models import HistoryEntry

pytestmark = pytest.mark.usefixtures("any_database")


def write(kind="started", **facts):
    with transaction.atomic():
        return ledger.append(kind, facts)


def broken_at():
    """Walk the chain as a stranger would, and give the first entry that does not fit."""
    previous, expected = "0" * 64, 1
    for entry in HistoryEntry.objects.order_by("seq"):
        digest = hashlib.sha256(entry.body.encode()).hexdigest()
        fits = entry.hash == hashlib.sha256(f"{previous}{entry.seq}{digest}".encode()).hexdigest()
        if not fits or entry.seq != expected or entry.previous_hash != previous:
            return entry.seq
        previous, expected = entry.hash, expected + 1
    return None


def refused(statement, *values):
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values)


def test_entries_form_a_chain_of_exact_bytes():
    for number in range(5):
        write(operation=number, actor="mära", domain={"name": "web01", "uuid": "u"})
    assert broken_at() is None
    entry = HistoryEntry.objects.get(seq=3)
    body = json.loads(entry.body)
    assert body["v"] == 1
    assert entry.body == json.dumps(body, sort_keys=True, separators=(",", ":"))
    assert (entry.kind, entry.operation, entry.actor, entry.domain_name) == ("started", 2, "mära", "web01")
    assert entry.time == body["time"]
    assert len(entry.time) == len("2026-11-23T09:12:18.000000Z")


def test_an_entry_belongs_to_a_transaction():
    with pytest.raises(RuntimeError, match="transaction"):
        ledger.append("started", {})


def test_a_rolled_back_fact_leaves_no_entry():
    with transaction.atomic():
        ledger.append("started", {})
        transaction.set_rollback(True)
    assert HistoryEntry.objects.count() == 0


def test_the_database_refuses_to_change_or_remove_an_entry(any_database):
    write()
    write()
    refused("UPDATE domains_historyentry SET body = '{}' WHERE seq = 1")
    refused("DELETE FROM domains_historyentry WHERE seq = 2")
    if any_database == "postgresql":
        refused("TRUNCATE domains_historyentry")
    assert broken_at() is None


PLAIN = "INSERT INTO {}"
REPLACING = {
    "sqlite": "INSERT OR REPLACE INTO {}",
    "postgresql": "INSERT INTO {} ON CONFLICT (seq) DO UPDATE SET body = EXCLUDED.body",
}
ENTRY = "domains_historyentry (seq, body, previous_hash, hash) VALUES (%s, '{}', %s, 'x')"


@pytest.mark.parametrize("replacing", [False, True])
@pytest.mark.parametrize("seq", [1, 2, 4])
def test_the_database_refuses_an_entry_that_does_not_follow_the_last(any_database, replacing, seq):
    first = write()
    write()
    statement = (REPLACING[any_database] if replacing else PLAIN).replace("{}", ENTRY, 1)
    refused(statement, seq, first.hash)
    refused(statement, 3, first.hash)
    assert HistoryEntry.objects.count() == 2


def test_only_an_archived_range_may_be_removed():
    for _ in range(3):
        write()
    write("archived", **{"from": 1, "to": 2})
    refused("DELETE FROM domains_historyentry WHERE seq = 3")
    refused("DELETE FROM domains_historyentry WHERE seq = 4")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM domains_historyentry WHERE seq <= 2")
    assert list(HistoryEntry.objects.order_by("seq").values_list("seq", flat=True)) == [3, 4]


def test_writers_wait_for_each_other():
    failures = []

    def many():
        try:
            for _ in range(50):
                write()
        except DatabaseError as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert HistoryEntry.objects.count() == 200
    assert broken_at() is None
