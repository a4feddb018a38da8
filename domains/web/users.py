"""The people who have an account, for those who administer Slotboard."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Count, F, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from domains.models import Grant, clock
from domains.models.holds import Holds
from domains.operations.accounts import make_account
from domains.operations.accounts_rules import NAME_LENGTH
from domains.operations.refused import RequestRefused
from domains.web.access import administrator
from domains.web.actor import actor_of
from domains.web.sent import Sent, refused

PAGE = 50
_STATES = {"active": Q(is_active=True), "off": Q(is_active=False)}


@dataclass(frozen=True, slots=True)
class Row:
    """A person, and each role in words with the group that brings it, which is empty for one of their own."""

    person: User
    held: list[tuple[str, str]]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@administrator
def users(request: HttpRequest) -> HttpResponse:
    """List the accounts by name; ``q`` is a part of a name or of a group's, ``state`` is active or off.

    A POST makes an account and answers with the page that shows its password, this once. Fields: ``name``, and
    ``password``, which is made up if it is empty.
    """
    if request.method != "POST":
        return _page(request)
    try:
        name, typed = request.POST.get("name", ""), request.POST.get("password", "")
        user, password = make_account(actor=actor_of(request), name=name, password=typed or None)
    except RequestRefused as refusal:
        return _page(request, refused(request, "make", refusal))
    return _page(request, made=user, secret="" if typed else password)


def _page(
    request: HttpRequest, sent: Sent | None = None, *, made: User | None = None, secret: str = ""
) -> HttpResponse:
    query, state = request.GET.get("q", "").strip()[:NAME_LENGTH], request.GET.get("state", "")
    sent = sent or Sent()
    page = Paginator(_found(query, state), PAGE).get_page(request.GET.get("page"))
    context = {
        "here": "users",
        "page": page,
        "rows": [Row(person, _held(person)) for person in page],
        "counts": User.objects.aggregate(all=Count("pk"), off=Count("pk", filter=_STATES["off"])),
        "query": query,
        "state": state,
        "query_string": urlencode({"q": query, "state": state, "page": ""}),
        "sent": sent,
        "made": made,
        "secret": secret,
        "name_length": NAME_LENGTH,
    }
    return render(request, "users/users.html", context, status=sent.status)


def _held(person: User) -> list[tuple[str, str]]:
    own = [str(grant) for grant in person.grant_set.all()]
    words = ["superuser", *own] if person.is_superuser else own
    brought = [(str(grant), group.name) for group in person.groups.all() for grant in group.grant_set.all()]
    return [*((one, "") for one in words), *brought]


def _found(query: str, state: str) -> QuerySet[User]:
    found = User.objects.filter(_STATES.get(state, Q()))
    if query := query.replace("\0", "\N{REPLACEMENT CHARACTER}"):
        fitting = Q(Holds(F("username"), query)) | Q(Holds(F("groups__name"), query))
        found = found.filter(pk__in=User.objects.filter(fitting).values("pk"))
    usable = Q(tokens__revoked_at=None, tokens__expires_at__gt=clock.now())
    grants = Grant.objects.select_related("host").order_by("pk")
    return (
        found.annotate(open_tokens=Count("tokens", filter=usable))
        .order_by("username")
        .prefetch_related("groups", Prefetch("grant_set", grants), Prefetch("groups__grant_set", grants))
    )
