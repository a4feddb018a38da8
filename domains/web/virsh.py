"""The commands that do the same with virsh, safe to be pasted into a shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domains.models import Effect, Operation
from domains.vcpu import cpulist
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.targets import Target

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Command:
    """A command, and what has to be known about it, if anything."""

    text: str
    note: str = ""


def shell_name(name: str, uuid: UUID) -> str:
    """Name a guest on a command line: by its UUID where its name is not plain."""
    return shlex.quote(name if _PLAIN_NAME.fullmatch(name) else str(uuid))


def redefine(name: str, uuid: UUID) -> list[str]:
    """Give the commands that define a guest anew from its own configuration, which reads the slots afresh."""
    guest = shell_name(name, uuid)
    return [f"virsh dumpxml --inactive --security-info {guest} > {guest}.xml", f"virsh define {guest}.xml"]


def commands(operation: Operation, effects: Sequence[Effect]) -> list[Command]:
    """Write every step of an operation as the command that does the same. ``host`` and ``domain`` are loaded."""
    guest = shell_name(operation.domain_name, operation.domain_uuid)
    steps: dict[int, list[Effect]] = {}
    for effect in effects:
        steps.setdefault(effect.step, []).append(effect)
    return [_command(operation, guest, step) for _, step in sorted(steps.items())]


def _command(operation: Operation, guest: str, step: Sequence[Effect]) -> Command:
    target, ids = Target(step[0].target), frozenset(effect.vcpu for effect in step)
    if target in (Target.ONLINE, Target.OFFLINE):
        return _switch(operation, guest, ids, step[0].run, online=target is Target.ONLINE)
    if operation.host is not None and operation.host.specific is False:
        return _count(operation, guest, ids, Side(step[0].side), target)
    switch = "--disable" if target is Target.ABSENT else "--enable"
    return Command(f"virsh setvcpu {guest} {cpulist.dump(ids)} {switch} --{step[0].side}")


def _switch(
    operation: Operation, guest: str, ids: frozenset[int], run: int | None, *, online: bool
) -> Command:
    """virsh takes the guest's own CPU numbers, which are known for as long as it is the same run of the guest."""
    domain = operation.domain
    view = domain.guest_view if domain and run in (None, domain.run) else None
    named = cpulist.dump(ids)
    if view is None or not ids <= view.slots.keys():
        return Command(
            f"virsh guestvcpus {guest}",
            f"The guest numbers its CPUs itself, and which of them is vCPU {named} is not known now. This lists them;"
            f" virsh setguestvcpus with --{'enable' if online else 'disable'} switches one.",
        )
    numbers = cpulist.dump(view.slots[vcpu] for vcpu in ids)
    note = f"The guest's own number of vCPU {named} is {numbers}." if numbers != named else ""
    return Command(f"virsh setguestvcpus {guest} {numbers} --{'enable' if online else 'disable'}", note)


def _count(operation: Operation, guest: str, ids: frozenset[int], side: Side, target: Target) -> Command:
    """A driver that cannot choose a vCPU is told how many there shall be."""
    stored = (operation.before or {}).get(side)
    present = SlotMap.from_json(stored).present if stored else frozenset()
    count = len(present | ids if target is Target.PRESENT else present - ids)
    return Command(f"virsh setvcpus {guest} {count} --{side}", "This driver can only set how many there are.")
