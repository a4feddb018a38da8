"""What libvirt's QEMU driver checks in ``virDomainSetVcpu``, in its order, written down step by step.

Written from the behaviour of the real thing and compared with it in ``tests/contract``; it shares no code with the
rules of the product, so that both can be held against each other.
"""

from __future__ import annotations

from dataclasses import dataclass

LIVE, CONFIG = 1, 2
LIMIT = 4096


class QemuError(Exception):
    """libvirt's answer: code and text; ``origin`` is its error domain (10: the QEMU driver)."""

    def __init__(self, code: int, text: str, origin: int = 10) -> None:
        super().__init__(text)
        self.code, self.text, self.origin = code, text, origin


@dataclass
class Vcpu:
    online: bool
    hotpluggable: bool


@dataclass
class Machine:
    """One domain: a list of vCPUs per side, by ID."""

    live: list[Vcpu] | None
    config: list[Vcpu] | None
    unit: int = 1
    hotplug: bool = True


def check(machine: Machine, ids: set[int], state: int, flags: int) -> None:
    """Raise what libvirt answers before it changes anything."""
    flags = flags or (LIVE if machine.live is not None else CONFIG)
    _check_arguments(machine, ids, flags)
    if flags & LIVE:
        _check_live(machine, ids, state)
    if flags & CONFIG:
        _check_config(machine.config or [], ids)
    if flags & LIVE and machine.live is not None and not state:
        first = min(ids)
        if not machine.live[first].hotpluggable:
            raise QemuError(84, f"Operation not supported: vcpu '{first}' can't be unplugged")


def _check_arguments(machine: Machine, ids: set[int], flags: int) -> None:
    if any(vcpu >= LIMIT for vcpu in ids):
        raise QemuError(8, "invalid argument: Failed to parse bitmap")
    if not ids:
        raise QemuError(8, "invalid argument: no vcpus selected for modification")
    if flags & LIVE and machine.live is None:
        raise QemuError(55, "Requested operation is not valid: domain is not running")
    if flags & CONFIG and machine.config is None:
        raise QemuError(
            55, "Requested operation is not valid: transient domains do not have any persistent config"
        )
    last = max(ids)
    if flags & CONFIG and last >= len(machine.config or ()):
        raise QemuError(8, f"invalid argument: vcpu {last} is not present in persistent config")
    if flags & LIVE and last >= len(machine.live or ()):
        raise QemuError(8, f"invalid argument: vcpu {last} is not present in live config")


def _check_live(machine: Machine, ids: set[int], state: int) -> None:
    if not machine.hotplug:
        raise QemuError(
            84, "Operation not supported: this qemu version does not support specific vCPU hotplug"
        )
    live = machine.live or []
    for vcpu in sorted(ids):
        if live[vcpu].online == bool(state):
            raise QemuError(8, f"invalid argument: vcpu '{vcpu}' is already in requested state")
    left = set(ids)
    for vcpu in range(len(live)):
        if vcpu not in left:
            continue
        if vcpu % machine.unit:
            raise QemuError(8, f"invalid argument: vcpu '{vcpu}' belongs to a larger hotpluggable entity,")
        for sibling in range(vcpu + 1, vcpu + machine.unit):
            if sibling not in left:
                raise QemuError(8, f"invalid argument: vcpu '{sibling}' was not selected but it belongs to")
            left.discard(sibling)
    if len(left) > 1:
        raise QemuError(84, "Operation not supported: only one hotpluggable entity can be selected")


def _check_config(vcpus: list[Vcpu], ids: set[int]) -> None:
    if 0 in ids:
        raise QemuError(8, "invalid argument: vCPU '0' can't be modified")
    for vcpu in range(min(ids) + 1, len(vcpus)):
        if vcpu not in ids and vcpus[vcpu].online and not vcpus[vcpu].hotpluggable:
            raise QemuError(
                8,
                f"invalid argument: vcpu '{min(ids)}' can't be modified as it is followed by"
                " non-hotpluggable online vcpus",
            )


def apply(vcpus: list[Vcpu], ids: set[int], state: int) -> None:
    """Change one side; what was changed is hotpluggable from then on."""
    for vcpu in ids:
        vcpus[vcpu] = Vcpu(bool(state), hotpluggable=True)
