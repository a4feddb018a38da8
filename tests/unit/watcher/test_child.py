from __future__ import annotations

import io
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from domains.hypervisor.errors import DomainNotFound, GatewayError
from domains.hypervisor.events import DomainHint, HintKind
from domains.hypervisor.gateway import DomainReading
from domains.vcpu.slots import SlotMap
from domains.watcher.child import Child
from domains.watcher.messages import (
    Changed,
    Failed,
    Look,
    Looked,
    Message,
    Missing,
    Read,
    Reading,
    Refused,
    decode,
)
from tests.unit.watcher.test_messages import READING
from tests.waiting import LONG, wait_until

DOMAIN = READING.uuid
ROOT = Path(__file__).resolve().parents[3]


def test_child_loads_neither_django_nor_redis() -> None:
    code = "import sys, domains.watcher.child; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "libvirt" in modules
    assert not {"django", "celery", "redis", "structlog"} & {name.partition(".")[0] for name in modules}


def test_child_ends_with_its_parent_even_while_it_opens() -> None:
    """A connection that never opens, opened by a child whose parent is gone."""
    order = b'{"kind":"Open","gateway":"tests.unit.watcher.hanging.open_gateway","uri":"","monitor":false,"interval":1}\n'
    child = subprocess.run(
        [sys.executable, "-m", "domains.watcher.child"],
        cwd=ROOT,
        input=order,
        capture_output=True,
        timeout=LONG,
        check=True,
    )
    assert child.stdout == b""


class Gateway:
    """Gives what it was told to, in turn; the last one again and again."""

    def __init__(self, *answers: DomainReading | GatewayError) -> None:
        self.answers = list(answers)
        self.texts = ["<domain/>"]

    def read_domain(self, uuid: str) -> DomainReading:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, GatewayError):
            raise answer
        return answer

    def description(self, uuid: str) -> str:
        return self.texts[0]


class Talk:
    """A child at work, and what it says."""

    def __init__(self, gateway: Gateway) -> None:
        self._out = io.BytesIO()
        self.child = Child(self._out)
        self.child._gateway = gateway
        for tasks in (self.child._reads, self.child._looks):
            threading.Thread(target=self.child._work, args=(tasks,), daemon=True).start()

    def said(self, number: int) -> list[Message]:
        wait_until(lambda: self._out.getvalue().count(b"\n") >= number, what=f"{number} messages")
        return [decode(line) for line in self._out.getvalue().splitlines()]


def test_slot_let_go_is_looked_at_until_libvirt_shows_it_too() -> None:
    gone = replace(READING, live=SlotMap(8, frozenset({0, 1}), frozenset()))
    gateway = Gateway(READING, READING, gone, READING)
    talk = Talk(gateway)
    talk.child.hint(DomainHint(DOMAIN, HintKind.VCPU_REMOVED, {"vcpu": 5}))
    assert talk.said(1) == [Changed((DOMAIN,))]
    assert gateway.answers == [READING]


@pytest.mark.parametrize(
    "answer", [replace(READING, live=None), DomainNotFound("gone"), GatewayError("busy")]
)
def test_slot_let_go_by_a_guest_that_ended_is_reported_at_once(answer: DomainReading | GatewayError) -> None:
    talk = Talk(Gateway(answer))
    talk.child.hint(DomainHint(DOMAIN, HintKind.VCPU_REMOVED, {"vcpu": 5}))
    assert talk.said(1) == [Changed((DOMAIN,))]


def test_hints_become_signs_and_refusals() -> None:
    talk, began = Talk(Gateway(READING)), time.monotonic()
    ost = {"vcpu": 5, "status": 130, "text": "device busy"}
    talk.child.hint(DomainHint(DOMAIN, HintKind.OST, ost | {"outcome": "in_progress"}))
    talk.child.hint(DomainHint(DOMAIN, HintKind.OST, ost | {"outcome": "refused"}))
    talk.child.hint(DomainHint(DOMAIN, HintKind.REMOVAL_FAILED, {"device": "vcpu8"}))
    talk.child.hint(DomainHint(DOMAIN, HintKind.REMOVAL_FAILED, {"device": "net0"}))
    for kind in (HintKind.LIFECYCLE, HintKind.AGENT, HintKind.METADATA):
        talk.child.hint(DomainHint(DOMAIN, kind))
    first, second, *others = talk.said(5)
    assert isinstance(first, Refused)
    assert isinstance(second, Refused)
    assert began <= first.moment <= second.moment <= time.monotonic()
    assert first == Refused(DOMAIN, 5, "device busy", first.moment)
    assert second == Refused(DOMAIN, 8, "the guest rejected the removal", second.moment)
    assert others == [Changed((DOMAIN,))] * 3


def test_orders_are_answered_by_token() -> None:
    talk = Talk(Gateway(READING, DomainNotFound("no such domain"), GatewayError("The XML is malformed.")))
    for token in (1, 2, 3):
        talk.child.obey(Read(token, DOMAIN))
    assert talk.said(3) == [Reading(1, READING), Missing(2), Failed(3, "The XML is malformed.")]


def test_look_finds_what_differs_from_the_last_reading() -> None:
    gateway = Gateway(READING)
    talk = Talk(gateway)
    talk.child.obey(Read(1, DOMAIN))
    talk.said(1)
    talk.child.obey(Look((DOMAIN, "never-read")))
    assert talk.said(2)[-1] == Looked(("never-read",))
    gateway.texts = ["<domain>another</domain>"]
    talk.child.obey(Look((DOMAIN,)))
    assert talk.said(3)[-1] == Looked((DOMAIN,))
