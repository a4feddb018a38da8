"""The pages of the history on both databases."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from domains.models import HistoryLine
from tests.integration.web.factory import make_domain, make_entry, make_host, make_operation, make_user


@pytest.mark.usefixtures("any_database")
def test_history_is_found_and_shown():
    host = make_host()
    web, db = make_domain(host, "web01"), make_domain(host, "db01")
    done = make_operation(web, [(5, "live", "done")], status="succeeded", note="ticket OPS-4711")
    make_operation(db, [(5, "live", "done")], status="succeeded", note="ticket OPS-4711")
    outside = make_entry("outside", web, effects=[{"side": "live", "appeared": "6", "disappeared": ""}])
    for name, role, pattern in (
        ("root", None, ""),
        ("audrey", "auditor", "*"),
        ("wanda", "operator", "web*"),
        ("vera", "viewer", "web*"),
    ):
        user = make_user(name, role, **({"pattern": pattern} if role else {}))
        user.is_superuser = role is None
        user.save()
        client = Client()
        client.force_login(user)
        text = client.get("/operations/?q=ops-47&domain=web01&since=1h").text
        assert re.findall(r'<tr id="([\w-]+)"', text) == [f"operation-{done.pk}"], name
        assert "1 new" in client.get("/operations/news/?domain=web01&after=1").text
        assert client.get(f"/operations/entries/{outside.seq}/").status_code == 200
        assert client.get(f"/operations/{done.pk}/").status_code == 200
        text = client.get(f"/domains/hv1/{web.uuid}/").text
        assert re.findall(r'<li id="recent-([\w-]+)"', text) == [f"entry-{outside.seq}", str(done.pk)]
        assert ('id="change"' in text) is (name in ("root", "wanda"))
        wide = name in ("root", "audrey")
        assert (client.get(f"/domains/hv1/{db.uuid}/").status_code == 200) is wide
        assert len(re.findall(r'<tr id="(?:operation|entry)', client.get("/operations/").text)) == 2 + wide
    assert HistoryLine.objects.count() == 3
