"""manage.py firstuser: make the user admin, while there is no user."""

from __future__ import annotations

import secrets

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from environs import Env

from domains.management.administering import operating_systems_user
from domains.operations.accounts import make_superuser

NAME = "admin"


class Command(BaseCommand):
    """Makes the first user."""

    help = (
        "Make the administrator admin, if there is no user yet. The password is SLOTBOARD_ADMIN_PASSWORD, "
        "or is made up and shown once."
    )
    requires_system_checks = ()

    def handle(self, *_: object, **__: object) -> None:
        """Make the user, or do nothing."""
        if User.objects.exists():
            return
        given = Env().str("SLOTBOARD_ADMIN_PASSWORD", "")
        password = given or secrets.token_urlsafe(12)
        make_superuser(actor=operating_systems_user(), name=NAME, password=password)
        shown = "the password in SLOTBOARD_ADMIN_PASSWORD" if given else f"the password {password}"
        self.stdout.write(f"Sign in as {NAME} with {shown}{'' if given else ' (it is not shown again)'}.")
