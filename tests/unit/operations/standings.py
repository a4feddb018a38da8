"""Operations as they may stand, with their domain, made up without a database."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

from domains.models import Domain, Effect, Host, Operation
from domains.operations.standing import Standing
from domains.vcpu import cpulist
from domains.vcpu.guest import GuestView
from domains.vcpu.slots import SlotMap

RUN = 3


def slot_map(present: str, removable: str = "1-7", maximum: int = 8) -> dict[str, object]:
    slots = cpulist.load(present)
    return dict(SlotMap(maximum, slots, cpulist.load(removable) & slots).to_json())


def a_domain(live: str | None = "0-3", config: str | None = "0-3", *, specific: bool | None = None, **fields):
    """A running guest of eight slots, all but 0 removable; ``live`` None is one that is shut off."""
    return Domain(
        pk=1,
        name="web01",
        uuid=uuid.uuid4(),
        host=Host(pk=1, slug="hv1", state="connected", specific=specific),
        **{
            "state": "running" if live else "shut off",
            "run": RUN,
            "live": slot_map(live) if live else None,
            "config": slot_map(config) if config else None,
        }
        | fields,
    )


def guest(online: str) -> dict[str, object]:
    """What a guest of four CPUs says whose numbers are the slots' own."""
    four = frozenset(range(4))
    return dict(GuestView(four, cpulist.load(online), four - {0}, {vcpu: vcpu for vcpu in four}).to_json())


def an_operation(action: str = "add", status: str = "succeeded", **fields) -> Operation:
    return Operation(
        pk=12,
        **{
            "action": action,
            "status": status,
            "domain_id": 1,
            "domain_name": "web01",
            "vcpu": [5],
            "affect": "both",
            "before": {"live": slot_map("0-3"), "config": slot_map("0-3")},
            "attempt": 0 if status in ("queued", "cancelled") else 1,
            "created_at": datetime.now(UTC),
        }
        | fields,
    )


def effects_of(told: Iterable[str]) -> list[Effect]:
    """Read effects such as ``5 live present done`` with, if wanted, a reason; each is a step of its own."""
    effects = []
    for step, text in enumerate(told, 1):
        vcpu, side, target, state, *reason = text.split()
        run = None if side == "config" else RUN
        effects.append(
            Effect(
                pk=step, step=step, vcpu=int(vcpu), side=side, target=target, state=state,
                reason="".join(reason), run=run, settled_at=datetime.now(UTC),
            )
        )  # fmt: skip
    return effects


def a_standing(operation, told, domain, *, followers=(), overtaken=None) -> Standing:
    return Standing(operation, effects_of(told), domain, followers, overtaken or {})


def follower(status: str, *, undo_of: int | None = None, retry_of: int | None = None) -> Operation:
    return Operation(pk=13, status=status, undo_of_id=undo_of, retry_of_id=retry_of)
