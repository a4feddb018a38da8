"""Sign-in rules that differ from django-allauth's own, and the history's account of who came and went."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from domains.operations import signing_in
from domains.operations.actor import address_of
from domains.operations.signing_in import Failure


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Accounts are made by an administrator only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse every attempt to register."""
        return False

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Sign in. The session is stored together with its entry, so neither can be without the other."""
        with transaction.atomic():
            super().login(request, user)
            request.session.save()
            signing_in.record_sign_in(user, address_of(request))

    def logout(self, request: HttpRequest) -> None:
        """Sign out, and write it down with the session's end."""
        user = request.user
        with transaction.atomic():
            super().logout(request)
            if isinstance(user, AbstractBaseUser):
                signing_in.record_sign_out(user, address_of(request))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ANN401  # allauth's own
        """Turn away whoever failed too often just now. Raises ``ValidationError``."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            _record(request, credentials, turned_away=True)
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ANN401
        """Write down a name and password that do not fit."""
        _record(request, credentials)

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        """Write down that somebody knew the password of an account that is switched off."""
        actor = user.get_username()
        signing_in.record_failure(Failure("page", address_of(request), signing_in.SWITCHED_OFF, actor=actor))
        response: HttpResponse = super().respond_user_inactive(request, user)
        return response


def _record(request: HttpRequest, credentials: dict[str, Any], *, turned_away: bool = False) -> None:
    name = str(credentials.get("username") or "")
    failure = signing_in.password_failure(name, address_of(request), turned_away=turned_away)
    signing_in.record_failure(failure)
