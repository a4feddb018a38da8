"""The hosts, for administrators: the list, and adding one."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from domains.models import ConnectionTest, Host, clock
from domains.operations import unread
from domains.operations.hosts import add_host, change_host
from domains.operations.hosts_rules import FieldsRefused, HostChanged, check_address, problems_of
from domains.operations.hosts_testing import ask_test_of
from domains.operations.hosts_words import outcome_of
from domains.operations.refused import RequestRefused
from domains.push.sse import TOPICS
from domains.push.stream import cursor
from domains.web.access import administrator
from domains.web.actor import actor_of
from domains.web.hosts_form import HostForm, credential_names, form_of, sent_form
from domains.web.hosts_view import host_views


@never_cache
@require_safe
@administrator
def hosts(request: HttpRequest) -> HttpResponse:
    """List all hosts with what is known of them."""
    since = cursor()
    known = list(Host.objects.all())
    topics = [f"host:{host.slug}" for host in known] if len(known) <= TOPICS else ["fleet"]
    context = {"here": "hosts", "hosts": host_views(known), "topics": topics or ["fleet"], "since": since}
    return render(request, "hosts/hosts.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@administrator
def add(request: HttpRequest) -> HttpResponse:
    """Show the form for a new host; a POST stores it, or with ``deed`` = ``test`` has it tested unstored."""
    if request.method != "POST":
        return form_page(request, form_of())
    return answer_form(request, None)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@administrator
def edit(request: HttpRequest, host: str) -> HttpResponse:
    """Show the form of a host; a POST changes it, or with ``deed`` = ``test`` has the change tested unstored."""
    known = get_object_or_404(Host, slug=host)
    if request.method != "POST":
        return form_page(request, form_of(known), host=known)
    return answer_form(request, known)


@never_cache
@require_safe
@administrator
def connection_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a connection test has come, above the form of what was tested."""
    test = get_object_or_404(ConnectionTest.objects.select_related("host"), pk=pk)
    form = form_of(test)
    form.base = request.GET.get("base") or form.base  # what was tested may be a change of it
    return form_page(request, form, host=test.host, test=test)


def answer_form(request: HttpRequest, host: Host | None) -> HttpResponse:
    """Store or test what was sent, or show the form again with what is wrong with it."""
    form, actor = sent_form(request.POST), actor_of(request)
    fields, slug = form.fields(), host.slug if host else form.texts["slug"]
    testing = request.POST.get("deed") == "test"
    try:
        if form.problems:
            raise FieldsRefused(_other_problems(host, slug, fields, testing=testing) | form.problems)
        if testing:
            test = ask_test_of(actor=actor, slug=slug, fields=fields, host=host)
            page = reverse("connection_test", args=[test.pk])
            return HttpResponseRedirect(
                f"{page}?{urlencode({'base': form.base})}" if host else page, status=303
            )
        if host:
            change_host(actor=actor, slug=slug, fields=fields, base=form.base)
        else:
            add_host(actor=actor, slug=slug, fields=fields)
    except RequestRefused as refusal:
        unread.attach(request, refusal)
        form.problems = refusal.problems if isinstance(refusal, FieldsRefused) else {"": refusal.message}
        form.base = refusal.base if isinstance(refusal, HostChanged) else form.base
        return form_page(request, form, host=host, status=refusal.http_status)
    return HttpResponseRedirect(reverse("host", args=[slug]), status=303)


def _other_problems(
    host: Host | None, slug: str, fields: Mapping[str, object], *, testing: bool
) -> dict[str, str]:
    """Give what is wrong beside what cannot even be read. A test needs no name and no queue."""
    draft = copy(host) if host else Host(slug=slug)
    for name, value in fields.items():
        setattr(draft, name, value)
    return check_address(draft) if testing else problems_of(draft)


def form_page(
    request: HttpRequest,
    form: HostForm,
    *,
    host: Host | None = None,
    test: ConnectionTest | None = None,
    status: int = 200,
) -> HttpResponse:
    """Draw the form, for a new host or for one that is there, below what came of a test of it."""
    context = {
        "here": "hosts",
        "form": form,
        "host": host,
        "action": reverse("host_edit", args=[host.slug]) if host else reverse("host_add"),
        "credentials": credential_names(form.texts["credential"]),
        "test": test,
        "outcome": outcome_of(test, clock.now()) if test else None,
    }
    return render(request, "hosts/form.html", context, status=status)
