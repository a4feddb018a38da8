from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Group, User

from domains.models import Grant, HistoryEntry
from tests.integration.web.factory import make_domain, make_host, make_user
from tests.integration.web.test_users import ada, mara, plain, refused_beside, rows, signed_in

__all__ = ["ada", "mara"]


@pytest.fixture
def night(db):
    return Group.objects.create(name="night shift")


def kinds():
    return [entry.kind for entry in HistoryEntry.objects.order_by("seq")]


def test_there_may_be_no_group(ada):
    assert "No group yet" in ada.get("/users/groups/").text


def test_group_is_made_and_listed_with_what_it_holds(ada, mara):
    answer = ada.post("/users/groups/", {"name": " night shift "})
    night = Group.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/users/groups/{night.pk}/")
    Grant.objects.create(group=night, role="viewer", host=make_host("lab"), pattern="db*")
    night.user_set.add(mara)
    text = ada.get("/users/groups/").text
    assert rows(text) == ["night shift"]
    assert "night shift viewer on lab for db* members 1" in plain(text)
    assert refused_beside(ada.post("/users/groups/", {"name": "Night Shift"}), "name", "already")
    assert refused_beside(ada.post("/users/groups/", {}), "name", "Give the group a name")
    assert kinds() == ["group_made", "refused", "refused"]


def test_members_come_and_go_and_hold_its_roles_at_once(ada, night):
    make_domain(make_host("lab"), "web01")
    vera = make_user("vera")
    theirs, page = signed_in(vera), f"/users/groups/{night.pk}/"
    ada.post(f"{page}grant/", {"role": "viewer", "host": "lab", "pattern": "*"})
    assert "web01" not in theirs.get("/").text
    assert ada.post(f"{page}add/", {"user": " vera "}).status_code == 303
    assert "web01" in theirs.get("/").text
    assert rows(ada.get(page).text) == ["vera"]
    assert ada.post(f"{page}drop/", {"user": "vera"}).status_code == 303
    assert "web01" not in theirs.get("/").text
    answer = ada.post(f"{page}add/", {"user": "nobody"})
    assert refused_beside(answer, "user", "There is no user “nobody”")
    assert 'value="nobody"' in answer.text
    assert kinds() == ["granted", "group_joined", "group_left", "refused"]


def test_role_of_a_group_is_taken_from_all_its_members(ada, night):
    grant = Grant.objects.create(group=night, role="viewer")
    own = Grant.objects.create(user=make_user("vera"), role="viewer")
    page = f"/users/groups/{night.pk}/"
    assert ada.post(f"{page}revoke/", {"grant": own.pk}).status_code == 400
    assert ada.post(f"{page}revoke/", {"grant": grant.pk}).status_code == 303
    assert "being a member brings nothing" in ada.get(page).text
    assert refused_beside(
        ada.post(f"{page}grant/", {"role": "viewer", "pattern": ""}), "pattern", "A pattern"
    )


def test_group_is_renamed_and_removed(ada, night):
    page = f"/users/groups/{night.pk}/"
    Group.objects.create(name="day shift")
    assert refused_beside(ada.post(f"{page}rename/", {"name": "Day shift"}), "name", "There is a group")
    assert ada.post(f"{page}rename/", {"name": "late shift"}).status_code == 303
    answer = ada.post(f"{page}remove/")
    assert (answer.status_code, answer["Location"]) == (303, "/users/groups/")
    assert [*Group.objects.values_list("name", flat=True)] == ["day shift"]
    assert ada.get(page).status_code == ada.post(f"{page}remove/").status_code == 404
    told = json.loads(HistoryEntry.objects.get(kind="group_removed").body)
    assert (told["group"], told["members"]) == ("late shift", [])


def test_group_that_holds_ones_own_right_stays(db, night):
    Grant.objects.create(group=night, role="administrator")
    bea = make_user("bea")
    bea.groups.add(night)
    client, page = signed_in(bea), f"/users/groups/{night.pk}/"
    for deed, form in (
        ("remove", {}),
        ("drop", {"user": "bea"}),
        ("revoke", {"grant": Grant.objects.get().pk}),
    ):
        answer = client.post(f"{page}{deed}/", form)
        assert (answer.status_code, "you are the only one here" in answer.text) == (403, True)
    assert client.get(page).status_code == 200
    assert kinds() == ["refused"] * 3


def test_many_members_come_in_pages(ada, night, django_assert_num_queries):
    night.user_set.set(User.objects.bulk_create(User(username=f"user{number:03}") for number in range(120)))
    page = f"/users/groups/{night.pk}/"
    assert len(rows(ada.get(page).text)) == 50
    assert rows(ada.get(f"{page}?page=3").text) == [f"user{number:03}" for number in range(100, 120)]
    with django_assert_num_queries(10):
        ada.get(page)
