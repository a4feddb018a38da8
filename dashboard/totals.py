"""What was counted since the beginning, as families of Prometheus's samples, and which batches are still going on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate, groupby

from django.db.models import Count
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.utils import floatToGoString

from domains.models import FINAL, UNDER_WAY, Batch, BatchStatus, Confirmation, Outcome
from domains.models.tally import BATCH, BOUNDS, GUEST_OF_BATCH
from domains.operations.batches.outcome import OUTCOMES
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action

_Endings = Mapping[tuple[str, str], int]  # by status and reason
_BATCH_ENDINGS = (BatchStatus.FINISHED, BatchStatus.STOPPED)
_GUEST_ENDINGS = [one for one in OUTCOMES if one not in ("waiting", "running", "queued", "due")]


def totals() -> Iterator[Metric]:
    """Give it all. Three queries. Raises ``django.db.Error``."""
    endings: defaultdict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for action, status, reason, count in Outcome.objects.values_list("action", "status", "reason", "count"):
        endings[action][status, reason] = count
    of_batches, of_guests = endings.pop(BATCH, {}), endings.pop(GUEST_OF_BATCH, {})
    yield _operations(endings)
    yield _confirmations()
    yield _batches_open()
    yield _ended("batches", "Batches that ended.", "status", of_batches, _BATCH_ENDINGS)
    yield _ended("batch_guests", "Guests of ended batches.", "outcome", of_guests, _GUEST_ENDINGS)


def _operations(endings: Mapping[str, _Endings]) -> Metric:
    family = CounterMetricFamily(
        "slotboard_operations", "Operations that ended.", labels=("action", "status", "reason")
    )
    counted = Counter[tuple[str, str, str]]()
    for action, ended in endings.items():
        for (status, reason), count in ended.items():
            known = _one_of(Action, action), _one_of(FINAL, status), _one_of(Reason, reason or "none")
            counted[known] += count
    for ending, number in sorted(counted.items()):
        family.add_metric(ending, number)
    return family


def _confirmations() -> Metric:
    took = HistogramMetricFamily(
        "slotboard_confirmation_seconds",
        "From the request of a change to its being seen, for each slot.",
        labels=("action", "side"),
    )
    rows = Confirmation.objects.filter(bucket__lte=len(BOUNDS)).order_by("action", "side", "bucket")
    for labels, spans in groupby(rows, key=lambda row: (row.action, row.side)):
        in_bucket = {row.bucket: row for row in spans}
        sizes = (in_bucket[n].count if n in in_bucket else 0 for n in range(len(BOUNDS) + 1))
        names = map(floatToGoString, (*BOUNDS, float("inf")))
        buckets = list(zip(names, map(float, accumulate(sizes)), strict=True))
        took.add_metric(labels, buckets, sum(row.seconds for row in in_bucket.values()))
    return took


def _batches_open() -> Metric:
    rows = Batch.objects.filter(status__in=UNDER_WAY).order_by().values_list("status")
    numbers = dict.fromkeys(UNDER_WAY, 0) | dict(rows.annotate(number=Count("pk")))
    family = GaugeMetricFamily("slotboard_batches_open", "Batches that have not ended.", labels=("status",))
    for status, number in numbers.items():
        family.add_metric((str(status),), number)
    return family


def _ended(name: str, text: str, label: str, endings: _Endings, known: Iterable[str]) -> Metric:
    """Count by the words that are known, each of them from the beginning."""
    words = [str(word) for word in known]
    counted = Counter(dict.fromkeys(words, 0))
    for (word, _), number in endings.items():
        counted[_one_of(words, word)] += number
    family = CounterMetricFamily(f"slotboard_{name}", text, labels=(label,))
    for word, number in counted.items():
        family.add_metric((word,), number)
    return family


def _one_of(words: Iterable[str], word: str) -> str:
    """Keep the values of a label few, whatever a database that was written by a newer version holds."""
    return word if word == "none" or word in set(words) else "other"
