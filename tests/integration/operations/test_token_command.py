"""``manage.py token``: a secret once, a list without secrets, and the end of a token."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from domains.models import HistoryEntry, Token
from domains.operations.refused import RequestRefused
from domains.operations.tokens import recognise
from tests.integration.web.factory import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mara():
    return make_user("mara", "operator")


def run(*arguments):
    out, err = StringIO(), StringIO()
    status = 0
    try:
        call_command("token", *arguments, stdout=out, stderr=err)
    except SystemExit as ended:
        status = ended.code
    return status, out.getvalue(), err.getvalue()


def test_create_prints_the_secret_and_nothing_else():
    status, out, _ = run("create", "mara", "--name", "backup", "--role", "viewer", "--expires", "7")
    token = recognise(out.strip(), address="")
    assert (status, token.name, token.role) == (0, "backup", "viewer")
    assert (token.expires_at - token.created_at).days == 7
    entry = HistoryEntry.objects.get()
    assert (entry.kind, entry.door) == ("token_made", "command")
    assert entry.actor.startswith("os:")


def test_create_prints_json():
    _, out, _ = run("create", "mara", "--name", "backup", "--json")
    told = json.loads(out)
    assert recognise(told["secret"], address="").pk == told["id"]
    assert (told["user"], told["name"], told["role"], told["state"]) == ("mara", "backup", None, "usable")


def test_list_shows_tokens_of_all_or_of_one_without_their_secrets():
    make_user("otto")
    secrets = [run("create", user, "--name", "backup")[1].strip() for user in ("mara", "otto")]
    _, out, _ = run("list")
    assert [line.split(": ")[0].split()[-1] for line in out.splitlines()] == ["otto", "mara"]
    assert not any(secret in out for secret in secrets)
    told = json.loads(run("list", "mara", "--json")[1])
    assert [(token["user"], token["prefix"]) for token in told] == [("mara", secrets[0][:8])]


@pytest.mark.parametrize("by", ["prefix", "pk"])
def test_revoke_takes_a_prefix_or_a_number(by):
    secret = run("create", "mara", "--name", "backup")[1].strip()
    status, out, _ = run("revoke", str(getattr(Token.objects.get(), by)))
    assert (status, "is revoked" in out) == (0, True)
    with pytest.raises(RequestRefused, match="was revoked"):
        recognise(secret, address="")
    assert run("revoke", secret[:8], "--json")[0] == 0
    assert HistoryEntry.objects.filter(kind="token_revoked").count() == 1


def test_revoke_refuses_a_prefix_that_several_tokens_have():
    for name in ("a", "b"):
        run("create", "mara", "--name", name)
    Token.objects.update(prefix="12345678")
    status, _, err = run("revoke", "12345678")
    assert (status, "name one by its number" in err) == (2, True)
    assert not Token.objects.exclude(revoked_at=None).exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["create", "nobody", "--name", "x"], "invalid_request"),
        (["create", "mara", "--name", "x", "--role", "administrator"], "not_permitted"),
        (["create", "mara", "--name", "x", "--expires", "400"], "invalid_request"),
        (["revoke", "feedface"], "invalid_request"),
        (["revoke", "9" * 40], "invalid_request"),
    ],
)
def test_refusals_have_a_sentence_a_code_and_a_status(arguments, code):
    status, _, err = run(*arguments)
    assert (status, f"({code})" in err) == (2, True)
    status, out, _ = run(*arguments, "--json")
    assert (status, json.loads(out)["code"]) == (2, code)
    assert not Token.objects.exists()


def test_wrong_command_line_is_an_error():
    with pytest.raises(CommandError):
        run("explode")
