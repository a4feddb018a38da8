"""What somebody outside changed: the differences that no operation aims at."""

from __future__ import annotations

from collections.abc import Iterable

from domains.history import ledger
from domains.inventory.maps import Maps, maps_json
from domains.models import Domain, Effect, EffectState
from domains.vcpu import cpulist
from domains.vcpu.slots import Side
from domains.vcpu.targets import Target

Changes = dict[
    str, tuple[frozenset[int], frozenset[int]]
]  # side -> slots that appeared, slots that disappeared


def outside_changes(old: Maps, new: Maps, effects: Iterable[Effect], *, same_run: bool) -> Changes:
    """Give, by side, the slots that appeared and disappeared without any operation aiming at it."""
    ours = {
        (effect.side, effect.vcpu, effect.target)
        for effect in effects
        if effect.side == Side.LIVE or effect.state == EffectState.APPLYING  # a config half waits unasked
    }
    changes: Changes = {}
    for side in (Side.LIVE, Side.CONFIG):
        before, after = old.present(side), new.present(side)
        if before is None or after is None or (side is Side.LIVE and not same_run):
            continue  # a guest that starts or stops changes its state, not its slots
        added = frozenset(vcpu for vcpu in after - before if (side, vcpu, Target.PRESENT) not in ours)
        removed = frozenset(vcpu for vcpu in before - after if (side, vcpu, Target.ABSENT) not in ours)
        if added or removed:
            changes[str(side)] = (added, removed)
    return changes


def record_outside(before: Domain, after: Domain, changes: Changes) -> None:
    """Write down what somebody else changed."""
    ledger.append(
        "outside",
        {
            "actor": None,
            "door": "watcher",
            "host": after.host.slug,
            "domain": {"name": after.name, "uuid": str(after.uuid)},
            "effects": [
                {"side": side, "appeared": cpulist.dump(added), "disappeared": cpulist.dump(removed)}
                for side, (added, removed) in changes.items()
            ],
            "before": maps_json(before),
            "after": maps_json(after),
        },
    )
