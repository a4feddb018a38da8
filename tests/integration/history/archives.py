"""Histories to be archived, and what archives hold."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout

from django.core.management import call_command

from domains.history import chain
from domains.models import HistoryEntry
from tests.integration.history.ledgers import append, make_operation


def run(*arguments):
    """Run the command; gives its exit status and what it said."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        try:
            call_command("history", *arguments)
        except SystemExit as ended:
            return ended.code, said.getvalue()
    return 0, said.getvalue()


def fill():
    """Write ten entries, the last of them younger than the time that is given back."""
    make_operation("requested", "started", "confirmed")
    append("signed_in")
    make_operation("requested", "started", "failed", status="failed")
    append("signed_out")
    append("signed_in")
    last = make_operation("requested")
    make_operation("confirmed", number=last.pk)
    return HistoryEntry.objects.get(seq=10).time


def numbers():
    """Give the numbers of all entries but those of refused commands."""
    return list(HistoryEntry.objects.exclude(kind="refused").order_by("seq").values_list("seq", flat=True))


def rows(seq=1, upto=9):
    return list(chain.rows(seq - 1, upto))


def archived_rows(path):
    lines = [json.loads(line) for line in path.read_text().splitlines()[1:-1]]
    return [(line["seq"], line["body"], line["previous_hash"], line["hash"]) for line in lines]
