"""What the guardian does about the events that virsh tells it of."""

from __future__ import annotations

import threading

import pytest

from lab.guardian import Guardian
from tests.waiting import LONG


class Told:
    """A virsh that tells of the given events, while no guest of them exists any more."""

    def __init__(self, *events: str) -> None:
        self.events = events
        self.ended = threading.Event()

    def command(self, *arguments: str) -> list[str]:
        lines = [f"event 'lifecycle' for domain 'fleeting01': {event}" for event in self.events]
        return ["printf", "%s\\n", *lines]

    def state_and_reason(self, name: str) -> tuple[None, str]:
        return None, ""

    def answers(self) -> bool:
        self.ended.set()
        return True


class Brought:
    """Remembers which guests were brought up."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def bring(self, guest, state) -> str:
        self.names.append(guest.name)
        return "running"


class Inside:
    """The first process of an instance, which ends when virsh has told everything once."""

    returncode = 0

    def __init__(self, virsh: Told) -> None:
        self.virsh = virsh

    def poll(self) -> int | None:
        return 0 if self.virsh.ended.is_set() else None


@pytest.mark.parametrize(
    ("events", "brought"),
    [
        (["Started Booted", "Stopped Failed"], ["fleeting01"]),
        (["Started Restored", "Resumed Unpaused", "Stopped Crashed"], ["fleeting01"]),
        (["Started Booted", "Stopped Destroyed"], []),
        (["Stopped Failed"], []),
    ],
)
def test_transient_guest_that_was_gone_before_anybody_looked_is_brought_again(events, brought):
    boot, virsh = Brought(), Told(*events)
    guardian = Guardian(virsh, boot, lambda line: None)
    with pytest.raises(Exception, match="ended with status 0"):
        guardian.watch(Inside(virsh))
    for thread in threading.enumerate():
        if thread.name.startswith("restart of "):
            thread.join(LONG)
    assert boot.names == brought
