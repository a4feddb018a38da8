"""Running commands as administrators do, and what the history has of it."""

from __future__ import annotations

import json
from io import StringIO

from django.core.management import call_command

from domains.models import HistoryEntry


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def grant(*arguments):
    return run("grant", *arguments)


def entries():
    return [json.loads(entry.body) for entry in HistoryEntry.objects.order_by("seq")]
