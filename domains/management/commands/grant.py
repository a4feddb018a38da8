"""Give a person a role, making the account where there is none yet."""

from __future__ import annotations

import getpass
import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from domains.history import ledger
from domains.models import Grant, Host, Role


class Command(BaseCommand):
    """``manage.py grant USER ROLE [--host HOST] [--match PATTERN]``."""

    help = "Give a person a role on all guests, or on those of one host or with matching names."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the interface."""
        parser.add_argument("user", metavar="USER", help="sign-in name; made with a new password if unknown")
        parser.add_argument("role", choices=[str(role) for role in Role])
        parser.add_argument("--host", help="only on this host")
        parser.add_argument(
            "--match", default="*", metavar="PATTERN", help="only guests so named, with * and ?"
        )

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401  # Django's own signature
        """Store the grant and its history entry together."""
        host = None
        if options["host"]:
            host = Host.objects.filter(slug=options["host"]).first()
            if host is None:
                raise CommandError(
                    f"There is no host “{options['host']}”; grant without --host covers all hosts."
                )
        users = get_user_model().objects
        with transaction.atomic():
            user = users.filter(username=options["user"]).first()
            password = None if user else secrets.token_urlsafe(12)
            if user is None:
                user = users.model(username=options["user"])
                user.set_password(password)
                try:
                    user.full_clean()
                except ValidationError as error:
                    raise CommandError(" ".join(error.messages)) from error
                user.save()
            grant = Grant.objects.create(user=user, role=options["role"], host=host, pattern=options["match"])
            ledger.append(
                "granted",
                {
                    "actor": f"os:{getpass.getuser()}",
                    "door": "command",
                    "user": user.get_username(),
                    "role": grant.role,
                    "host": host.slug if host else None,
                    "pattern": grant.pattern,
                    "new_account": password is not None,
                },
            )
        where = f"{f'host {host.slug}' if host else 'all hosts'}, guests {grant.pattern}"
        self.stdout.write(f"{user.get_username()} is {grant.role} on {where}.")
        if password:
            self.stdout.write(f"The account is new. Its password, shown only now: {password}")
