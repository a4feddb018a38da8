"""Bodies that are none of ours, as somebody may append them who may insert rows; the hash of each fits."""

from __future__ import annotations

from django.db import connection

from domains.history import chain
from domains.history.ledger import canonical
from tests.integration.history.tampering import forged, insert

TIME = "2026-01-15T12:00:00.000000Z"
UUID = "8f9c8b1e-6f0c-4f06-9d6f-6f4d7a3f1f10"


def told(**facts):
    return canonical({"kind": "started", "time": TIME, "actor": "eve", "operation": 1, **facts})


def outside(**effect):
    domain = {"name": "web01", "uuid": UUID}
    return told(
        kind="outside", operation=None, host="hv1", domain=domain, effects=[{"side": "live", **effect}]
    )


BODIES = {
    "something else": '{"a":1}',
    "nothing": "{}",
    "a list": "[]",
    "a number": "1",
    "null": "null",
    "no time": '{"kind":"requested","operation":1}',
    "no kind": canonical({"time": TIME, "operation": 1}),
    "an empty kind": told(kind=""),
    "a kind that is no text": told(kind=["started"]),
    "a time that is no text": told(time=5),
    "a time of another form": told(time="2026-01-15 12:00"),
    "a day that is none": told(time="2026-02-31T12:00:00.000000Z"),
    "the first year": told(time="0001-01-01T00:00:00.000000Z"),
    "the last year": told(time="9999-12-31T23:59:59.999999Z"),
    "another order": f'{{"time":"{TIME}","kind":"started"}}',
    "a key twice": f'{{"kind":"granted","kind":"started","time":"{TIME}"}}',
    "effects that are a text": told(kind="requested", effects="x"),
    "effects that are texts": told(effects=["x"]),
    "an effect for a list": told(effects=[{"vcpu": [5], "side": "live", "state": "done"}]),
    "an effect on an object": told(effects=[{"vcpu": 5, "side": {}, "state": "done"}]),
    "an effect's libvirt": told(effects=[{"vcpu": 5, "side": "live", "state": "failed", "libvirt": "x"}]),
    "a maximum of one": outside(maximum=[5]),
    "lost what is no slot": outside(lost="many"),
    "a map of nothing": told(
        kind="outside", operation=None, effects=[{"gone": True}], before={"live": {"max": 8}}
    ),
    "a domain that is a text": told(domain="web01"),
    "a domain with a list for a name": told(domain={"name": ["web01"], "uuid": None}),
    "a domain whose UUID is none": told(kind="outside", operation=None, host="hv1", domain={"uuid": "web01"}),
    "an actor that is a list": told(actor=["eve"]),
    "an actor without end": told(actor="".join(map(chr, range(0x4E00, 0x4E00 + 4000)))),
    "a request that is a text": told(kind="requested", requested="all"),
    "a side that is a list": told(kind="refused", requested={"vcpu": 5, "affect": ["live"]}),
    "a message that is an object": told(
        kind="refused", operation=None, path="/x", message={"a": 1}, domain=5
    ),
    "a status that is a list": told(status=["failed"]),
    "an operation below zero": told(operation=-1),
    "a duration that is a text": told(status="failed", duration="long"),
    "a duration without end": told(status="failed", duration=10**400),
    "a count that is a text": told(kind="sign_in_failed", operation=None, count="many"),
    "what was kept is a number": told(kind="restored", operation=None, kept=5),
    "filters that are a list": told(kind="exported", operation=None, filters=["x"]),
    "changes that are a text": told(kind="host_changed", operation=None, changed={"enabled": True}),
}
SQLITE = {
    "an operation that is a text": told(operation="1"),
    "an operation of another size": told(operation=2**63),
    "half a character for a name": told(kind="granted", operation=None, actor="\ud800"),
    "half a character": told(kind="granted", operation=None, note="\ud800"),
}
# Odd, and no reader's trouble: whatever nobody looks into, and names that lead nowhere
HARMLESS = {
    "an unknown kind": told(kind="invented"),
    "an archived range without a file": told(kind="archived", operation=None, **{"from": 1, "to": 2}),
    "an archived range of texts": told(kind="archived", operation=None, **{"from": "x", "to": []}),
    "a host that no address has": told(
        kind="outside", operation=None, host="a/b", domain={"name": "web01", "uuid": UUID}, effects=[]
    ),
    "a slot that is an object": told(kind="requested", requested={"vcpu": {"a": [1]}, "affect": "x"}),
    "what is too deep to be laid out": told(kind="granted", operation=None, note=None)[:-1]
    + ',"x":'
    + "[" * 400
    + "]" * 400
    + "}",
}


def bodies_here(ours: bool = False) -> dict[str, str]:
    """Give those that this database lets in."""
    here = BODIES | (SQLITE if connection.vendor == "sqlite" else {})
    return here | HARMLESS if ours else here


def append(body: str) -> int:
    """Insert an entry with this body behind the last one, as the triggers allow; gives its number."""
    head = chain.head()
    seq, hash_ = (head.seq, head.hash) if head else (0, "0" * 64)
    insert(forged(seq + 1, hash_, body))
    return seq + 1
