"""Deeds of people that begin at the same moment, each of which would be right by itself."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

from django.contrib.auth.models import User
from django.db import connections

from domains.models import HistoryEntry, Token
from domains.models.grant import administrators
from domains.operations.accounts_roles import take_role
from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.operations.tokens import make_token
from tests.integration.web.factory import make_user
from tests.waiting import LONG


def at_once(*deeds: Callable[[], object]) -> list[bool]:
    """Begin these at the same moment, so that each looks before another has ended unless it waits for it. Give, the
    refused ones first, whether each was done.
    """
    together = Barrier(len(deeds))

    def done(deed: Callable[[], object]) -> bool:
        together.wait(LONG)
        try:
            deed()
        except RequestRefused:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(len(deeds)) as threads:
        return sorted(threads.map(done, deeds))


def test_a_double_click_makes_one_token(any_database):
    mara = make_user("mara", "operator")
    click = partial(make_token, actor=Actor("mara", "page", mara), user=mara, name="nightly")
    assert at_once(click, click) == [False, True]
    assert Token.objects.count() == 1


def test_two_administrators_who_dismiss_each_other_at_once_leave_one(any_database):
    ada, bea = make_user("ada", "administrator"), make_user("bea", "administrator")

    def dismiss(who: User, other: User) -> None:
        take_role(actor=Actor(who.username, "page", who), name=other.username, role="administrator")

    assert at_once(partial(dismiss, ada, bea), partial(dismiss, bea, ada)) == [False, True]
    assert administrators().count() == 1
    assert [entry.kind for entry in HistoryEntry.objects.all()] == ["revoked"]
