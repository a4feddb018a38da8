"""The form of a batch: what is asked, and which guests are meant, as they stand in an address or come back with a POST."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.http import QueryDict

from domains.inventory.finding import FleetFilters
from domains.operations.actor import Actor
from domains.operations.batches import choose, retrying
from domains.operations.batches.request import Choice
from domains.operations.batches.wanted import PARALLEL
from domains.operations.refused import RequestRefused
from domains.operations.text import stored
from domains.vcpu.reasons import Reason
from domains.web.fleet_filters import fleet_filters_of
from domains.web.numbers import read_number
from domains.web.query import Malformed

_FILTERS = ("q", "host", "state", "differs", "waiting", "unreachable")
_CHOOSING = ("domain", "all", "retry", *_FILTERS)
ACTIONS = (
    ("add", "add"),
    ("remove", "remove"),
    ("make_removable", "make removable for the next start"),
    ("sync", "make both sides alike"),
)
SIDES = (("both", "Both"), ("live", "Live"), ("config", "Config"), ("current", "Current"))


@dataclass(frozen=True, slots=True)
class Form:
    """What is asked, as it stands in the form: of ``vcpu`` and ``count`` the first counts if it is filled in."""

    action: str = "add"
    vcpu: str = ""
    count: str = "1"
    affect: str = "both"
    parallel: str = str(PARALLEL)
    stop: bool = False
    note: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Form:
        """Read it back; what is missing is as at first."""
        fields = ("action", "vcpu", "count", "affect", "parallel")
        words = {name: str(query.get(name)).strip() for name in fields if name in query}
        return cls(**words, stop="stop" in query, note=str(query.get("note", "")))

    def asked(self) -> dict[str, object]:
        """Give it as a batch is asked for. What an action leaves no choice about is not asked."""
        counts = self.action in ("add", "remove")
        which: dict[str, object] = (
            {"vcpu": self.vcpu} if self.vcpu else {"count": self.count} if counts else {}
        )
        affect = "config" if self.action == "make_removable" else self.affect
        gone_about = {"parallel": self.parallel, "stop_on_failure": self.stop, "note": self.note}
        return {"action": self.action, "affect": affect, **which, **gone_about}


def choosing(query: QueryDict) -> QueryDict:
    """Keep of an address what says which guests are meant."""
    kept = QueryDict(mutable=True)
    for name in _CHOOSING:
        if values := [value for value in query.getlist(name) if value.strip()]:
            kept.setlist(name, values)
    return kept


def chosen_guests(actor: Actor, query: QueryDict) -> Choice:
    """Find the guests that an address means. Raises :class:`RequestRefused`."""
    if "retry" in query:
        return retrying.retriable(actor, read_number(str(query.get("retry"))) or 0)
    if "all" in query:
        return Choice(choose.by_filters(actor, _filters(query)), _how(query))
    keys = [read_number(text) for text in query.getlist("domain")]
    domains = choose.by_key(actor, [key for key in keys if key])
    return Choice(domains, {"picked": len(domains)})


def guests_to_run(actor: Actor, query: QueryDict, shown: Mapping[int, str], key: str) -> Choice:
    """Give the guests that were shown, whatever would be chosen by now. ``key`` is that of the form."""
    if "retry" in query:
        again = retrying.retriable(actor, read_number(str(query.get("retry"))) or 0, key)
        kept = [domain for domain in again.domains if domain.pk in shown]
        return replace(again, domains=kept, shown=shown)
    how: dict[str, object] = {"picked": len(shown)}
    if "all" in query:
        how = _how(query)
    return Choice(choose.by_key(actor, shown), how, shown)


def _how(query: QueryDict) -> dict[str, object]:
    return {"filters": {name: stored(str(query.get(name)).strip()) for name in _FILTERS if name in query}}


def _filters(query: QueryDict) -> FleetFilters:
    try:
        return fleet_filters_of(query)
    except Malformed as malformed:
        raise RequestRefused(Reason.INVALID_REQUEST, str(malformed)) from malformed


def read_plan(text: str) -> dict[int, str]:
    """Read the plan that was shown: keys of guests, each with its digest. Raises :class:`RequestRefused`."""
    pairs = [part.partition(":") for part in text.split()]
    keys = {read_number(key): digest[:64] for key, _, digest in pairs}
    if None in keys or not keys:
        raise RequestRefused(
            Reason.INVALID_REQUEST, "The plan came back damaged; look at it again and run it then."
        )
    return {key: digest for key, digest in keys.items() if key}


def as_before(choice: Choice, form: Form) -> Form:
    """Ask of a retried batch what it asked."""
    batch = choice.batch
    assert batch is not None  # noqa: S101  # what the caller made sure of
    vcpu = batch.vcpu if isinstance(batch.vcpu, str) else ",".join(str(one) for one in batch.vcpu or [])
    return replace(
        form,
        action=batch.action,
        vcpu=vcpu,
        count=str(batch.count or 1),
        affect=batch.affect,
        parallel=str(batch.parallel),
        stop=batch.stop_on_failure,
    )
