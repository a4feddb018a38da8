"""What somebody can do who may write to the database itself, and not only through Slotboard."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from django.db import connection, transaction

from domains.history import ledger
from domains.history.chain import Row, rows
from domains.history.verify import verify


def written(count: int) -> list[Row]:
    """Append this many entries as Slotboard does, and give all that stand in the ledger then."""
    with transaction.atomic():
        for number in range(count):
            ledger.append("started", {"operation": number, "actor": "ada", "note": "größer"})
    return list(rows(0))


def execute(*statements: str | tuple[str, Sequence[object]]) -> None:
    """Run statements in one transaction; each must be for something."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            sql, values = (statement, ()) if isinstance(statement, str) else statement
            cursor.execute(sql, values or None)
            assert cursor.rowcount != 0, statement


def drop_triggers() -> None:
    """Take the guards away, as the owner of the table may."""
    if connection.vendor == "postgresql":
        execute("ALTER TABLE domains_historyentry DISABLE TRIGGER USER")
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
            ["domains_historyentry"],
        )
        names = [name for (name,) in cursor.fetchall()]
    execute(*(f"DROP TRIGGER {name}" for name in names))


def drop_everything() -> None:
    """Put a table without triggers, constraints and generated columns in the place of the ledger."""
    execute(
        "CREATE TABLE forged AS SELECT * FROM domains_historyentry",
        "DROP TABLE domains_historyentry",
        "ALTER TABLE forged RENAME TO domains_historyentry",
    )


def change(entry: int, **columns: object) -> None:
    """Set columns of one entry."""
    for name, value in columns.items():
        execute((f"UPDATE domains_historyentry SET {name} = %s WHERE seq = %s", [value, entry]))  # noqa: S608


def remove(seq: int) -> None:
    execute(("DELETE FROM domains_historyentry WHERE seq = %s", [seq]))


def insert(row: Row) -> None:
    execute(
        ("INSERT INTO domains_historyentry (seq, body, previous_hash, hash) VALUES (%s, %s, %s, %s)", row)
    )


def renumber(first: int, by: int) -> None:
    """Shift the numbers from ``first`` on; by way of numbers far away, since each is unique."""
    execute(
        ("UPDATE domains_historyentry SET seq = seq + 1000000 + %s WHERE seq >= %s", [by, first]),
        "UPDATE domains_historyentry SET seq = seq - 1000000 WHERE seq >= 1000000",
    )


def forged(seq: int, previous_hash: str, body: str = '{"kind":"forged"}') -> Row:
    """Make an entry as Slotboard would, with a hash that fits."""
    digest = sha256(body.encode()).hexdigest()
    return Row(seq, body, previous_hash, sha256(f"{previous_hash}{seq}{digest}".encode()).hexdigest())


def rewrite(rows: Sequence[Row], body: str) -> None:
    """Give the first of these another body, and it and the others hashes that fit."""
    previous_hash = rows[0].previous_hash
    for row in rows:
        made = forged(row.seq, previous_hash, body if row is rows[0] else row.body)
        change(row.seq, body=made.body, previous_hash=made.previous_hash, hash=made.hash)
        previous_hash = made.hash


def found():
    """Verify, and give what was found as (kind, seq), and its sentence."""
    finding = verify().finding
    assert finding is not None
    return (str(finding.kind), finding.seq), finding.sentence
