"""The groups, and the page of one, for those who administer Slotboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.contrib.auth.models import Group, User
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from domains.models import Grant, Host, Role
from domains.operations.accounts_groups import join_group, leave_group, make_group, remove_group, rename_group
from domains.operations.accounts_rules import NAME_LENGTH
from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.web import giving
from domains.web.access import administrator
from domains.web.actor import actor_of
from domains.web.numbers import read_number
from domains.web.sent import Sent, refused

PAGE = 50
_SUGGESTED = 200  # names that the browser offers while one is typed; any other can be typed


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@administrator
def groups(request: HttpRequest) -> HttpResponse:
    """List the groups with their roles; a POST makes one by its ``name`` and goes to its page."""
    if request.method != "POST":
        return _list(request, Sent())
    try:
        group = make_group(actor=actor_of(request), name=request.POST.get("name", ""))
    except RequestRefused as refusal:
        return _list(request, refused(request, "make", refusal))
    return HttpResponseRedirect(reverse("group", args=[group.pk]), status=303)


@never_cache
@require_safe
@administrator
def group(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a group's members and roles."""
    return _page(request, _group(pk), Sent())


@never_cache
@require_POST
@administrator
def act(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """Do one of :data:`DEEDS` about a group."""
    found = _group(pk)
    try:
        DEEDS[deed](actor_of(request), found.name, request.POST)
    except RequestRefused as refusal:
        return _page(request, found, refused(request, deed, refusal))
    page = reverse("groups") if deed == "remove" else reverse("group", args=[pk])
    return HttpResponseRedirect(page, status=303)


# What can be done about a group, by the last part of its address: who does it, the group's name, the form.
DEEDS: Mapping[str, Callable[[Actor, str, QueryDict], object]] = {
    "rename": lambda actor, name, form: rename_group(actor=actor, name=name, new_name=form.get("name", "")),
    "remove": lambda actor, name, _: remove_group(actor=actor, name=name),
    "add": lambda actor, name, form: join_group(actor=actor, user=form.get("user", "").strip(), group=name),
    "drop": lambda actor, name, form: leave_group(actor=actor, user=form.get("user", ""), group=name),
    "grant": lambda actor, name, form: giving.give(actor, form, name=name, group=True),
    "revoke": lambda actor, name, form: giving.take(actor, form, name=name, group=True),
}


def _group(pk: int) -> Group:
    return get_object_or_404(Group, pk=read_number(str(pk)))


def _list(request: HttpRequest, sent: Sent) -> HttpResponse:
    grants = Prefetch("grant_set", Grant.objects.select_related("host").order_by("pk"))
    known = Group.objects.annotate(members=Count("user")).order_by("name").prefetch_related(grants)
    context = {
        "here": "users",
        "page": Paginator(known, PAGE).get_page(request.GET.get("page")),
        "sent": sent,
        "name_length": NAME_LENGTH,
    }
    return render(request, "users/groups.html", context, status=sent.status)


def _page(request: HttpRequest, group: Group, sent: Sent) -> HttpResponse:
    members = group.user_set.order_by("username")
    context = {
        "here": "users",
        "group": group,
        "page": Paginator(members, PAGE).get_page(request.GET.get("page")),
        "grants": Grant.objects.filter(group=group).select_related("host").order_by("pk"),
        "others": User.objects.exclude(groups=group)
        .order_by("username")
        .values_list("username", flat=True)[:_SUGGESTED],
        "roles": Role,
        "hosts": Host.objects.values_list("slug", flat=True),
        "sent": sent,
        "name_length": NAME_LENGTH,
    }
    return render(request, "users/group.html", context, status=sent.status)
