"""Changes where a core is plugged as a whole; see ``conformance.py``."""

from __future__ import annotations

from domains.vcpu.reasons import Reason
from tests.conformance import (
    NO_OLD_POWER,
    UNPLUGGED,
    Case,
    done,
    rejected,
)

CORES = [
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
