"""The person at a page, as the write path knows people."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest

from domains.operations.actor import Actor, address_of


def actor_of(request: HttpRequest) -> Actor:
    """Name the signed-in person who asks, for a view behind ``@member``."""
    assert isinstance(request.user, AbstractBaseUser)  # noqa: S101  # what @member makes sure of
    return Actor(
        name=request.user.get_username(),
        door="page",
        user=request.user,
        address=address_of(request),
    )
