"""Who is let in at a page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from domains.models.grant import is_administrator
from domains.web import errors

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
