"""What somebody outside changed: the differences that no operation aims at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domains.history import ledger
from domains.inventory.maps import Maps, maps_json
from domains.models import Domain, Effect, EffectState
from domains.vcpu import cpulist
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.targets import Target

Claims = frozenset[tuple[str, int, str]]  # side, slot and target: the changes that our own operations aim at
_NONE: frozenset[int] = frozenset()
_NOTHING: dict[str, object] = {"live": None, "config": None}
GONE = "gone"  # how a run ended that is not to be seen any more


@dataclass(frozen=True, slots=True)
class SideChanges:
    """What happened to one side.

    ``removable`` and ``fixed`` are slots that became so while they stayed present, ``maximum`` is before and
    after. ``began`` and ``ended`` are states of the guest; ``lost`` are the slots that only the running guest
    had when it ended. ``defined`` is whether the configuration came (True) or went (False).
    """

    side: Side
    appeared: frozenset[int] = _NONE
    disappeared: frozenset[int] = _NONE
    removable: frozenset[int] = _NONE
    fixed: frozenset[int] = _NONE
    maximum: tuple[int, int] | None = None
    began: str = ""
    ended: str = ""
    lost: frozenset[int] = _NONE
    defined: bool | None = None

    def __bool__(self) -> bool:
        return self != SideChanges(self.side)

    def to_json(self) -> dict[str, object]:
        """Give the form in which an entry holds it; but for the first three, only what happened is named."""
        slots = {"removable": self.removable, "fixed": self.fixed, "lost": self.lost}
        words = {"began": self.began, "ended": self.ended}
        return {
            "side": str(self.side),
            "appeared": cpulist.dump(self.appeared),
            "disappeared": cpulist.dump(self.disappeared),
            **{key: cpulist.dump(ids) for key, ids in slots.items() if ids},
            **{key: word for key, word in words.items() if word},
            **({"maximum": list(self.maximum)} if self.maximum else {}),
            **({"defined" if self.defined else "undefined": True} if self.defined is not None else {}),
        }


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened to a domain outside. False if that is nothing.

    ``whole`` is what concerns the domain itself: ``{"renamed_from": name}``, ``{"gone": True}``,
    ``{"returned": True}`` or ``{"arrived": True}``, the last two with ``known_on``, the other host that has
    shown the same UUID, where there is one.
    """

    sides: tuple[SideChanges, ...] = ()
    whole: tuple[dict[str, object], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.sides or self.whole)

    def to_json(self) -> list[dict[str, object]]:
        """Give the effects that an entry lists."""
        return [one.to_json() for one in self.sides] + [{"side": None, **fact} for fact in self.whole]


def claims_of(effects: Iterable[Effect]) -> Claims:
    """Say which changes are our own operations' doing.

    A live effect claims its slot from the promise on until it is settled. The config half of a removal claims
    nothing while it waits, since nobody has asked for it yet. A config call that makes slots present also
    makes them removable, and one for slots to be removable makes them present.
    """
    claims: set[tuple[str, int, str]] = set()
    for effect in effects:
        applying = effect.state == EffectState.APPLYING
        if effect.side == Side.LIVE or (effect.side == Side.CONFIG and applying):
            claims.add((effect.side, effect.vcpu, effect.target))
        if effect.side == Side.CONFIG and applying and effect.target != Target.ABSENT:
            claims |= {(effect.side, effect.vcpu, target) for target in (Target.PRESENT, Target.REMOVABLE)}
    return frozenset(claims)


def outside_changes(before: Domain | None, after: Domain, claims: Claims = frozenset()) -> Changes:
    """Give what differs between two states of a domain in the inventory and is nobody's claim.

    ``before`` is None for a domain that its host has never shown so far.
    """
    old, new = _maps_of(before), _maps_of(after)
    config = _compare(Side.CONFIG, old.config, new.config, claims)
    if (old.config is None) != (new.config is None):
        config = SideChanges(Side.CONFIG, defined=old.config is None)
    sides = (_live(before, after, old, new, claims), config)
    return Changes(tuple(side for side in sides if side), tuple(_whole(before, after)))


def record_outside(before: Domain | None, after: Domain, changes: Changes) -> None:
    """Write down what somebody else changed. Where the domain was or is not shown, its maps are null."""
    ledger.append(
        "outside",
        {
            "actor": None,
            "door": "watcher",
            "host": after.host.slug,
            "domain": {"name": after.name, "uuid": str(after.uuid)},
            "effects": changes.to_json(),
            "before": _NOTHING if _missing(before) or before is None else maps_json(before),
            "after": _NOTHING if _missing(after) else maps_json(after),
        },
    )


def other_host(domain: Domain) -> str:
    """Name another host that has shown a domain with the same UUID, empty if there is none."""
    others = type(domain.host).objects.exclude(pk=domain.host_id)
    same = Domain.objects.filter(host__in=others, uuid=domain.uuid)  # by host and UUID: that is indexed
    return same.order_by("-synced_at").values_list("host__slug", flat=True).first() or ""


def _live(before: Domain | None, after: Domain, old: Maps, new: Maps, claims: Claims) -> SideChanges:
    """A run that begins or ends is told as that, and the slots by the maps; otherwise the slots that changed."""
    was, runs = _active(before), _active(after)
    another = was and runs and before is not None and before.run != after.run
    stopped = another or (was and not runs) or (old.live is not None and new.live is None)
    started = another or (runs and not was) or (new.live is not None and old.live is None)
    if not stopped and not started:
        return _compare(Side.LIVE, old.live, new.live, claims)
    ended = GONE if _missing(after) else "shut off" if started else after.state
    return SideChanges(
        Side.LIVE,
        began=after.state if started else "",
        ended=ended if stopped else "",
        lost=_lost(old, new.live if started else new.config or old.config) if stopped else _NONE,
    )


def _lost(old: Maps, kept: SlotMap | None) -> frozenset[int]:
    return old.live.present - kept.present if old.live and kept else _NONE


def _compare(side: Side, old: SlotMap | None, new: SlotMap | None, claims: Claims) -> SideChanges:
    if old is None or new is None:
        return SideChanges(side)
    stayed = old.present & new.present

    def unclaimed(slots: frozenset[int], target: Target) -> frozenset[int]:
        return frozenset(vcpu for vcpu in slots if (side, vcpu, target) not in claims)

    return SideChanges(
        side,
        appeared=unclaimed(new.present - old.present, Target.PRESENT),
        disappeared=unclaimed(old.present - new.present, Target.ABSENT),
        removable=unclaimed(stayed & (new.removable - old.removable), Target.REMOVABLE),
        fixed=stayed & (old.removable - new.removable),
        maximum=(old.maximum, new.maximum) if old.maximum != new.maximum else None,
    )


def _whole(before: Domain | None, after: Domain) -> Iterable[dict[str, object]]:
    if before is None or (_missing(before) and not _missing(after)):
        known_on = other_host(after)
        if before is not None or known_on:
            yield {
                "arrived" if before is None else "returned": True,
                **({"known_on": known_on} if known_on else {}),
            }
    elif _missing(after) and not _missing(before):
        yield {"gone": True}
    if before is not None and before.name != after.name:
        yield {"renamed_from": before.name}


def _maps_of(domain: Domain | None) -> Maps:
    return Maps(None, None) if domain is None or _missing(domain) else Maps.of(domain)


def _active(domain: Domain | None) -> bool:
    return domain is not None and domain.running and not _missing(domain)


def _missing(domain: Domain | None) -> bool:
    """Whether the host has shown the domain and does so no longer."""
    return domain is not None and domain.gone_at is not None
