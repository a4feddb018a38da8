"""The hosts, for administrators: the list, and adding one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from domains.models import ConnectionTest, Host, clock
from domains.operations import unread
from domains.operations.hosts import add_host, change_host
from domains.operations.hosts_rules import FieldsRefused, problems_of
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
    return form_page(request, form_of(test), host=test.host, test=test)


def answer_form(request: HttpRequest, host: Host | None) -> HttpResponse:
    """Store or test what was sent, or show the form again with what is wrong with it."""
    form = sent_form(request.POST)
    fields, slug, actor = form.fields(), host.slug if host else form.texts["slug"], actor_of(request)
    try:
        if form.problems:
            raise FieldsRefused({**problems_of(host or Host(slug=slug, **fields)), **form.problems})
        if request.POST.get("deed") == "test":
            test = ask_test_of(actor=actor, slug=slug, fields=fields, host=host)
            return HttpResponseRedirect(reverse("connection_test", args=[test.pk]), status=303)
        if host:
            change_host(actor=actor, slug=slug, fields=fields)
        else:
            add_host(actor=actor, slug=slug, fields=fields)
    except RequestRefused as refusal:
        unread.attach(request, refusal)
        form.problems = refusal.problems if isinstance(refusal, FieldsRefused) else {"": refusal.message}
        return form_page(request, form, host=host, status=refusal.http_status)
    return HttpResponseRedirect(reverse("host", args=[slug]), status=303)


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
