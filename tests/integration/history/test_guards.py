"""The triggers refuse what only somebody who is not Slotboard would do."""

from __future__ import annotations

import threading

import pytest
from django.db import DatabaseError, connection, transaction

from domains.history import ledger
from domains.history.chain import rows
from domains.history.verify import verify
from tests.integration.history.tampering import execute, forged, insert, written
from tests.waiting import wait_until

REFUSED = {
    "sqlite": [
        "UPDATE domains_historyentry SET body = '{}'",
        "UPDATE OR REPLACE domains_historyentry SET seq = 1 WHERE seq = 3",
        "DELETE FROM domains_historyentry",
        "REPLACE INTO domains_historyentry (seq, body, previous_hash, hash) "
        "SELECT seq, '{}', previous_hash, hash FROM domains_historyentry",
        "INSERT INTO domains_historyentry (seq, body, previous_hash, hash) "
        "SELECT 2, '{}', previous_hash, hash FROM domains_historyentry WHERE seq = 2 "
        "ON CONFLICT (seq) DO UPDATE SET body = excluded.body",
    ],
    "postgresql": [
        "UPDATE domains_historyentry SET body = '{}'",
        "DELETE FROM domains_historyentry",
        "TRUNCATE domains_historyentry",
        "INSERT INTO domains_historyentry (seq, body, previous_hash, hash) "
        "SELECT 2, '{}', previous_hash, hash FROM domains_historyentry WHERE seq = 2 "
        "ON CONFLICT (seq) DO UPDATE SET body = excluded.body",
        "MERGE INTO domains_historyentry USING (SELECT 2 AS seq) AS other ON domains_historyentry.seq = other.seq "
        "WHEN MATCHED THEN DELETE",
    ],
}


def refused(sql, values=None):
    with pytest.raises(DatabaseError, match="append-only"):
        execute((sql, values) if values else sql)


def test_everything_that_changes_or_removes_an_entry_is_refused(any_database):
    before = written(3)
    for statement in REFUSED[any_database]:
        refused(statement)
    assert list(rows(0)) == before


@pytest.mark.usefixtures("sqlite_database")
@pytest.mark.parametrize("victim", [1, 2, 3])
def test_an_entry_that_claims_the_rowid_of_another_is_refused(victim):
    before = written(3)
    follows = forged(4, before[-1].hash)
    refused(
        "INSERT OR REPLACE INTO domains_historyentry (rowid, seq, body, previous_hash, hash) "
        "VALUES (%s, %s, %s, %s, %s)",
        [victim, *follows],
    )
    assert list(rows(0)) == before


@pytest.mark.usefixtures("sqlite_database")
def test_a_vacuum_after_archiving_keeps_the_next_entry_welcome():
    archived = written(6)
    record(archived, 1, 4)
    execute("DELETE FROM domains_historyentry WHERE seq <= 4")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
    written(2)
    assert verify().finding is None


@pytest.mark.usefixtures("postgres_database")
def test_a_temporary_table_does_not_stand_in_for_the_ledger():
    before = written(3)
    execute("CREATE TEMPORARY TABLE domains_historyentry AS SELECT * FROM public.domains_historyentry")
    execute(
        "UPDATE pg_temp.domains_historyentry SET kind = 'archived', seq = 99, body = '{\"from\":1,\"to\":9}'"
    )
    refused("DELETE FROM public.domains_historyentry WHERE seq = 1")
    execute("DROP TABLE pg_temp.domains_historyentry")
    assert list(rows(0)) == before


@pytest.mark.usefixtures("postgres_database")
def test_writers_that_do_not_wait_for_each_other_cannot_fork_the_chain():
    before = written(3)
    refusals = []

    def late():
        try:
            insert(forged(4, before[-1].hash, '{"kind":"late"}'))
        except DatabaseError as error:
            refusals.append(str(error))
        finally:
            connection.close()

    with transaction.atomic():
        insert(forged(4, before[-1].hash, '{"kind":"early"}'))
        writer = threading.Thread(target=late)
        writer.start()
        wait_until(_somebody_waits, what="the second writer at the first one's row")
    writer.join()

    assert len(refusals) == 1
    assert verify().finding is None
    assert [row.body for row in rows(3)] == ['{"kind":"early"}']


def _somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0


@pytest.mark.usefixtures("postgres_database")
def test_the_guard_needs_no_search_path():
    written(3)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = ''")
        with pytest.raises(DatabaseError, match="append-only"):
            cursor.execute("DELETE FROM public.domains_historyentry")


def record(entries, first, last, **other):
    facts = {"from": first, "to": last, "first_previous_hash": entries[first - 1].previous_hash}
    with transaction.atomic():
        ledger.append("archived", facts | {"last_hash": entries[last - 1].hash} | other)


@pytest.mark.usefixtures("any_database")
@pytest.mark.parametrize(
    "ends",
    [{"to": "x"}, {"to": None}, {"from": "1"}, {"to": [2]}, {"from": 5, "to": 9}, {"from": 2, "to": 1}],
)
def test_a_record_with_other_ends_lets_nothing_go(ends):
    before = written(3)
    record(before, 1, 2, **ends)
    for seq in (1, 2, 3, 4):
        refused("DELETE FROM domains_historyentry WHERE seq = %s", [seq])


@pytest.mark.usefixtures("any_database")
def test_a_record_lets_nothing_go_from_the_middle():
    before = written(5)
    record(before, 2, 4)
    for seq in (2, 3, 4):
        refused("DELETE FROM domains_historyentry WHERE seq = %s", [seq])
    refused("DELETE FROM domains_historyentry WHERE seq <= 4")
    record(before, 1, 1)
    execute("DELETE FROM domains_historyentry WHERE seq = 1")
    for seq in (2, 3, 4):  # one batch after the other, from the lowest number on
        execute(("DELETE FROM domains_historyentry WHERE seq <= %s", [seq]))
    refused("DELETE FROM domains_historyentry WHERE seq = 5")


@pytest.mark.usefixtures("any_database")
def test_a_record_lets_nothing_go_that_is_written_after_it():
    before = written(3)
    record(before, 1, 2, to=99)
    written(2)
    for seq in (4, 5, 6):
        refused("DELETE FROM domains_historyentry WHERE seq = %s", [seq])
    execute("DELETE FROM domains_historyentry WHERE seq = 1")
