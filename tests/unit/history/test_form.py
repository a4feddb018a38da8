"""Which bodies count as written by Slotboard."""

from __future__ import annotations

import pytest

from domains.history.form import body_of
from domains.history.ledger import canonical
from tests.integration.history.forgeries import BODIES, HARMLESS, SQLITE, TIME


@pytest.mark.parametrize("name", [*BODIES, *SQLITE])
def test_forged_body_is_none_of_ours(name):
    assert body_of((BODIES | SQLITE)[name]) is None


@pytest.mark.parametrize("name", HARMLESS)
def test_what_harms_no_reader_is_read(name):
    assert body_of(HARMLESS[name]) is not None


@pytest.mark.parametrize(
    "body",
    ["", "{", "[" * 5000, '{"a":' * 5000, "\\", '{"kind":"x","time":NaN}', "größe", "{kind:'started'}"],
)
def test_what_is_no_json_is_none_of_ours(body):
    assert body_of(body) is None


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"host": None, "domain": None, "effects": None, "operation": None, "duration": None},
        {"note": "größe 😀 \\ud800", "domain": {"name": "web 01/x", "uuid": None}},
        {"domain": {"name": "web01", "uuid": "8f9c8b1e-6f0c-4f06-9d6f-6f4d7a3f1f10"}, "duration": 0.25},
        {"effects": [{"side": None, "renamed_from": "x"}, {"side": "live", "lost": "0-3,5", "maximum": [4, 8]}]},
        {"effects": [{"vcpu": 5, "side": "live", "state": "failed", "libvirt": {"code": 55, "text": "no"}}]},
        {"before": {"live": None, "config": {"max": 8, "present": "0-3", "removable": ""}}},
        {"requested": {"vcpu": ["a", None], "affect": "sideways"}, "count": 3, "changed": {"enabled": [True, False]}},
    ],
)  # fmt: skip
def test_what_slotboard_writes_is_read(facts):
    body = {"v": 1, "kind": "refused", "time": TIME, **facts}
    assert body_of(canonical(body)) == body
