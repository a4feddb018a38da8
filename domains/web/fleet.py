"""The fleet: every guest the person may see, to be searched, filtered, sorted and paged through."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.middleware import HtmxDetails

from domains.inventory.counting import count
from domains.inventory.finding import FleetFilters
from domains.models import Host
from domains.models.grant import rights_of
from domains.push.stream import cursor
from domains.push.topics import row_topic
from domains.web import errors, fleet_choices
from domains.web.access import member
from domains.web.fleet_filters import FleetAsked, asked_of, fleet_filters_of
from domains.web.fleet_rows import FleetRow, fleet_rows
from domains.web.fleet_sheet import Sheet, digest_of
from domains.web.query import Malformed
from domains.web.readings import is_late


@never_cache
@require_safe
@member
def fleet(request: HttpRequest) -> HttpResponse:
    """Show one page of the list; the filters of the address are those of :func:`fleet_filters_of`.

    htmx fetches the same page and takes from it what it needs; the address that it is to show then comes with the
    answer.
    """
    since = cursor()  # before any state is read, so that nothing between page and stream is missed
    asked, htmx = asked_of(request.GET), HtmxDetails(request)
    if not htmx and "" in request.GET.values():
        return HttpResponseRedirect(_address(asked))  # what a form sends says all that was left empty, too
    context = {"here": "fleet", "since": since, "topics": ["fleet"], "asked": asked}
    try:
        sheet = _sheet(request)
    except Malformed as malformed:
        context |= {"problems": malformed.problems, "orders": fleet_choices.ORDERS}
        return render(request, "fleet.html", context, status=400)
    response = render(request, "fleet.html", context | _shown(sheet))
    if htmx and htmx.current_url_abs_path != _address(asked):
        response["HX-Push-Url"] = _address(asked)
    return response


@never_cache
@require_safe
@member
def fleet_news(request: HttpRequest) -> HttpResponse:
    """Bring the numbers up to date, and say whether the list has other guests by now than those that are ``shown``."""
    try:
        sheet = _sheet(request)
    except Malformed:
        return errors.bad_request(request)
    shown = request.GET.get("shown", "")
    # What fits on one page grows as it did before; a longer list does not move under anybody's hands.
    context = {
        "changed": shown != digest_of(list(sheet.keys)),
        "quiet": sheet.whole or shown == digest_of([]),
    }
    return render(request, "_fleet_news.html", _numbers(sheet) | context)


def _sheet(request: HttpRequest) -> Sheet:
    filters, rights = fleet_filters_of(request.GET), rights_of(request.user)
    counts = count(filters.q, rights.seen, Host.objects.in_bulk())
    return Sheet(asked_of(request.GET), filters, rights, counts)


def _numbers(sheet: Sheet) -> dict[str, Any]:
    return {
        "asked": sheet.asked,
        "counts": sheet.counts,
        "matching": sheet.matching,
        "picks": fleet_choices.picks_of(sheet.asked, sheet.filters, sheet.counts),
        "page": sheet.page,
    }


def _shown(sheet: Sheet) -> dict[str, Any]:
    domains = sheet.domains()
    changeable = {domain.pk for domain in domains if getattr(domain, "changeable", False)}
    rows = fleet_rows(domains, changeable)
    return {
        **_numbers(sheet),
        "rights": sheet.rights,
        "administers": sheet.rights.administers,  # known already, so that the frame need not ask
        "hosts": fleet_choices.hosts_of(sheet.filters, sheet.counts),
        "orders": fleet_choices.ORDERS,
        "columns": fleet_choices.columns_of(sheet.asked, sheet.filters),
        "rows": rows,
        "groups": _groups(rows) if sheet.filters.sort in ("", "host", "-host") else [],
        "last": sheet.last,
        "pages": fleet_choices.pages_of(sheet.page, sheet.last) if sheet.last > 1 else [],
        "digest": digest_of([domain.pk for domain in domains]),
        "topics": ["fleet", *(row_topic(domain.pk) for domain in domains)],
        "loose": sheet.counts.matching(FleetFilters(q=sheet.filters.q))
        if not rows and sheet.asked.kept
        else 0,
        "any_host": len(sheet.counts.hosts),
    }


def _groups(rows: list[FleetRow]) -> list[tuple[Host, bool, list[FleetRow]]]:
    grouped = groupby(rows, key=lambda row: row.domain.host)
    return [(host, is_late(host), list(group)) for host, group in grouped]


def _address(asked: FleetAsked) -> str:
    query = asked.query(page=str(asked.page) if asked.page > 1 else "")
    return reverse("fleet") + (f"?{query}" if query else "")
