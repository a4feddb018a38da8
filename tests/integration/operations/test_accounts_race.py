from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connections

from domains.models import HistoryEntry, Token
from domains.models.grant import administrators
from domains.operations.accounts_roles import take_role
from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.operations.tokens import make_token
from tests.integration.web.factory import make_user
from tests.waiting import LONG


def test_a_double_click_makes_one_token(any_database):
    """Each looks for the name while the other has not ended yet, unless they wait for one another."""
    mara = make_user("mara", "operator")
    together = Barrier(2)

    def make(number):
        together.wait(LONG)
        try:
            make_token(actor=Actor("mara", "page", mara), user=mara, name="nightly")
        except RequestRefused:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(make, range(2))) == [False, True]
    assert Token.objects.count() == 1


def test_two_administrators_who_dismiss_each_other_at_once_leave_one(any_database):
    """Each looks while the other has not ended yet, unless such deeds wait for one another."""
    ada, bea = make_user("ada", "administrator"), make_user("bea", "administrator")
    together = Barrier(2)

    def dismiss(who, other):
        together.wait(LONG)
        try:
            take_role(actor=Actor(who.username, "page", who), name=other.username, role="administrator")
        except RequestRefused:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(dismiss, (ada, bea), (bea, ada)))
    assert sorted(done) == [False, True]
    assert administrators().count() == 1
    assert [entry.kind for entry in HistoryEntry.objects.all()] == ["revoked"]
