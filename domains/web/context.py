"""What every page's frame needs, with one query at most while all is well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypedDict

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString

from domains.models.grant import is_administrator
from domains.web import troubles


class Frame(TypedDict):
    """The frame's values."""

    theme: str
    version: str
    require_note: bool
    now: datetime
    troubles: Callable[[], SafeString]
    looked: Callable[[], bool]
    administers: SimpleLazyObject[bool]


def frame(request: HttpRequest) -> Frame:
    """Give the chosen theme, empty for the system's, Slotboard's version, and the time by which ages count.

    ``require_note`` says that nothing is changed without a note here. ``troubles`` draws what is known not to be well,
    ``looked`` says whether that is known at all. ``administers``, which is looked up where it is asked for, says that
    the person administers Slotboard itself.
    """
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in ("light", "dark") else "",
        "version": settings.VERSION,
        "require_note": settings.REQUIRE_NOTE,
        "now": datetime.now(UTC),
        "troubles": lambda: troubles.drawn(request.user),
        "looked": lambda: troubles.remembered() is not None,
        "administers": SimpleLazyObject(lambda: is_administrator(getattr(request, "user", AnonymousUser()))),
    }
