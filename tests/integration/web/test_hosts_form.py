"""The form of a host, for administrators: what it stores and tests, and how it says what is wrong."""

from __future__ import annotations

import os
import re

import pytest

from domains.models import ConnectionTest, Host
from domains.models.clock import now
from tests.integration.web.factory import make_host
from tests.integration.web.test_hosts import SSH, newest


def base_of(answer) -> str:
    return re.search('name="base" value="([0-9a-f]{16})"', answer.text)[1]


def test_host_is_added_with_the_fields_that_its_transport_has(ada):
    answer = ada.post("/hosts/new/", {**SSH, "monitor": "on"})
    assert (answer.status_code, answer["Location"]) == (303, "/hosts/rack1/")
    host = Host.objects.get()
    assert host.uri() == "qemu+ssh://slotboard@rack1.example.org:2222/system?no_tty=1"
    assert (host.socket, host.monitor, host.queue) == ("", True, "default")
    assert (newest()["kind"], newest()["actor"]) == ("host_added", "ada")
    assert "rack1.example.org, port 2222" in ada.get("/hosts/rack1/").text


def test_test_driver_has_its_only_path(ada):
    ada.post("/hosts/new/", {**SSH, "driver": "test"})
    assert Host.objects.get().path == "default"


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"slug": "no name"}, "slug", "letters, digits"),
        ({"slug": "hv1"}, "slug", "There is a host hv1 already"),
        ({"slug": "new"}, "slug", "the address of a page"),
        ({"hostname": "-oProxyCommand=sh"}, "hostname", "neither a host name nor an IP address"),
        ({"hostname": ""}, "hostname", "Name the host."),
        ({"hostname": "nul\0"}, "hostname", "neither a host name"),
        ({"username": "a b"}, "username", "name is letters, digits"),
        ({"port": "22x"}, "port", "a number from 1 to 65535"),
        ({"port": "99999999"}, "port", "a number from 1 to 65535"),
        ({"port": "0"}, "port", "a number from 1 to 65535"),
        ({"credential": "../key"}, "credential", "letters, digits, - and _"),
        ({"credential": "key"}, "credential", "No folder of credentials"),
        ({"path": "../../etc"}, "path", "The path must be system or session"),
        ({"transport": "tcp"}, "transport", "it is switched off here"),
        ({"transport": "ext"}, "transport", "Choose unix, ssh, tls or tcp"),
        ({"driver": "esx"}, "driver", "Choose the driver qemu or test"),
        ({"transport": "unix", "socket": "/etc/passwd"}, "socket", "The socket must lie below"),
        ({"queue": "a b"}, "queue", "name is at most 100 letters, digits"),
    ],
)
@pytest.mark.parametrize("deed", ["save", "test"])
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    ada, host, change, field, sentence, deed
):
    if deed == "test" and field in ("slug", "queue"):
        return  # neither is part of a connection
    answer = ada.post("/hosts/new/", {**SSH, **change, "deed": deed})
    assert answer.status_code == 400
    problem = answer.text.partition(f'id="wrong-{field}"')[2].partition("</small>")[0]
    assert sentence in problem
    assert 'value="rack1"' in answer.text or field == "slug"
    assert Host.objects.count() == 1
    assert not ConnectionTest.objects.exists()
    assert (newest()["kind"], newest()["reason"]) == ("refused", "invalid_request")


def test_all_that_is_wrong_is_said_at_once(ada):
    text = ada.post(
        "/hosts/new/", {**SSH, "slug": "no name", "hostname": "-x", "port": "x", "queue": ""}
    ).text
    for field in ("slug", "hostname", "port", "queue"):
        assert f'id="wrong-{field}"' in text


def test_host_is_changed_and_the_entry_says_how(ada):
    make_host("rack1", transport="tls", hostname="rack1.example.org")
    assert 'value="rack1.example.org"' in ada.get("/hosts/rack1/edit/").text
    assert ada.post("/hosts/rack1/edit/", {**SSH, "slug": "other"}).status_code == 303
    assert newest()["changed"]["transport"] == ["tls", "ssh"]
    assert Host.objects.get().slug == "rack1"


def test_what_somebody_else_changed_meanwhile_is_not_overwritten_unseen(ada):
    make_host("rack1", transport="tls", hostname="rack1.example.org")
    mine, theirs = ({"base": base_of(ada.get("/hosts/rack1/edit/")), **SSH} for _ in range(2))
    ada.post("/hosts/rack1/edit/", {**theirs, "queue": "rack-a"})
    assert ada.post("/hosts/rack1/edit/", {**theirs, "queue": "rack-a"}).status_code == 303  # a double click
    tested = ada.post("/hosts/rack1/edit/", {**mine, "deed": "test"})
    assert base_of(ada.get(tested["Location"])) == mine["base"]
    answer = ada.post("/hosts/rack1/edit/", mine)
    assert answer.status_code == 409
    assert (
        "Somebody has changed rack1 since you were shown it. Now queue is rack-a, unlike what" in answer.text
    )
    assert (newest()["kind"], newest()["reason"], newest()["host"]) == (
        "refused",
        "changed_meanwhile",
        "rack1",
    )
    assert Host.objects.get().queue == "rack-a"
    assert ada.post("/hosts/rack1/edit/", {**mine, "base": base_of(answer)}).status_code == 303
    assert Host.objects.get().queue == "default"


def test_only_what_a_test_needs_has_to_be_right(ada):
    text = ada.post("/hosts/new/", {**SSH, "slug": "", "port": "x", "hostname": "-x", "deed": "test"}).text
    assert re.findall('id="wrong-(.*?)"', text) == ["hostname", "port"]
    make_host("rack1")
    text = ada.post("/hosts/rack1/edit/", {**SSH, "port": "x", "hostname": "-x"}).text
    assert re.findall('id="wrong-(.*?)"', text) == ["hostname", "port"]


def test_unsaved_form_is_tested_and_can_be_stored_then(ada):
    answer = ada.post("/hosts/new/", {**SSH, "deed": "test"})
    test = ConnectionTest.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/hosts/tests/{test.pk}/")
    assert not Host.objects.exists()
    page = ada.get(answer["Location"]).text
    assert "A watcher is about to take this test up." in page
    assert 'hx-trigger="every 1s"' in page
    assert 'action="/hosts/new/"' in page
    assert 'value="rack1"' in page
    ConnectionTest.objects.update(
        taken_at=now(), ended_at=now(), answer="host_key", sentence="Its key is unknown."
    )
    page = ada.get(answer["Location"]).text
    assert "Its key is unknown." in page
    assert "compare the fingerprint" in page
    assert "every 1s" not in page


def test_only_credentials_that_can_be_chosen_are_offered(ada, settings, tmp_path):
    settings.CREDENTIAL_DIR = str(tmp_path)
    for name in (b"rack1", b"rack1.pub", b".known", b"odd\xff"):
        (tmp_path / os.fsdecode(name)).touch()
    offered = re.findall("<option>(.*?)</option>", ada.get("/hosts/new/").text)
    assert offered == ["rack1"]
