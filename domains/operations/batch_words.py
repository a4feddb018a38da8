"""What a batch asks, and what an entry about one records, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domains.models import Batch
from domains.operations.batches.told import requested
from domains.vcpu import cpulist

_SIDES = {"live": "live", "config": "config", "both": "live and config", "current": "current side"}
_WORDS = {
    "first": "the first available vCPU",
    "highest": "the highest vCPU",
    "all": "every vCPU that differs",
}
# action -> (to be done, the word before the guests)
_VERBS = {
    "add": ("add", "to"),
    "remove": ("remove", "of"),
    "make_removable": ("make removable", "of"),
    "sync": ("sync", "of"),
}


def of_batch(batch: Batch, guests: int) -> str:
    """Say what is asked: ``add 2 vCPUs to 200 guests``."""
    return deed(batch.action, requested(batch), guests)


def sides_of(batch: Batch) -> str:
    """Name the sides that it changes."""
    return _SIDES.get(batch.affect, batch.affect)


def deed(action: object, asked: Mapping[str, Any], guests: int) -> str:
    """Say what was asked of so many guests, as far as it makes sense."""
    todo, link = _VERBS.get(str(action), ("change", "of"))
    words = f"{guests:,} guest{'' if guests == 1 else 's'}"
    return f"{todo} {_slots(str(action), asked)} {link} {words}"


def started(body: Mapping[str, Any]) -> str:
    """Say what ``batch_started`` records."""
    asked = body.get("requested") or {}
    guests = body.get("guests")
    number = len(guests) if isinstance(guests, list) else 0
    sides = _SIDES.get(str(asked.get("affect")), "")
    return f"started batch {body.get('batch')} to {deed(body.get('action'), asked, number)}, {sides}".rstrip(
        ", "
    )


def counted(body: Mapping[str, Any]) -> str:
    """Say what ``batch_finished`` counts: ``198 succeeded, 2 failed``."""
    counts = body.get("counts")
    return (
        ", ".join(f"{number} {word}" for word, number in counts.items()) if isinstance(counts, dict) else ""
    )


def _slots(action: str, asked: Mapping[str, Any]) -> str:
    count, vcpu = asked.get("count"), asked.get("vcpu")
    if count is not None:
        which = "the highest removable " if action == "remove" else ""
        if count in (1, "1"):
            return f"{which}vCPU" if which else "1 vCPU"
        return f"the {count} highest removable vCPUs" if which else f"{count} vCPUs"
    if isinstance(vcpu, list) and all(type(one) is int for one in vcpu):
        return f"vCPU {cpulist.dump(vcpu)}"
    return _WORDS.get(str(vcpu), f"vCPU {vcpu}" if vcpu not in (None, "") else "vCPUs")
