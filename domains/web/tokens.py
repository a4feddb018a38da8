"""The page of one's own API tokens."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from domains.models import Token
from domains.operations import unread
from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.operations.tokens import DAYS, MOST_DAYS, NAME_LENGTH, make_token, revoke_token, roles_for
from domains.web.access import member
from domains.web.actor import actor_of
from domains.web.numbers import read_number


@dataclass(frozen=True, slots=True)
class Wanted:
    """The form as it was sent, to be shown again where it is refused."""

    name: str = ""
    role: str = ""
    days: str = str(DAYS)
    problem: str = ""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@member
def tokens(request: HttpRequest) -> HttpResponse:
    """List one's tokens; a POST makes one and answers with the page that shows its secret, this once.

    Fields: ``name``, ``role`` (empty for all of one's rights) and ``days``.
    """
    if request.method != "POST":
        return _page(request)
    wanted = Wanted(
        name=request.POST.get("name", ""),
        role=request.POST.get("role", ""),
        days=request.POST.get("days", ""),
    )
    actor, user = _actor(request)
    try:
        token, secret = make_token(
            actor=actor,
            user=user,
            name=wanted.name,
            role=wanted.role,
            days=read_number(wanted.days.strip()) or 0,
        )
    except RequestRefused as refusal:
        unread.attach(request, refusal)
        again = Wanted(wanted.name, wanted.role, wanted.days, refusal.message)
        return _page(request, again, status=refusal.http_status)
    return _page(request, made=token, secret=secret)


@never_cache
@require_POST
@member
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own tokens. Somebody else's is answered like one that does not exist."""
    actor, user = _actor(request)
    number = read_number(str(pk))
    token = Token.objects.filter(pk=number, user=user.pk).select_related("user").first() if number else None
    if token is None:
        raise Http404
    revoke_token(actor=actor, token=token)
    return HttpResponseRedirect(reverse("tokens"), status=303)


def _actor(request: HttpRequest) -> tuple[Actor, AbstractBaseUser]:
    user = request.user
    assert isinstance(user, AbstractBaseUser)  # noqa: S101  # what @member makes sure of
    return actor_of(request), user


def _page(
    request: HttpRequest,
    wanted: Wanted | None = None,
    *,
    made: Token | None = None,
    secret: str = "",
    status: int = 200,
) -> HttpResponse:
    _, user = _actor(request)
    context = {
        "here": "tokens",
        "tokens": Token.objects.filter(user=user.pk),
        "roles": roles_for(user),
        "wanted": wanted or Wanted(),
        "made": made,
        "secret": secret,
        "most_days": MOST_DAYS,
        "name_length": NAME_LENGTH,
    }
    return render(request, "account/tokens.html", context, status=status)
