"""A batch as pages show it: where it stands, and a row for each guest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from domains.models import Batch, BatchItem, BatchStatus, ItemState, Operation, Status
from domains.operations import batch_words
from domains.operations.batches.outcome import OUTCOMES, counts_of, outcome_of

_CHIPS = {"running": "working"}  # where the word alone is that of a guest's state
# What a guest is through with; one whose turn never came is not.
_OVER = frozenset(("succeeded", "late", "partial", "failed", "refused", "unconfirmed"))
_BAD = ("partial", "failed", "refused", "unconfirmed", "cancelled", "dropped")
# What the list can be narrowed to: the outcomes that belong together, and how the database finds them
GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "": ("All", OUTCOMES),
    "failed": ("Not achieved", _BAD),
    "open": ("Open", ("waiting", "running", "queued", "due")),
    "done": ("Succeeded", ("succeeded", "late")),
    "left": ("Not changed", ("nothing", "cannot")),
}


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One guest; ``words`` say what was planned, ``why`` what came of it where that needs words."""

    item: BatchItem
    chip: str
    words: str
    why: str
    reason: str


@dataclass(frozen=True, slots=True)
class Count:
    """How many guests have an outcome."""

    chip: str
    number: int


@dataclass(frozen=True, slots=True)
class Tab:
    """One way to narrow the list. ``name`` is what its number is found by on the page."""

    value: str
    name: str
    words: str
    number: int
    current: bool


def narrowed(items: QuerySet[BatchItem], show: str) -> QuerySet[BatchItem]:
    """Keep the guests with the outcomes of a group; all for an unknown one."""
    if not show or show not in GROUPS:
        return items
    wanted = set(GROUPS[show][1])
    states = [state for state in ItemState if str(state) in wanted]
    statuses = [status for status in Status if str(status) in wanted]
    return items.filter(Q(state__in=states) | Q(operation__status__in=statuses))


def to_do(counts: Mapping[str, int]) -> int:
    """Give how many guests were to be changed."""
    return sum(counts.values()) - counts.get("nothing", 0) - counts.get("cannot", 0)


def tabs_of(counts: Mapping[str, int], show: str = "") -> list[Tab]:
    """Give every group with its number, also those that nothing is in yet: guests may come to them."""
    return [
        Tab(value, value or "all", words, sum(counts.get(one, 0) for one in outcomes), value == show)
        for value, (words, outcomes) in GROUPS.items()
    ]


def rows_of(items: Iterable[BatchItem]) -> list[ItemRow]:
    """Describe guests, whose operations are loaded."""
    return [_row(item) for item in items]


def summary_of(batch: Batch, items: QuerySet[BatchItem], *, pushed: bool = False) -> dict[str, Any]:
    """Give what the summary is drawn from. Two queries.

    ``pushed`` has the page fetch its buttons anew when the batch is over. ``at`` never comes twice, so that no summary is
    taken for one that was sent before. ``outcomes`` has the numbers by their names.
    """
    counts = counts_of(items)
    over = sum(counts.get(outcome, 0) for outcome in _OVER)
    newest = items.aggregate(newest=Max("operation__revision"))["newest"]
    return {
        "batch": batch,
        "chip": chip_of(batch),
        "outcomes": counts,
        "counts": [Count(_CHIPS.get(one, one), number) for one, number in counts.items()],
        "to_do": to_do(counts),
        "over": over,
        "pushed": pushed and not batch.under_way,
        "at": max(batch.revision, newest or 0),
    }


def chip_of(batch: Batch) -> str:
    """Name the look of a batch's status."""
    return "working" if batch.status == BatchStatus.RUNNING else str(batch.status)


def title_of(batch: Batch, guests: int) -> str:
    """Say what the batch asks."""
    return batch_words.of_batch(batch, guests)


def fragments(batch: Batch) -> dict[str, str]:
    """Draw what changes with the batch itself: its numbers, and the guests that it leaves out."""
    items = batch.items.all()
    out = _numbers(batch)
    if batch.status != BatchStatus.RUNNING:
        for row in rows_of(items.filter(state__in=(ItemState.DROPPED, ItemState.REFUSED))):
            out[f"item-{row.item.pk}"] = _template("_batch_item.html", {"row": row})
    return out


def fragments_of_operation(operation: Operation) -> dict[str, str]:
    """Draw what changes with one operation of a batch: the guest's row and the numbers."""
    items = BatchItem.objects.select_related("batch", "operation", "domain__host").filter(operation=operation)
    out: dict[str, str] = {}
    for row in rows_of(items):
        out[f"item-{row.item.pk}"] = _template("_batch_item.html", {"row": row})
        out |= _numbers(row.item.batch)
    return out


def _row(item: BatchItem) -> ItemRow:
    outcome, operation = outcome_of(item), item.operation
    told = item.state in (ItemState.NOTHING, ItemState.CANNOT, ItemState.REFUSED)
    return ItemRow(
        item=item,
        chip=_CHIPS.get(outcome, outcome),
        words="" if told else item.plan,
        why=item.plan if told else operation.message if operation else "",
        reason=item.reason if told else operation.reason if operation else "",
    )


def _numbers(batch: Batch) -> dict[str, str]:
    """Draw the summary, and the number of each tab."""
    summary = summary_of(batch, batch.items.all(), pushed=True)
    out: dict[str, str] = {"batch-summary": _template("_batch_summary.html", summary)}
    for tab in tabs_of(summary["outcomes"]):
        out[f"tab-{tab.name}"] = _template("_batch_tab.html", {"tab": tab, "at": summary["at"]})
    return out


def _template(name: str, context: dict[str, Any]) -> SafeString:
    return mark_safe(get_template(name).render(context).strip())  # noqa: S308  # a template's own output
