"""Who is at the other end, and what they may see and change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, Literal, ParamSpec

from django.conf import settings
from django.contrib.auth import get_user, get_user_model
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from domains.models import BatchItem, Domain, Host, Operation
from domains.models.grant import (
    CHANGING,
    SEEING,
    covers_everything,
    domains_changed_by,
    domains_seen_by,
    is_administrator,
)
from domains.operations.text import storable
from domains.push.topics import named_domains
from domains.web import errors
from domains.web.numbers import read_number

Audience = Literal["see", "change"]
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def member(view: View[P]) -> View[P]:
    """Let only signed-in people in; a request by htmx gets a sentence instead of the sign-in page."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if getattr(request, "htmx", None):
            return render(request, "_signed_out.html", status=403)
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)

    return guarded


def administrator(view: View[P]) -> View[P]:
    """Let only people in who administer Slotboard itself; other members are told that they may not."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not is_administrator(request.user):
            return errors.forbidden(request)  # raised, it would be logged with a traceback
        return view(request, *args, **kwargs)

    return member(guarded)


@dataclass(frozen=True, slots=True)
class Access:
    """What one signed-in person's stream may carry. ``None`` in place of a set of domains means all.

    Of ``hosts`` they see a domain, and may know because of that.
    """

    user_id: int
    sees: frozenset[int] | None
    changes: frozenset[int] | None
    hosts: frozenset[int]

    def audience(self, domain_id: int | None) -> Audience | None:
        """Say as whom the person gets a fragment of this domain; ``None`` for one they may not see.

        Without a domain it is for everybody who sees anything at all.
        """
        if domain_id is None:
            return "see" if self.sees is None or self.sees else None
        if self.changes is None or domain_id in self.changes:
            return "change"
        return "see" if self.sees is None or domain_id in self.sees else None

    def knows_host(self, host_id: int) -> bool:
        """Whether the person may know of a host."""
        return self.sees is None or host_id in self.hosts

    def may_subscribe(self, topic: str) -> bool:
        """Whether the person may listen to a topic at all."""
        kind, _, name = topic.partition(":")
        if not storable(topic):
            return False
        if kind in ("fleet", "operations"):
            return not name
        if kind == "domain":
            return any(self.audience(pk) for pk in named_domains(topic).values_list("pk", flat=True))
        if kind == "row":
            number = read_number(name)
            return number is not None and self.audience(number) is not None
        if kind == "host":
            return any(map(self.knows_host, Host.objects.filter(slug=name).values_list("pk", flat=True)))
        if kind == "batch":
            return self._sees_batch(name)
        return kind == "operation" and self._sees_operation(name)

    def _sees_batch(self, name: str) -> bool:
        """Whether every guest of a batch may be seen: what is pushed speaks of all of them."""
        number = read_number(name)
        if number is None:
            return False
        found = set(BatchItem.objects.filter(batch=number).values_list("domain", flat=True))
        return bool(found) and (self.sees is None or found <= self.sees)

    def _sees_operation(self, name: str) -> bool:
        number = read_number(name)
        if number is None:
            return False
        found = Operation.objects.filter(pk=number).first()
        if found is None or self.sees is None:
            return found is not None
        # By the names it keeps, as its page does: its host may have been removed and added again.
        kept = Domain.objects.filter(host__slug=found.host_slug, uuid=found.domain_uuid)
        return not self.sees.isdisjoint(kept.values_list("pk", flat=True))


def access(session_cookie: str) -> Access | None:
    """Find out who holds a session and what they may see; ``None`` for nobody who is signed in.

    Checks what a request checks: that the session lives, that the password has not changed since, and that
    the person is active. Reads the database.
    """
    request = HttpRequest()
    request.session = SessionStore(session_cookie)
    user = get_user(request)
    if not isinstance(user, get_user_model()) or not user.is_active:
        return None
    sees = None if covers_everything(user, SEEING) else domains_seen_by(user).values_list("pk", "host")
    seen = list(sees) if sees is not None else []
    changes = (
        None if covers_everything(user, CHANGING) else domains_changed_by(user).values_list("pk", flat=True)
    )
    return Access(
        user_id=user.pk,
        sees=None if sees is None else frozenset(pk for pk, _ in seen),
        changes=None if changes is None else frozenset(changes),
        hosts=frozenset(host for _, host in seen),
    )
