"""How old the last reading of each host is, and what is not well: what pages ask for every ten seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from domains.models import Host
from domains.models.grant import domains_seen_by
from domains.operations.troubles import LATE
from domains.web.access import member
from domains.web.troubles import drawn_anew


def is_late(host: Host) -> bool:
    """Whether a host that counts as connected has not been read lately: then nobody watches it."""
    return (
        host.reachable
        and host.last_seen is not None
        and datetime.now(UTC) - host.last_seen > timedelta(seconds=LATE)
    )


def reading_html(host: Host) -> SafeString:
    """Draw the age of a host's last reading."""
    html = get_template("_reading.html").render({"host": host, "late": is_late(host)}).strip()
    return format_html("{}", SafeString(html))


@never_cache
@require_safe
@member
def readings(request: HttpRequest) -> HttpResponse:
    """Give the ages for all hosts of which the person sees a guest, and what is not well.

    All as parts that find their own places.
    """
    hosts = Host.objects.filter(pk__in=domains_seen_by(request.user).values("host"))
    parts = ((host.pk, reading_html(host)) for host in hosts)
    ages = format_html_join(
        "\n", '<hx-partial hx-target="#reading-{}" hx-swap="outerMorph">{}</hx-partial>', parts
    )
    return HttpResponse(format_html("{}\n{}", ages, drawn_anew(request.user)))
