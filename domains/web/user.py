"""The page of one person, for those who administer Slotboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.contrib.auth.models import Group, User
from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from domains.models import Host, Role, Token
from domains.models.grant import grants_of
from domains.operations.accounts import change_password, switch_account
from domains.operations.accounts_groups import join_group, leave_group
from domains.operations.accounts_rules import Misfit
from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.operations.tokens import revoke_token
from domains.web import giving
from domains.web.access import administrator
from domains.web.actor import actor_of
from domains.web.numbers import read_number
from domains.web.rights import rights_of
from domains.web.sent import Sent, refused


@never_cache
@require_safe
@administrator
def user(request: HttpRequest, pk: int) -> HttpResponse:
    """Show somebody's account, what they may do and by what, and everything that can be done about it."""
    return _page(request, _person(pk))


@never_cache
@require_POST
@administrator
def act(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """Do one of :data:`DEEDS` about a person; a password that was made up for it is shown this once."""
    person = _person(pk)
    try:
        secret = DEEDS[deed](actor_of(request), person, request.POST)
    except RequestRefused as refusal:
        return _page(request, person, refused(request, deed, refusal))
    if secret:
        return _page(request, person, secret=secret)
    return HttpResponseRedirect(reverse("user", args=[person.pk]), status=303)


def _password(actor: Actor, person: User, form: QueryDict) -> str:
    typed = form.get("password", "")
    password = change_password(actor=actor, name=person.username, password=typed or None)
    return "" if typed else password


def _switch(actor: Actor, person: User, *, on: bool) -> str:
    switch_account(actor=actor, name=person.username, on=on)
    return ""


def _join(actor: Actor, person: User, form: QueryDict) -> str:
    join_group(actor=actor, user=person.username, group=form.get("group", ""))
    return ""


def _leave(actor: Actor, person: User, form: QueryDict) -> str:
    leave_group(actor=actor, user=person.username, group=form.get("group", ""))
    return ""


def _grant(actor: Actor, person: User, form: QueryDict) -> str:
    giving.give(actor, form, name=person.username)
    return ""


def _revoke(actor: Actor, person: User, form: QueryDict) -> str:
    giving.take(actor, form, name=person.username)
    return ""


def _end_token(actor: Actor, person: User, form: QueryDict) -> str:
    number = read_number(form.get("token", "")) or 0
    token = Token.objects.filter(pk=number, user=person).select_related("user").first()
    if token is None:
        raise Misfit("token", f"{person.username} has no such token.")
    revoke_token(actor=actor, token=token)
    return ""


# What can be done about a person, by the last part of its address.
DEEDS: Mapping[str, Callable[[Actor, User, QueryDict], str]] = {
    "password": _password,
    "activate": lambda actor, person, _: _switch(actor, person, on=True),
    "deactivate": lambda actor, person, _: _switch(actor, person, on=False),
    "join": _join,
    "leave": _leave,
    "grant": _grant,
    "revoke": _revoke,
    "end-token": _end_token,
}


def _person(pk: int) -> User:
    return get_object_or_404(User, pk=read_number(str(pk)))


def _page(request: HttpRequest, person: User, sent: Sent | None = None, *, secret: str = "") -> HttpResponse:
    sent = sent or Sent()
    person.refresh_from_db()
    grants = list(grants_of(person).order_by(F("group__name").asc(nulls_first=True), "pk"))
    groups = list(person.groups.order_by("name"))
    context = {
        "here": "users",
        "person": person,
        "grants": grants,
        "rights": rights_of(person, grants),
        "groups": groups,
        "other_groups": Group.objects.exclude(user=person).order_by("name"),
        "tokens": [token for token in Token.objects.filter(user=person) if token.state == "usable"],
        "roles": Role,
        "hosts": Host.objects.values_list("slug", flat=True),
        "sent": sent,
        "secret": secret,
    }
    return render(request, "users/user.html", context, status=sent.status)
