"""Heads kept elsewhere, and a backup that is restored."""

from __future__ import annotations

import getpass

from django.db import connection

from domains.history import chain
from domains.history.reindex import reindex
from tests.integration.history.tampering import execute, written

ME = f"os:{getpass.getuser()}"


def keep_head(file):
    """Write down the head, as a schedule does."""
    with file.open("a") as heads:
        heads.write(chain.head().line() + "\n")


def restore_backup(last):
    """Have the ledger end earlier, and its lines with it, as in a backup of that time."""
    if connection.vendor == "postgresql":
        execute("ALTER TABLE domains_historyentry DISABLE TRIGGER USER")
        execute(("DELETE FROM domains_historyentry WHERE seq > %s", [last]))
        execute("ALTER TABLE domains_historyentry ENABLE TRIGGER USER")
        reindex()
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'history_refuses_delete'")
        (trigger,) = cursor.fetchone()
    execute(
        "DROP TRIGGER history_refuses_delete",
        ("DELETE FROM domains_historyentry WHERE seq > %s", [last]),
        trigger,
    )
    reindex()


def last_line(file):
    return file.read_text().splitlines()[-1]


def lose_an_end(file):
    """Keep heads at 4, 8 and 10, then restore a backup that ends with 6 and go on to 12."""
    for count in (4, 4, 2):
        written(count)
        keep_head(file)
    restore_backup(6)
