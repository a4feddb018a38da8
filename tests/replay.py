"""Reading the history back: its chain of hashes, and whether it explains every difference of a domain.

Written from ``docs/history.md`` alone; it shares no code with what appends.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from domains.inventory.maps import maps_json
from domains.models import Domain, HistoryEntry
from domains.vcpu import cpulist
from domains.vcpu.slots import SlotMap

SIDES = ("live", "config")
AIMING = frozenset({"pending", "applying", "waiting", "unconfirmed"})
GIVEN_UP = frozenset({"guest_refused", "superseded"})  # the guest was asked, and may still let go
FRESH = frozenset({"confirmed", "waiting", "late", "settled"})  # entries whose "after" was read just then
NEW_MAP = ("began", "ended", "defined", "undefined")

Maps = dict[str, SlotMap | None]


def check_chain() -> int:
    """Compute every hash anew. Gives the number of entries."""
    seq, head = 0, "0" * 64
    for entry in HistoryEntry.objects.order_by("seq"):
        seq += 1
        digest = hashlib.sha256(entry.body.encode("ascii")).hexdigest()
        expected = hashlib.sha256(f"{head}{seq}{digest}".encode("ascii")).hexdigest()
        assert (entry.seq, entry.previous_hash, entry.hash) == (seq, head, expected)
        assert json.dumps(json.loads(entry.body), sort_keys=True, separators=(",", ":")) == entry.body
        head = entry.hash
    return seq


def maps_of(domain: Domain) -> Maps:
    """Give both sides as they are known; a domain that its host does not show has none."""
    return _read(maps_json(domain)) if domain.gone_at is None else dict.fromkeys(SIDES)


def check_explained(domain: Domain, first: Maps) -> None:
    """The history alone tells how the domain came from the ``first`` maps to those that are known now."""
    entries = HistoryEntry.objects.filter(host=domain.host.slug, domain_uuid=domain.uuid).order_by("seq")
    replay = Replay(dict(first))
    replay.run(entries)
    known = maps_of(domain)
    for side in SIDES:
        replay.agree(side, known[side], f"{domain.name} in the end", exactly=True)


@dataclass
class Replay:
    """What one domain must have looked like, told by its history alone.

    ``unsure`` are slots of which it is told that they came, and not whether they can be removed. An entry about what
    landed late comes before the one about what else its reading showed: until then ``landed`` and ``seen`` are kept.
    """

    known: Maps
    unsure: dict[str, frozenset[int]] = field(default_factory=lambda: dict.fromkeys(SIDES, frozenset()))
    effects: dict[tuple[int, int, str, str], Mapping[str, object]] = field(default_factory=dict)
    statuses: dict[int, str] = field(default_factory=dict)
    landed: dict[str, frozenset[int]] = field(default_factory=dict)
    seen: Maps | None = None

    def run(self, entries: Iterable[HistoryEntry]) -> None:
        """Walk through the entries in order; fails at the first that does not fit those before it."""
        for entry in entries:
            body = json.loads(entry.body)
            if entry.kind not in ("outside", "late"):
                self._catch_up(f"before entry {entry.seq}")
            if entry.kind == "outside":
                self._outside(body, f"entry {entry.seq}")
            elif "operation" in body:
                self._operation(body, f"entry {entry.seq}")

    def _catch_up(self, where: str) -> None:
        seen, self.seen, self.landed = self.seen, None, {}
        for side in SIDES if seen else ():
            self.agree(side, seen[side], where)

    def _outside(self, body: Mapping[str, object], where: str) -> None:
        before, after = _read(body["before"]), _read(body["after"])
        for side in SIDES:
            self.agree(side, before[side], f"{where}, before")
        for effect in body["effects"]:
            side = effect["side"]
            if side is None and ("gone" in effect or "returned" in effect):
                self.known = dict(after)
            elif side is not None and any(key in effect for key in NEW_MAP):
                self.known[side] = after[side]
            elif side is not None:
                self._changed(side, effect, where)
        for side in SIDES:
            self.agree(side, after[side], f"{where}, after")
        self.landed, self.seen = {}, None

    def _changed(self, side: str, effect: Mapping[str, object], where: str) -> None:
        slots = self.known[side]
        assert slots is not None, f"{where} changes a side that is not there"
        told = {
            key: cpulist.load(effect.get(key, ""))
            for key in ("appeared", "disappeared", "removable", "fixed")
        }
        assert not told["appeared"] & slots.present, f"{where}: what appeared was there"
        assert told["disappeared"] <= slots.present, f"{where}: what disappeared was not there"
        maximum = effect.get("maximum", [slots.maximum, slots.maximum])
        assert maximum[0] == slots.maximum, f"{where}: the maximum was another"
        present = (slots.present | told["appeared"]) - told["disappeared"]
        removable = (slots.removable | told["removable"]) - told["fixed"]
        self.known[side] = SlotMap(maximum[1], present, removable & present)
        self.unsure[side] |= told["appeared"]

    def _operation(self, body: Mapping[str, object], where: str) -> None:
        self.statuses[body["operation"]] = body["status"]
        for effect in body["effects"]:
            key = (body["operation"], effect["vcpu"], effect["side"], effect["target"])
            earlier = self.effects.get(key, {"state": "pending"})
            self.effects[key] = effect
            if effect["state"] == "done" and earlier["state"] != "done" and effect["side"] in SIDES:
                self._done(effect, where, late=body["kind"] == "late")
        after = _read(body["after"])
        if body["kind"] == "late":
            self.seen = after
        elif body["kind"] in FRESH:
            for side in SIDES:
                self.agree(side, after[side], where)

    def _done(self, effect: Mapping[str, object], where: str, *, late: bool) -> None:
        side, vcpu = effect["side"], frozenset({effect["vcpu"]})
        self.landed[side] = self.landed.get(side, frozenset()) | (vcpu if late else frozenset())
        slots = self.known[side]
        assert slots is not None, f"{where} is about a side that is not there"
        if effect["target"] == "absent":
            slots = replace(slots, present=slots.present - vcpu, removable=slots.removable - vcpu)
        elif effect["target"] == "present":
            slots = replace(slots, present=slots.present | vcpu)
            self.unsure[side] |= vcpu
        else:
            slots = replace(slots, removable=slots.removable | vcpu)
        self.known[side] = slots

    def agree(self, side: str, seen: SlotMap | None, where: str, *, exactly: bool = False) -> None:
        """Compare with what was seen, but for slots at which an operation aims still unless ``exactly``."""
        known = self.known[side]
        assert (known is None) == (seen is None), f"{where}: {side} came or went unexplained"
        if known is None or seen is None:
            return
        known = replace(
            known, removable=known.removable - self.unsure[side] | seen.removable & self.unsure[side]
        )
        self.known[side], self.unsure[side] = known, frozenset()
        assert known.maximum == seen.maximum, f"{where}: {side} has another maximum, unexplained"
        left = (known.present ^ seen.present) | (known.removable ^ seen.removable)
        left -= frozenset() if exactly else self._aimed(side, left)
        assert not left, f"{where}: {side} slots {cpulist.dump(left)} changed unexplained"

    def _aimed(self, side: str, left: frozenset[int]) -> frozenset[int]:
        """Give the slots that may be under way: all of them while an operation is that has yet to tell its own."""
        if "running" in self.statuses.values():
            return left
        landed = self.landed.get(side, frozenset())
        return landed | {
            vcpu for (_, vcpu, at, _), effect in self.effects.items() if at == side and _aims(effect)
        }


def _aims(effect: Mapping[str, object]) -> bool:
    return effect["state"] in AIMING or effect["reason"] in GIVEN_UP


def _read(maps: Mapping[str, object]) -> Maps:
    return {side: SlotMap.from_json(maps[side]) if maps[side] else None for side in SIDES}
