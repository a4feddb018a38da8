"""What libvirt's QEMU driver answers to changes of vCPUs, as a table that real hosts and the simulated one must pass.

Each case goes through the write path with the rules left out (``ask_anyway``), so that the hypervisor answers, and is
checked three ways in ``tests/lab/test_conformance.py``: what the rules say beforehand, what comes of the operation, and
what the host shows afterwards. The cases are in ``conformance_guests.py``, ``conformance_refusals.py`` and
``conformance_cores.py``.

What the write path cannot ask, since it names whole units, one per call, is in ``CALLS`` and asked of the gateway.
What no gateway can ask (an unknown flag, a state that is neither 0 nor 1, no list at all, words instead of IDs) is asked
of the real hosts by libvirt's own function, see the test.

Refusals with another status (130) or by a pSeries guest (9), and what follows once a wait is over, take more than one
request: ``tests/lab/test_refusals.py`` and ``test_late_completion.py`` have them. A slot without the mark of a removable
or fixed one (8, in words of its own) needs a domain made for it, beside the table too.

Not in the table, and why:

- Access denied (88): the lab has no access driver; every client that reaches its socket is root's.
- Thread IDs that QEMU does not report, or reports too many of (1): that needs a faulty QEMU.
- The removal that fails without any error (9.0, the device being gone already): a race within one call.
- ``device_add`` refused by QEMU (1): libvirt passes QEMU's own properties back, so that it has nothing to refuse.
- A count that cannot be met (67): the write path of a host that knows IDs never sets a count.
- A domain that is busy, on real hosts: played beside the table, at both at once, since it takes half a minute. On the
  newest each XML of such a domain takes as long again, so there the gateway's call alone is asked.
- A definition that cannot be stored, on the simulated host, which stores none.
- A guest in its firmware, on the simulated host, whose guests have none.
- Everything on power01 of the old host: QEMU 7.2 emulates no core of several threads, so that guest does not start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side

Place = Literal["simulated", "newest", "old"]
Situation = Literal["", "monitor", "busy", "unwritable", "unstarted"]
PLACES: tuple[Place, ...] = ("simulated", "newest", "old")
NO_OLD_POWER: tuple[Place, ...] = ("simulated", "newest")
REAL: tuple[Place, ...] = ("newest", "old")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What comes of an operation: ``code`` and ``text`` are the hypervisor's, of the effect that it refused.

    ``text`` is a part of it; none is expected where Slotboard waits in libvirt's place. ``live`` and ``config`` say
    whether that side has changed.
    """

    status: str
    reason: str | None = None
    code: int | None = None
    text: str = ""
    live: bool = False
    config: bool = False


@dataclass(frozen=True, kw_only=True)
class Case:
    """One request, and what it comes to.

    ``given`` are slots that somebody plugged before, and that the guest uses. ``foreseen`` is the reason of the rules
    against it, None if they have nothing against it. ``old`` is the answer of the old host where it is another.
    """

    title: str
    guest: str
    action: Literal["add", "remove"]
    vcpu: str
    affect: Literal["live", "config", "both", "current"]
    foreseen: Reason | None = None
    answer: Answer
    old: Answer | None = None
    given: str = ""
    situation: Situation = ""
    places: tuple[Place, ...] = PLACES

    def answer_at(self, place: Place) -> Answer:
        """Give what is expected there."""
        return self.old if place == "old" and self.old is not None else self.answer


def done(*, live: bool = False, config: bool = False) -> Answer:
    return Answer(status="succeeded", live=live, config=config)


def rejected(reason: Reason, code: int, text: str) -> Answer:
    return Answer(status="failed", reason=reason, code=code, text=text)


WAITING = Answer(status="waiting", code=68)
ALREADY = "is already in requested state"
UNPLUGGED = "can't be unplugged"
NO_SPECIFIC = "this qemu version does not support specific vCPU hotplug"

BUSY = Case(
    title="another job holds the domain",
    guest="quiet01",
    action="add",
    vcpu="5",
    affect="both",
    situation="busy",
    places=("simulated",),
    answer=rejected(Reason.DOMAIN_BUSY, 68, "cannot acquire state change lock"),
)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call to the gateway that the write path never makes, and the error that comes back."""

    title: str
    guest: str
    ids: frozenset[int]
    present: bool = True
    side: Side = Side.LIVE
    readonly: bool = False
    foreseen: Reason | None
    code: int
    text: str
    places: tuple[Place, ...] = PLACES


CALLS = [
    Call(
        title="two units in one call",
        guest="web01",
        ids=frozenset({20, 21}),
        foreseen=Reason.INVALID_REQUEST,
        code=84,
        text="only one hotpluggable entity can be selected",
    ),
    Call(
        title="two cores in one call",
        guest="power01",
        ids=frozenset(range(8, 16)),
        foreseen=Reason.INVALID_REQUEST,
        code=84,
        text="only one hotpluggable entity can be selected",
        places=NO_OLD_POWER,
    ),
    Call(
        title="no slot at all",
        guest="web01",
        ids=frozenset(),
        foreseen=Reason.INVALID_REQUEST,
        code=8,
        text="",  # libvirt fails to read an empty list, in the words of its parser
    ),
    Call(
        title="an ID that libvirt does not read",
        guest="web01",
        ids=frozenset({4096}),
        foreseen=Reason.OUT_OF_RANGE,
        code=8,
        text="Failed to parse bitmap",
    ),
    Call(
        title="a change over a connection that only reads",
        guest="web01",
        ids=frozenset({20}),
        readonly=True,
        foreseen=None,
        code=29,
        text="read only access",
    ),
]
