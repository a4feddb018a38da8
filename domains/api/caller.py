"""Who is calling: a token's owner, or whoever is signed in."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from domains.operations.actor import Actor, address_of
from domains.operations.refused import RequestRefused
from domains.operations.tokens import recognise
from domains.vcpu.reasons import Reason


class Bearer(HttpBearer):
    """A token. One that is sent decides: a session beside it is not looked at."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor:
        """Give the token's owner. Raises :class:`RequestRefused` (401) for one that opens nothing."""
        found = recognise(token.strip(), address=address_of(request))
        return Actor(
            name=found.user.get_username(),
            door="api",
            user=found.user,
            address=address_of(request),
            token=found.name,
            limit=found.role,
        )


class Session(APIKeyCookie):
    """A signed-in session, as the pages have it. A request that changes something needs its CSRF token too."""

    param_name = "sessionid"

    def _get_key(self, request: HttpRequest) -> str | None:
        return request.COOKIES.get(self.param_name)

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        """Give who is signed in, or None. Raises :class:`RequestRefused` (403) where the CSRF check fails."""
        if not isinstance(request.user, AbstractBaseUser):
            return None
        if check_csrf(request) is not None:
            raise RequestRefused(
                Reason.NOT_PERMITTED,
                "A request by session needs the CSRF token of a page in its X-CSRFToken header; a token needs none.",
            )
        return Actor(
            name=request.user.get_username(), door="api", user=request.user, address=address_of(request)
        )


def actor_of(request: HttpRequest) -> Actor:
    """Give who is calling, once that is known."""
    actor = getattr(request, "auth", None)
    assert isinstance(actor, Actor)  # noqa: S101  # every address of the API asks for one of the above
    return actor
