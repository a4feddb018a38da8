"""What every page's frame needs, without a query."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypedDict

from django.conf import settings
from django.http import HttpRequest


class Frame(TypedDict):
    """The frame's values."""

    theme: str
    version: str
    require_note: bool
    now: datetime


def frame(request: HttpRequest) -> Frame:
    """Give the chosen theme, empty for the system's, Slotboard's version, and the time by which ages count.

    ``require_note`` says that nothing is changed without a note here.
    """
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in ("light", "dark") else "",
        "version": settings.VERSION,
        "require_note": settings.REQUIRE_NOTE,
        "now": datetime.now(UTC),
    }
