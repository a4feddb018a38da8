"""The operation history as a list that can be searched: what was asked for, what was refused, what came from outside."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.middleware import HtmxDetails

from domains.history import search
from domains.history.archived import anything_archived
from domains.history.verifications import latest_verification
from domains.operations.sight import Sight, sight_of
from domains.push.stream import cursor
from domains.web import errors, filter_form
from domains.web.access import member
from domains.web.filters import Asked, asked_of, filters_of
from domains.web.finding import by_day, hits_of, lines_of, suggestions
from domains.web.numbers import read_number
from domains.web.query import Malformed
from domains.web.zone import zone_of

PAGE = 25
MOST_NEWS = 100


@never_cache
@require_safe
@member
def operations(request: HttpRequest) -> HttpResponse:
    """Show one page, newest first; ``?before=`` is the history's number at which the page before ended.

    The filters of the address are those of :func:`filters_of`. htmx fetches the same page and takes from it what
    it needs; the address that it is to show then comes with the answer.
    """
    since = cursor()  # before any state is read, so that nothing between page and stream is missed
    asked, text = asked_of(request.GET), request.GET.get("before", "")
    before = read_number(text)
    if text and before is None:
        return errors.bad_request(request)
    htmx = HtmxDetails(request)
    if not htmx and "" in request.GET.values():
        return HttpResponseRedirect(
            _address(asked, text)
        )  # what a form sends says all that was left empty, too
    sight = sight_of(request.user)
    verification = latest_verification()
    context = {
        "here": "operations",
        "since": since,
        "topics": ["operations"],
        "asked": asked,
        "verification": verification,
        "against": PurePath(verification.against).name if verification else "",
    }
    try:
        context |= _found(request, asked, sight, before)
    except Malformed as malformed:
        context |= filter_form.form_of(request, asked, None, sight) | {"problems": malformed.problems}
        return render(request, "operations.html", context, status=400)
    response = render(request, "operations.html", context)
    if htmx and not text and htmx.current_url_abs_path != _address(asked):
        response["HX-Push-Url"] = _address(asked)
    return response


@never_cache
@require_safe
@member
def news(request: HttpRequest) -> HttpResponse:
    """Say how many lines have come that fit the filters and are newer than ``after``."""
    after = read_number(request.GET.get("after", ""))
    asked = asked_of(request.GET)
    if after is None:
        return errors.bad_request(request)
    try:
        filters = filters_of(request.GET)
    except Malformed:
        return errors.bad_request(request)
    found = search.find(filters, sight_of(request.user).entries())
    count = search.newer(found, after=after, cap=MOST_NEWS + 1)
    context = {"count": count, "most": MOST_NEWS, "address": _address(asked)}
    return render(request, "_news.html", context)


def _found(request: HttpRequest, asked: Asked, sight: Sight, before: int | None) -> dict[str, object]:
    filters = filters_of(request.GET)
    found = search.find(filters, sight.entries())
    page = search.page(found, before=before, size=PAGE)
    zone = zone_of(request)
    top = page.lines[0].seq if page.lines else 0
    return {
        **filter_form.form_of(request, asked, filters, sight),
        "days": by_day(lines_of(page.lines), zone),
        "hits": hits_of(found) if page.lines else None,
        "suggestions": suggestions(asked, sight.entries()) if not page.lines and before is None else [],
        "older": page.older,
        "top": top,
        "first_page": before is None,
        "archived": not page.lines and before is not None and anything_archived(),
        "now": datetime.now(zone),
    }


def _address(asked: Asked, before: str = "") -> str:
    query = asked.query(before=before)
    return reverse("operations") + (f"?{query}" if query else "")
