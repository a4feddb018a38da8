"""What libvirt's QEMU driver answers to changes of vCPUs, as a table that real hosts and the simulated one must pass.

Each case goes through the write path with the rules left out (``ask_anyway``), so that the hypervisor answers, and is
checked three ways in ``tests/lab/test_conformance.py``: what the rules say beforehand, what comes of the operation, and
what the host shows afterwards.

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

CASES = [
    Case(
        title="an absent slot is added live",
        guest="web01",
        action="add",
        vcpu="9",
        affect="live",
        answer=done(live=True),
    ),
    Case(
        title="an absent slot is added on both sides",
        guest="web01",
        action="add",
        vcpu="10",
        affect="both",
        answer=done(live=True, config=True),
    ),
    Case(
        title="current of a running guest is its live side",
        guest="web01",
        action="add",
        vcpu="11",
        affect="current",
        answer=done(live=True),
    ),
    Case(
        title="current of a guest that is off is its configuration",
        guest="batch01",
        action="add",
        vcpu="5",
        affect="current",
        answer=done(config=True),
    ),
    Case(
        title="an absent slot is added in the configuration alone",
        guest="web01",
        action="add",
        vcpu="12",
        affect="config",
        answer=done(config=True),
    ),
    Case(
        title="a cooperating guest gives a slot up",
        guest="web01",
        action="remove",
        vcpu="9",
        affect="live",
        given="9",
        answer=done(live=True),
        old=WAITING,
    ),
    Case(
        title="a slot that is present live alone is removed from both",
        guest="web01",
        action="remove",
        vcpu="9",
        affect="both",
        given="9",
        answer=done(live=True),
        old=WAITING,
    ),
    Case(
        title="a monitored removal of a cooperating guest",
        guest="web01",
        action="remove",
        vcpu="9",
        affect="live",
        given="9",
        situation="monitor",
        answer=done(live=True),
        old=WAITING,
    ),
    Case(
        title="the last boot vCPU is removed in the configuration",
        guest="web01",
        action="remove",
        vcpu="3",
        affect="config",
        answer=done(config=True),
    ),
    Case(
        title="a boot vCPU that is removable goes",
        guest="db01",
        action="remove",
        vcpu="3",
        affect="both",
        answer=done(live=True, config=True),
        old=WAITING,
    ),
    Case(
        title="a slot is added to a paused guest",
        guest="idle01",
        action="add",
        vcpu="5",
        affect="live",
        answer=done(live=True),
    ),
    Case(
        title="a paused guest cannot give a slot up",
        guest="idle01",
        action="remove",
        vcpu="5",
        affect="both",
        given="5",
        answer=Answer(status="waiting", reason=Reason.GUEST_PAUSED, code=68),
    ),
    Case(
        title="a refusal is not heard without the monitor",
        guest="stubborn01",
        action="remove",
        vcpu="5",
        affect="both",
        given="5",
        answer=WAITING,
    ),
    Case(
        title="a refusal is heard through the monitor",
        guest="stubborn01",
        action="remove",
        vcpu="5",
        affect="both",
        given="5",
        situation="monitor",
        answer=Answer(status="failed", reason=Reason.GUEST_REFUSED, text="ACPI _OST status 128"),
    ),
    Case(
        title="a present slot is added",
        guest="web01",
        action="add",
        vcpu="3",
        affect="live",
        foreseen=Reason.ALREADY_PRESENT,
        answer=rejected(Reason.ALREADY_PRESENT, 8, f"vcpu '3' {ALREADY}"),
    ),
    Case(
        title="an absent slot is removed",
        guest="web01",
        action="remove",
        vcpu="20",
        affect="live",
        foreseen=Reason.ALREADY_ABSENT,
        answer=rejected(Reason.ALREADY_ABSENT, 8, f"vcpu '20' {ALREADY}"),
    ),
    Case(
        title="a boot vCPU is removed",
        guest="web01",
        action="remove",
        vcpu="1",
        affect="live",
        foreseen=Reason.NOT_REMOVABLE,
        answer=rejected(Reason.NOT_REMOVABLE, 84, f"vcpu '1' {UNPLUGGED}"),
    ),
    Case(
        title="vCPU 0 is removed live",
        guest="web01",
        action="remove",
        vcpu="0",
        affect="live",
        foreseen=Reason.VCPU0_FIXED,
        answer=rejected(Reason.VCPU0_FIXED, 84, f"vcpu '0' {UNPLUGGED}"),
    ),
    Case(
        title="vCPU 0 is removed in the configuration",
        guest="web01",
        action="remove",
        vcpu="0",
        affect="config",
        foreseen=Reason.VCPU0_FIXED,
        answer=rejected(Reason.VCPU0_FIXED, 8, "vCPU '0' can't be modified"),
    ),
    Case(
        title="a boot vCPU before another is removed in the configuration",
        guest="web01",
        action="remove",
        vcpu="1",
        affect="config",
        foreseen=Reason.FOLLOWED_BY_FIXED,
        answer=rejected(Reason.FOLLOWED_BY_FIXED, 8, "followed by non-hotpluggable online vcpus"),
    ),
    Case(
        title="an ID beyond the maximum, live",
        guest="web01",
        action="add",
        vcpu="99",
        affect="live",
        foreseen=Reason.OUT_OF_RANGE,
        answer=rejected(Reason.OUT_OF_RANGE, 8, "vcpu 99 is not present in live config"),
    ),
    Case(
        title="an ID beyond the maximum, in the configuration",
        guest="web01",
        action="add",
        vcpu="99",
        affect="config",
        foreseen=Reason.OUT_OF_RANGE,
        answer=rejected(Reason.OUT_OF_RANGE, 8, "vcpu 99 is not present in persistent config"),
    ),
    Case(
        title="the highest ID that libvirt reads",
        guest="web01",
        action="add",
        vcpu="4095",
        affect="live",
        foreseen=Reason.OUT_OF_RANGE,
        answer=rejected(Reason.OUT_OF_RANGE, 8, "vcpu 4095 is not present in live config"),
    ),
    Case(
        title="a live change of a guest that is off",
        guest="batch01",
        action="add",
        vcpu="5",
        affect="live",
        foreseen=Reason.DOMAIN_NOT_RUNNING,
        answer=rejected(Reason.DOMAIN_NOT_RUNNING, 55, "domain is not running"),
    ),
    Case(
        title="the configuration of a transient guest",
        guest="fleeting01",
        action="add",
        vcpu="5",
        affect="config",
        foreseen=Reason.DOMAIN_NOT_PERSISTENT,
        answer=rejected(
            Reason.DOMAIN_NOT_PERSISTENT, 55, "transient domains do not have any persistent config"
        ),
    ),
    Case(
        title="a machine that plugs no vCPU",
        guest="old01",
        action="add",
        vcpu="1",
        affect="live",
        foreseen=Reason.HOTPLUG_UNSUPPORTED,
        answer=rejected(Reason.HOTPLUG_UNSUPPORTED, 84, NO_SPECIFIC),
    ),
    Case(
        title="a guest that has not yet run its firmware",
        guest="db01",
        action="remove",
        vcpu="3",
        affect="live",
        situation="unstarted",
        places=REAL,
        # The newest QEMU keeps the request, and the guest will not know of it once it has started.
        answer=Answer(status="waiting", reason=Reason.GUEST_PAUSED, code=68),
        old=rejected(Reason.GUEST_NOT_READY, 1, "device unplug request for not supported device type"),
    ),
    Case(
        title="the definition cannot be stored",
        guest="batch01",
        action="add",
        vcpu="5",
        affect="config",
        situation="unwritable",
        places=REAL,
        # The daemon shows it all the same, until it is started again.
        answer=Answer(
            status="failed",
            reason=Reason.CONFIG_WRITE_FAILED,
            code=38,
            text="Failed to create file",
            config=True,
        ),
    ),
    BUSY,
    Case(
        title="a whole core is added",
        guest="power01",
        action="add",
        vcpu="8-11",
        affect="both",
        places=NO_OLD_POWER,
        answer=done(live=True, config=True),
    ),
    Case(
        title="a whole core is given up",
        guest="power01",
        action="remove",
        vcpu="8-11",
        affect="live",
        given="8-11",
        places=NO_OLD_POWER,
        answer=done(live=True),
    ),
    Case(
        title="the first thread of a core is added alone",
        guest="power01",
        action="add",
        vcpu="8",
        affect="live",
        foreseen=Reason.PARTIAL_UNIT,
        places=NO_OLD_POWER,
        answer=rejected(Reason.PARTIAL_UNIT, 8, "was not selected but it belongs to"),
    ),
    Case(
        title="other threads of a core are added without the first",
        guest="power01",
        action="add",
        vcpu="17,18",
        affect="live",
        foreseen=Reason.PARTIAL_UNIT,
        places=NO_OLD_POWER,
        answer=rejected(Reason.PARTIAL_UNIT, 8, "vcpu '17' belongs to a larger hotpluggable entity"),
    ),
    Case(
        title="the first core is removed",
        guest="power01",
        action="remove",
        vcpu="0-3",
        affect="live",
        foreseen=Reason.VCPU0_FIXED,
        places=NO_OLD_POWER,
        answer=rejected(Reason.VCPU0_FIXED, 84, f"vcpu '0' {UNPLUGGED}"),
    ),
    Case(
        title="a boot core is removed",
        guest="power01",
        action="remove",
        vcpu="4-7",
        affect="live",
        foreseen=Reason.NOT_REMOVABLE,
        places=NO_OLD_POWER,
        answer=rejected(Reason.NOT_REMOVABLE, 84, f"vcpu '4' {UNPLUGGED}"),
    ),
]


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
