from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from domains.models import Grant, HistoryEntry

pytestmark = pytest.mark.django_db


def grant(*arguments):
    out = StringIO()
    call_command("grant", *arguments, stdout=out)
    return out.getvalue()


def test_grant_makes_an_account_that_can_sign_in_and_records_it():
    password = grant("vera", "viewer", "--match", "web*").rsplit(" ", 1)[1].strip()
    assert authenticate(username="vera", password=password) == User.objects.get(username="vera")
    made = Grant.objects.get()
    assert (made.role, made.pattern, made.host) == ("viewer", "web*", None)
    entry = HistoryEntry.objects.get(kind="granted")
    assert entry.actor.startswith("os:")
    assert password not in entry.body


def test_grant_to_someone_known_keeps_the_password():
    User.objects.create_user("mara", password="kept")
    assert "password" not in grant("mara", "operator")
    assert authenticate(username="mara", password="kept")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["vera", "viewer", "--host", "nowhere"], "There is no host “nowhere”"),
        (["no spaces allowed", "viewer"], "valid username"),
        (["vera", "emperor"], "invalid choice"),
    ],
)
def test_grant_refuses_what_makes_no_sense(arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        grant(*arguments)
    assert User.objects.count() == Grant.objects.count() == 0
