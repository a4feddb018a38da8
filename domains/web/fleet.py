"""The fleet: every guest the person may see, by host."""

from __future__ import annotations

from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from domains.models import Host
from domains.models.grant import domains_seen_by
from domains.push.stream import cursor
from domains.web.access import member
from domains.web.fleet_rows import FleetRow, fleet_rows
from domains.web.readings import is_late


@never_cache
@require_safe
@member
def fleet(request: HttpRequest) -> HttpResponse:
    """List the guests that their hosts still show."""
    since = cursor()  # before any state is read, so that nothing between page and stream is missed
    seen = domains_seen_by(request.user).filter(gone_at=None).select_related("host")
    rows = fleet_rows(list(seen.order_by("host__slug", "name", "pk")))
    hosts = [_late(host, list(group)) for host, group in groupby(rows, key=lambda row: row.domain.host)]
    context = {
        "here": "fleet",
        "hosts": hosts,
        "guests": len(rows),
        "any_host": Host.objects.count() if not rows else 0,
        "since": since,
        "topics": ["fleet"],
    }
    return render(request, "fleet.html", context)


def _late(host: Host, rows: list[FleetRow]) -> tuple[Host, bool, list[FleetRow]]:
    return host, is_late(host), rows
