"""The page of one person, and what is done there."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group, User
from django.test import Client

from domains.models import Grant, Token
from domains.operations.actor import Actor
from domains.operations.tokens import make_token
from tests.integration.web.factory import PASSWORD, make_domain, make_host, make_user
from tests.integration.web.test_users import ada, last, mara, plain, refused_beside, secret_in, signed_in

__all__ = ["ada", "mara"]


def test_person_page_says_what_they_may_do_and_by_what(ada, mara):
    host, night = make_host("lab"), Group.objects.create(name="night shift")
    make_domain(host, "web01")
    make_domain(host, "db01")
    Grant.objects.create(group=night, role="auditor", host=host)
    mara.groups.add(night)
    text = plain(ada.get(f"/users/{mara.pk}/").text)
    assert "Sees guests named web*; every guest on lab (2 now)" in text
    assert "Changes guests named web* (1 now)" in text
    assert "History what is about these guests, and their own deeds" in text
    assert "Exports what they see of the history Administers nothing" in text
    assert "auditor on lab by the group night shift" in text
    boss = User.objects.create_superuser("boss")
    text = plain(ada.get(f"/users/{boss.pk}/").text)
    assert "Sees every guest, also those still to come (2 now)" in text
    assert "History all of it" in text
    assert "Administers people, roles and hosts" in text
    assert ada.get("/users/99/").status_code == ada.get(f"/users/{'9' * 30}/").status_code == 404


def test_role_is_given_and_taken_and_holds_at_once(ada, mara):
    make_domain(make_host("lab"), "web01")
    vera = make_user("vera")
    theirs, page = signed_in(vera), f"/users/{vera.pk}/"
    assert "web01" not in theirs.get("/").text
    form = {"role": "viewer", "host": "lab", "pattern": " web? "}
    assert ada.post(f"{page}grant/", form).status_code == 303
    assert "web01" not in theirs.get("/").text
    ada.post(f"{page}grant/", form | {"pattern": "web??"})
    assert "web01" in theirs.get("/").text
    assert (last()["kind"], last()["pattern"], last()["host"]) == ("granted", "web??", "lab")
    grant = Grant.objects.get(pattern="web??")
    assert f'value="{grant.pk}"' in ada.get(page).text
    assert ada.post(f"{page}revoke/", {"grant": grant.pk}).status_code == 303
    assert "web01" not in theirs.get("/").text
    again = ada.post(f"{page}revoke/", {"grant": grant.pk})
    assert (again.status_code, "vera does not have that role any more" in again.text) == (400, True)
    others = Grant.objects.get(user=mara)
    assert ada.post(f"{page}revoke/", {"grant": others.pk}).status_code == 400
    assert Grant.objects.filter(pk=others.pk).exists()


@pytest.mark.parametrize(
    ("form", "field", "sentence"),
    [
        ({"role": "emperor"}, "role", "“emperor” is no role"),
        ({"host": "nowhere"}, "host", "There is no host “nowhere”"),
        ({"pattern": ""}, "pattern", "A pattern has 1 to 255"),
        ({"pattern": "x" * 256}, "pattern", "A pattern has 1 to 255"),
        ({"pattern": "a\0b"}, "pattern", "A pattern has 1 to 255"),
    ],
)  # fmt: skip
def test_role_that_makes_no_sense_says_why_beside_the_field(ada, mara, form, field, sentence):
    answer = ada.post(f"/users/{mara.pk}/grant/", {"role": "viewer", "host": "", "pattern": "db*"} | form)
    assert refused_beside(answer, field, sentence)
    assert Grant.objects.filter(user=mara).count() == 1
    assert last()["kind"] == "refused"


def test_person_is_switched_off_and_on(ada, mara):
    theirs, page = signed_in(mara), f"/users/{mara.pk}/"
    assert ada.post(f"{page}deactivate/").status_code == 303
    assert theirs.get("/").status_code == 302
    text = ada.get(page).text
    assert "This account is switched off" in text
    assert f"{page}deactivate/" not in text
    assert ada.post(f"{page}activate/").status_code == 303
    assert User.objects.get(pk=mara.pk).is_active


def test_password_is_made_up_or_typed(ada, mara):
    theirs, page = signed_in(mara), f"/users/{mara.pk}/"
    made = secret_in(ada.post(f"{page}password/", {"password": ""}).text)
    assert authenticate(username="mara", password=made)
    assert theirs.get("/").status_code == 302
    assert ada.post(f"{page}password/", {"password": "correct horse"}).status_code == 303
    assert authenticate(username="mara", password="correct horse")
    assert refused_beside(ada.post(f"{page}password/", {"password": "mara"}), "password", "too short")


def test_groups_and_tokens_of_a_person(ada, mara):
    page, night = f"/users/{mara.pk}/", Group.objects.create(name="night shift")
    assert ada.post(f"{page}join/", {"group": "night shift"}).status_code == 303
    assert [*mara.groups.all()] == [night]
    assert ada.post(f"{page}join/", {"group": "day shift"}).status_code == 400
    assert ada.post(f"{page}leave/", {"group": "night shift"}).status_code == 303
    assert not mara.groups.exists()
    token, _ = make_token(actor=Actor("mara", "page", mara), user=mara, name="nightly")
    otto = make_user("otto")
    foreign, _ = make_token(actor=Actor("otto", "page", otto), user=otto, name="foreign")
    assert "nightly" in ada.get(page).text
    assert ada.post(f"{page}end-token/", {"token": foreign.pk}).status_code == 400
    assert ada.post(f"{page}end-token/", {"token": token.pk}).status_code == 303
    assert (last()["kind"], last()["user"], last()["actor"]) == ("token_revoked", "mara", "ada")
    assert Token.objects.get(pk=foreign.pk).state == "usable"
    assert "nightly" not in ada.get(page).text


def test_administrator_cannot_shut_themselves_out(ada):
    me = User.objects.get(username="ada")
    answer = ada.post(f"/users/{me.pk}/deactivate/")
    assert answer.status_code == 403
    assert "you are the only one here" in answer.text
    assert f'<form method="post" action="/users/{me.pk}/revoke/">' in answer.text
    grant = Grant.objects.get(user=me)
    make_user("bea", "administrator")
    answer = ada.post(f"/users/{me.pk}/revoke/", {"grant": grant.pk})
    assert (answer.status_code, "let another administrator do it" in answer.text) == (403, True)
    assert ada.get("/users/").status_code == 200
    assert last()["kind"] == "refused"


def test_deeds_need_the_csrf_token_and_a_post(mara):
    user = make_user("ada", "administrator", pattern="*")
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    for deed in ("deactivate", "password", "grant", "revoke", "join", "leave", "end-token"):
        assert client.post(f"/users/{mara.pk}/{deed}/").status_code == 403
        assert client.get(f"/users/{mara.pk}/{deed}/").status_code == 405
    assert authenticate(username="mara", password=PASSWORD)


def test_person_page_takes_as_many_queries_for_many_as_for_few(ada, mara, django_assert_num_queries):
    page = f"/users/{mara.pk}/"
    ada.get(page)
    with django_assert_num_queries(15):
        ada.get(page)
    for number in range(20):
        group = Group.objects.create(name=f"g{number}")
        mara.groups.add(group)
        Grant.objects.create(group=group, role="viewer", host=make_host(f"h{number}"))
        make_token(actor=Actor("mara", "page", mara), user=mara, name=f"t{number}")
    with django_assert_num_queries(15):
        ada.get(page)
