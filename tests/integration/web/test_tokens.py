from __future__ import annotations

import re

import pytest
from django.test import Client

from domains.models import HistoryEntry, Token
from domains.operations.actor import Actor
from domains.operations.request import request_change
from domains.operations.tokens import make_token, recognise
from tests.integration.web.factory import make_user

PAGE = "/account/tokens/"
FORM = {"name": "nightly", "role": "viewer", "days": "30"}


def secret_in(text):
    found = re.search(r'id="secret">(\w{64})<', text)
    return found[1] if found else None


def test_signed_out_people_are_sent_to_sign_in(db, client):
    for answer in (client.get(PAGE), client.post(PAGE, FORM), client.post(f"{PAGE}1/revoke/")):
        assert answer.status_code == 302
        assert "/accounts/login/" in answer["Location"]
    assert not Token.objects.exists()


def test_token_is_shown_once_and_never_kept_by_the_browser(operator):
    answer = operator.post(PAGE, FORM)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    secret = secret_in(answer.text)
    token = recognise(secret, address="")
    assert (token.name, token.role, token.user.get_username()) == ("nightly", "viewer", "mara")
    assert (token.expires_at - token.created_at).days == 30
    again = operator.get(PAGE).text
    assert secret not in again
    assert f"<code>{token.prefix}</code>" in again
    entry = HistoryEntry.objects.get(kind="token_made")
    assert (entry.actor, entry.door) == ("mara", "page")


def test_page_offers_no_role_above_ones_own(operator, stranger):
    assert re.findall(r'<option value="(\w*)"', operator.get(PAGE).text) == ["", "viewer", "operator"]
    assert re.findall(r'<option value="(\w*)"', stranger.get(PAGE).text) == [""]


@pytest.mark.parametrize(
    ("form", "status", "sentence"),
    [
        ({"name": ""}, 400, "Name the token"),
        ({"name": "a\0b"}, 400, "Name the token"),
        ({"days": "0"}, 400, "A token lasts 1 to 366 days."),
        ({"days": "x"}, 400, "A token lasts 1 to 366 days."),
        ({"days": "9" * 30}, 400, "A token lasts 1 to 366 days."),
        ({"role": "administrator"}, 403, "mara does not have the role administrator"),
        ({"role": "emperor"}, 400, "“emperor” is no role"),
    ],
)
def test_refused_form_keeps_what_was_typed(operator, form, status, sentence):
    answer = operator.post(PAGE, FORM | form)
    assert (answer.status_code, secret_in(answer.text)) == (status, None)
    assert sentence in answer.text
    assert (
        f'name="days" type="number" inputmode="numeric" min="1" max="366" required value="{(FORM | form)["days"]}"'
        in answer.text
    )
    assert not Token.objects.exists()


def test_token_is_revoked_by_a_second_press_without_script(operator):
    secret = secret_in(operator.post(PAGE, FORM).text)
    token = Token.objects.get()
    action = f'action="{PAGE}{token.pk}/revoke/"'
    assert re.search(
        rf"<details[^>]*><summary>Revoke.*?<form[^>]*{re.escape(action)}", operator.get(PAGE).text
    )
    assert operator.get(f"{PAGE}{token.pk}/revoke/").status_code == 405
    assert recognise(secret, address="") == token
    answer = operator.post(f"{PAGE}{token.pk}/revoke/")
    assert (answer.status_code, answer["Location"]) == (303, PAGE)
    text = operator.get(PAGE).text
    assert "revoked" in text
    assert action not in text
    assert HistoryEntry.objects.filter(kind="token_revoked").count() == 1


def test_tokens_of_others_are_neither_shown_nor_revoked(operator):
    otto = make_user("otto", "operator")
    token, _ = make_token(actor=Actor("otto", "page", otto), user=otto, name="theirs")
    assert "theirs" not in operator.get(PAGE).text
    for number in (token.pk, token.pk + 1, 0, "9" * 30):
        assert operator.post(f"{PAGE}{number}/revoke/").status_code == 404
    token.refresh_from_db()
    assert token.state == "usable"


def test_making_and_revoking_need_the_csrf_token(db):
    user = make_user("mara", "operator")
    token, _ = make_token(actor=Actor("mara", "page", user), user=user, name="mine")
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert client.post(PAGE, FORM).status_code == 403
    assert client.post(f"{PAGE}{token.pk}/revoke/").status_code == 403
    assert Token.objects.get().state == "usable"


def test_band_leads_to_the_tokens(operator):
    assert f'<a class="icb" href="{PAGE}" aria-label="Your tokens">' in operator.get("/").text


def test_operation_page_names_the_token(operator, domain):
    actor = Actor("mara", "api", token="<b>nightly")
    asked = {"action": "add", "vcpu": 2, "affect": "live"}
    operation = request_change(actor=actor, host="hv1", domain_ref="web01", asked=asked)
    assert (
        "<dd>api, token <bdi>&lt;b&gt;nightly</bdi></dd>" in operator.get(f"/operations/{operation.pk}/").text
    )
