"""One host, for administrators: all that is known of it, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from domains.models import Domain, Grant, Host, clock
from domains.operations import unread
from domains.operations.hosts import pause_host, remove_host, resume_host
from domains.operations.hosts_removal import fate_of, under_way
from domains.operations.hosts_rules import check_address, settings_of
from domains.operations.hosts_testing import ask_test
from domains.operations.hosts_words import outcome_of
from domains.operations.refused import RequestRefused
from domains.push.stream import cursor
from domains.web import errors
from domains.web.access import administrator
from domains.web.actor import actor_of
from domains.web.hosts_view import host_views

LISTED = 100  # operations whose fate the page of a removal tells one by one
_SWITCHES: dict[str, Callable[..., bool]] = {"pause": pause_host, "resume": resume_host}


@never_cache
@require_safe
@administrator
def host(request: HttpRequest, host: str) -> HttpResponse:
    """Show a host with what is known of it and the last test of the connection that it has now."""
    since = cursor()
    known = get_object_or_404(Host, slug=host)
    test = known.tests.filter(ended_at__isnull=False, **settings_of(known)).first()
    try:
        uri = known.uri()
    except ValueError:
        uri = ""
    context = {
        "here": "hosts",
        "view": host_views([known])[0],
        "host": known,
        "uri": uri,
        "forbidden": " ".join(check_address(known).values()),
        "test": test,
        "outcome": outcome_of(test, clock.now()) if test else None,
        "topics": [f"host:{known.slug}"],
        "since": since,
    }
    return render(request, "hosts/host.html", context)


@never_cache
@require_POST
@administrator
def test(request: HttpRequest, host: str) -> HttpResponse:
    """Have the connection of a host tested as it is stored."""
    known = get_object_or_404(Host, slug=host)
    try:
        asked = ask_test(actor=actor_of(request), host=known)
    except RequestRefused as refusal:
        return _refused(request, refusal)
    return HttpResponseRedirect(reverse("connection_test", args=[asked.pk]), status=303)


@never_cache
@require_POST
@administrator
def switch(request: HttpRequest, host: str, deed: str) -> HttpResponse:
    """Pause or resume a host, and go back to where that was asked for."""
    try:
        _SWITCHES[deed](actor=actor_of(request), slug=host)
    except RequestRefused as refusal:
        return _refused(request, refusal)
    back = reverse("hosts") if request.POST.get("back") == "hosts" else reverse("host", args=[host])
    return HttpResponseRedirect(back, status=303)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@administrator
def remove(request: HttpRequest, host: str) -> HttpResponse:
    """Say what is under way on a host and what becomes of it; a POST removes the host.

    ``force`` says that the person was shown operations that have not ended. Without it one that has begun meanwhile
    brings the page back, with what it is.
    """
    known = get_object_or_404(Host, slug=host)
    if request.method != "POST":
        return _removal(request, known)
    try:
        remove_host(actor=actor_of(request), slug=host, force="force" in request.POST)
    except RequestRefused as refusal:
        unread.attach(request, refusal)
        return _removal(request, known, problem=refusal.message, status=refusal.http_status)
    return HttpResponseRedirect(reverse("hosts"), status=303)


def _removal(request: HttpRequest, known: Host, *, problem: str = "", status: int = 200) -> HttpResponse:
    busy = under_way(known)
    context = {
        "here": "hosts",
        "host": known,
        "fates": [(operation, fate_of(operation)) for operation in busy[:LISTED]],
        "busy": len(busy),
        "more": max(0, len(busy) - LISTED),
        "guests": Domain.objects.filter(host=known, gone_at=None).count(),
        "grants": Grant.objects.filter(host=known).count(),
        "problem": problem,
    }
    return render(request, "hosts/remove.html", context, status=status)


def _refused(request: HttpRequest, refusal: RequestRefused) -> HttpResponse:
    if refusal.http_status == 404:
        raise Http404
    unread.attach(request, refusal)
    return errors.refusal(request, refusal.http_status, refusal.message)
