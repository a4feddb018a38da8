"""Keeping the line index: each appended entry goes into its line, in the entry's own transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domains.history.lines import Folded, begun, operation_of
from domains.models import HistoryLine, HistoryWords


def add(seq: int, body: Mapping[str, Any]) -> None:
    """Fold an appended entry into its line, or begin one with it.

    Takes two statements for a new line (one more reads the time of the line before), and one to three for an
    operation's later entry: its words are written only if the entry brings new ones.
    """
    number = operation_of(body)
    known = None
    if number is not None and body["kind"] != "requested":
        known = HistoryLine.objects.filter(operation=number).select_related("index").first()
    if known is None:
        begin(begun(seq, body))
    else:
        _go_on(known, seq, body)


def begin(folded: Folded) -> None:
    """Store a new line. It is no earlier in time than the lines before it, whatever its clock said."""
    seq, time = folded.columns["seq"], folded.columns["time"]
    before = HistoryLine.objects.filter(seq__lt=seq).order_by("-seq").values_list("latest", flat=True).first()
    HistoryLine(**folded.columns, latest=max(before or "", time)).save(force_insert=True)
    HistoryWords(line_id=seq, words=folded.words).save(force_insert=True)


def _go_on(line: HistoryLine, seq: int, body: Mapping[str, Any]) -> None:
    index = getattr(
        line, "index", None
    )  # a row that somebody removed must not keep an entry from being written
    before = index.words if index else frozenset()
    folded = Folded({"status": line.status, "reason": line.reason}, set(before))
    folded.take(seq, body)
    HistoryLine.objects.filter(pk=line.pk).update(**folded.columns)
    if folded.words != before:
        HistoryWords.objects.filter(pk=line.pk).update(words=folded.words)
