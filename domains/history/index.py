"""Keeping the line index: each appended entry goes into its line, in the entry's own transaction.

Appending is what every other writer waits for, so the few statements here are written out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from domains.history.lines import Folded, begun, operation_of
from domains.models import HistoryWords

_COLUMNS = (
    "seq", "last_seq", "time", "kind", "host", "domain_name", "domain_uuid", "operation", "actor", "door",
    "action", "status", "reason",
)  # fmt: skip
_LATEST = "SELECT latest FROM domains_historyline WHERE seq < %s ORDER BY seq DESC LIMIT 1"
_DROP = (
    "DELETE FROM domains_historywords WHERE rowid >= %s",
    "DELETE FROM domains_historyline WHERE seq >= %s",
)
_NEW_LINE = (
    f"INSERT INTO domains_historyline ({', '.join(_COLUMNS)}, latest) "  # noqa: S608  # nothing from outside
    f"VALUES ({', '.join(['%s'] * len(_COLUMNS))}, %s)"
)
# Where somebody removed lines and left their words, new ones take their place.
_NEW_WORDS = {
    "sqlite": "INSERT OR REPLACE INTO domains_historywords (rowid, words) VALUES (%s, %s)",
    "postgresql": "INSERT INTO domains_historywords (rowid, words) VALUES (%s, %s) "
    "ON CONFLICT (rowid) DO UPDATE SET words = excluded.words",
}
_FOUND = (
    "SELECT newest.seq, newest.latest, line.seq, line.status, line.reason, words "
    "FROM (SELECT seq, latest FROM domains_historyline ORDER BY seq DESC LIMIT 1) AS newest "
    "LEFT JOIN domains_historyline AS line ON line.operation = %s "
    "LEFT JOIN domains_historywords ON domains_historywords.rowid = line.seq"
)
_NONE = (0, "", None, None, None, None)
_CHANGE_LINE = "UPDATE domains_historyline SET last_seq = %s, status = %s, reason = %s WHERE seq = %s"
_CHANGE_WORDS = "UPDATE domains_historywords SET words = %s WHERE rowid = %s"
_WORDS = HistoryWords._meta.get_field("words")


def add(seq: int, body: Mapping[str, Any]) -> None:
    """Fold an appended entry into its line, or begin one with it.

    Two or three statements; the words of an operation's later entry are written only if it brings new ones. Where
    somebody has removed the end of the ledger, the lines made of it go, since they stand in the way of new ones.
    """
    with connection.cursor() as cursor:
        latest, *known = _find(cursor, seq, operation_of(body))
        if known[0] is None:
            _begin(cursor, begun(seq, body), latest)
        else:
            _go_on(cursor, known, seq, body)


def begin(folded: Folded) -> None:
    """Store a new line. It is no earlier in time than the lines before it, whatever its clock said."""
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, [folded.columns["seq"]])
        (latest,) = cursor.fetchone() or ("",)
        _begin(cursor, folded, latest)


def _find(cursor: CursorWrapper, seq: int, operation: int | None) -> Sequence[Any]:
    """Give the latest time of all lines, none of which is left that does not lie before this entry, and the
    operation's line: its number, status, reason and words, or null.
    """
    cursor.execute(_FOUND, [operation])
    newest, *found = cursor.fetchone() or _NONE
    if newest < seq:
        return found
    for statement in _DROP:
        cursor.execute(statement, [seq])
    return _find(cursor, seq, operation)


def _begin(cursor: CursorWrapper, folded: Folded, latest: str) -> None:
    columns = folded.columns
    cursor.execute(_NEW_LINE, [*(columns[name] for name in _COLUMNS), max(latest, columns["time"])])
    cursor.execute(_NEW_WORDS[connection.vendor], [columns["seq"], _written(folded.words)])


def _go_on(cursor: CursorWrapper, known: Sequence[Any], seq: int, body: Mapping[str, Any]) -> None:
    line, status, reason, written = known  # words are null where somebody removed them; the entry counts
    before = frozenset(_WORDS.from_db_value(written, None, connection))
    folded = Folded({"status": status, "reason": reason}, set(before))
    folded.take(seq, body)
    columns = folded.columns
    cursor.execute(_CHANGE_LINE, [seq, columns["status"], columns["reason"], line])
    if folded.words != before:
        cursor.execute(_CHANGE_WORDS, [_written(folded.words), line])


def _written(words: Collection[str]) -> str:
    return str(_WORDS.get_db_prep_value(words, connection))
