"""What is asked of many guests, read from what a form, JSON or a command line says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from domains.models import Batch, BatchItem
from domains.operations.change import Wanted as Slots
from domains.operations.parse import parse_affect, parse_choice, parse_note, parse_vcpu
from domains.operations.refused import RequestRefused
from domains.vcpu.affect import Affect
from domains.vcpu.cpulist import MAX_SLOTS
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action

MOST_GUESTS = 1000
MOST_PARALLEL = 100
PARALLEL = 8  # operations that are open at a time unless another number is given
_ACTIONS = (Action.ADD, Action.REMOVE, Action.MAKE_REMOVABLE, Action.SYNC)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The change that every guest is to see: either ``vcpu`` names slots, or ``count`` how many are meant."""

    action: Action
    vcpu: Slots | None
    count: int | None
    affect: Affect

    @classmethod
    def of(cls, batch: Batch) -> Wanted:
        """Give what a batch was asked for."""
        return cls(Action(batch.action), batch.vcpu, batch.count, Affect(batch.affect))

    @classmethod
    def of_item(cls, item: BatchItem) -> Wanted:
        """Give what is asked of one guest, whose ``batch`` is loaded."""
        return cls.of(item.batch).only(item.left)

    def only(self, left: list[int] | None) -> Wanted:
        """Narrow it to the slots that an earlier attempt left, if one did."""
        return replace(self, vcpu=left, count=None) if left else self


@dataclass(frozen=True, slots=True)
class Manner:
    """How a batch is gone about: at most ``parallel`` operations open at a time, until one fails if so wished."""

    parallel: int = PARALLEL
    stop_on_failure: bool = False
    note: str = ""


def parse_wanted(asked: Mapping[str, object]) -> Wanted:
    """Read ``action``, ``vcpu`` or ``count``, and ``affect``, as far as they are there.

    Without either, add and remove mean one vCPU, and sync every slot that differs. Raises :class:`RequestRefused`
    (``invalid_request``).
    """
    action = parse_choice(str(asked.get("action")).replace("-", "_"), Action, "action")
    if action not in _ACTIONS:
        words = ", ".join(one.replace("_", " ") for one in _ACTIONS)
        raise _invalid(f"{action.capitalize()} is not done to many guests at once; choose one of: {words}.")
    affect = parse_affect(asked.get("affect", Affect.CURRENT), action)
    vcpu, count = asked.get("vcpu"), asked.get("count")
    if count is None and vcpu is None and action in (Action.ADD, Action.REMOVE):
        count = 1
    if count is None:
        named = "all" if vcpu is None and action is Action.SYNC else vcpu
        return Wanted(action, parse_vcpu(named, action), None, affect)
    if vcpu is not None:
        raise _invalid("Name vCPUs or say how many, not both.")
    if action not in (Action.ADD, Action.REMOVE):
        raise _invalid(f"A number of vCPUs does not go with {action.replace('_', ' ')}; name them.")
    return Wanted(action, None, _whole(count, "The number of vCPUs", MAX_SLOTS - 1), affect)


def parse_manner(asked: Mapping[str, object], *, planning: bool = False) -> Manner:
    """Read ``parallel``, ``stop_on_failure`` and ``note``, which nobody has to write who is only ``planning``.

    Raises :class:`RequestRefused` (``invalid_request``).
    """
    return Manner(
        parallel=_whole(asked.get("parallel", PARALLEL), "How many are changed at a time", MOST_PARALLEL),
        stop_on_failure=bool(asked.get("stop_on_failure", False)),
        note=str(asked.get("note", "")) if planning else parse_note(asked.get("note", "")),
    )


def _whole(raw: object, what: str, most: int) -> int:
    text = str(raw).strip()
    digits = text.lstrip("0") if text.isascii() and text.isdigit() else ""
    if isinstance(raw, bool) or len(digits) > len(str(most)) or not 1 <= int(digits or 0) <= most:
        raise _invalid(f"{what} is a whole number from 1 to {most}, not “{text[:40]}”.")
    return int(digits)


def _invalid(sentence: str) -> RequestRefused:
    return RequestRefused(Reason.INVALID_REQUEST, sentence)
