"""The viewer's time zone, as a cookie of the page's script says it."""

from __future__ import annotations

from datetime import UTC, tzinfo

from django.http import HttpRequest

from domains.web.times import read_zone


def zone_of(request: HttpRequest) -> tzinfo:
    """Give the zone of the viewer's browser; UTC while it is not known."""
    return read_zone(request.COOKIES.get("zone", "UTC")) or UTC
