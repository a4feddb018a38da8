"""Text that a database could not hold is refused with a sentence, and the refusal is written down."""

from __future__ import annotations

import pytest

from domains.models import HistoryEntry
from domains.operations import request
from domains.operations.refused import RequestRefused


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_text_that_no_database_holds_is_refused_and_still_written_down(desk, text):
    uuid = desk.guest()
    for host, ref, note, code in [
        (desk.host.slug, uuid, text, "invalid_request"),
        (desk.host.slug, text, "", "domain_not_found"),
        (text, uuid, "", "host_not_found"),
    ]:
        with pytest.raises(RequestRefused) as refused:
            request.request_change(
                actor=desk.actor, host=host, domain_ref=ref, asked={"action": "add", "note": note}
            )
        assert refused.value.code == code
    bodies = HistoryEntry.objects.filter(kind="refused").values_list("body", "host", "domain_name")
    assert len(bodies) == 3
    assert all("a\\ufffdb" in body for body, _, _ in bodies)
