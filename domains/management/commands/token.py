"""Make, list and revoke API tokens on the command line."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandParser
from django.db.models import Q, QuerySet

from domains.management.administering import (
    AdministeringCommand,
    operating_systems_user,
    record_refused_command,
)
from domains.management.terminal import printable
from domains.models import Role, Token
from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.operations.representation import token_json
from domains.operations.tokens import DAYS, MOST_DAYS, make_token, revoke_token
from domains.vcpu.reasons import Reason

REFUSED = 2
_DIGITS = 18  # what surely fits the database's 64 bits


class Command(AdministeringCommand):
    """``manage.py token create USER --name NAME | list [USER] | revoke PREFIX_OR_ID``."""

    help = "Make, list or revoke API tokens."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the interface."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="create|list|revoke")
        create = actions.add_parser("create", help="make a token and print it, once")
        create.add_argument("user", metavar="USER", help="whose rights it carries")
        create.add_argument("--name", required=True, help="what will use it")
        create.add_argument(
            "--role", default="", metavar="ROLE", help=f"limit it to one of: {', '.join(Role)}"
        )
        create.add_argument(
            "--expires", type=int, default=DAYS, metavar="DAYS", help=f"1 to {MOST_DAYS}, {DAYS} by default"
        )
        tell = actions.add_parser("list", help="list the tokens, without their secrets")
        tell.add_argument("user", nargs="?", metavar="USER", help="only those of one person")
        revoke = actions.add_parser("revoke", help="end a token for good")
        revoke.add_argument("token", metavar="PREFIX_OR_ID", help="as the list shows it")
        for action in (create, tell, revoke):
            action.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401  # Django's own signature
        """Run; a refusal ends with status 2."""
        actor = operating_systems_user()
        run = {"create": self._create, "list": self._list, "revoke": self._revoke}[options["action"]]
        try:
            run(actor, options)
        except RequestRefused as refused:
            record_refused_command(refused, "token", options)
            if options["json"]:
                self.stdout.write(json.dumps({"code": str(refused.code), "message": refused.message}))
            else:
                self.stderr.write(f"{printable(refused.message)} ({refused.code})")
            sys.exit(REFUSED)

    def _create(self, actor: Actor, options: dict[str, Any]) -> None:
        user = get_user_model().objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise RequestRefused(
                Reason.INVALID_REQUEST,
                f"There is no active user “{options['user'][:150]}”; see manage.py grant.",
            )
        token, secret = make_token(
            actor=actor, user=user, name=options["name"], role=options["role"], days=options["expires"]
        )
        if options["json"]:
            self.stdout.write(json.dumps({**token_json(token), "secret": secret}))
        else:
            self.stdout.write(secret)

    def _list(self, actor: Actor, options: dict[str, Any]) -> None:
        tokens = Token.objects.select_related("user")
        if options["user"] is not None:
            tokens = tokens.filter(user__username=options["user"])
        if options["json"]:
            self.stdout.write(json.dumps([token_json(token) for token in tokens]))
            return
        for token in tokens:
            role = token.role or "all rights"
            words = (
                f"{token.pk} {token.prefix} {token.user.get_username()}: {token.name}, {role}, {token.state}"
            )
            self.stdout.write(printable(f"{words}, expires {token.expires_at:%Y-%m-%d}"))

    def _revoke(self, actor: Actor, options: dict[str, Any]) -> None:
        token = _named(options["token"])
        revoke_token(actor=actor, token=token)
        if options["json"]:
            self.stdout.write(json.dumps(token_json(token)))
        else:
            self.stdout.write(printable(f"{token.name} ({token.prefix}) is revoked."))


def _named(text: str) -> Token:
    """Find one token by prefix or number; a prefix goes first, since it may consist of digits alone."""
    for found in (Token.objects.filter(prefix=text), _numbered(text)):
        tokens = list(found.select_related("user")[:2])
        if len(tokens) > 1:
            raise RequestRefused(
                Reason.INVALID_REQUEST, f"Several tokens begin with {text}; name one by its number."
            )
        if tokens:
            return tokens[0]
    raise RequestRefused(Reason.INVALID_REQUEST, f"There is no token “{text[:80]}”; see token list.")


def _numbered(text: str) -> QuerySet[Token]:
    number = text.isascii() and text.isdigit() and len(text) <= _DIGITS
    return Token.objects.filter(Q(pk=int(text)) if number else Q(pk__in=[]))
