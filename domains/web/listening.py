"""Who is at the other end of a stream, and what it may carry to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import OuterRef, Subquery

from domains.models import BatchItem, Domain, Host, Operation
from domains.models.grant import scopes_of
from domains.models.scope import EVERYTHING, Guest, HostGuests, Scope, condition, covers
from domains.operations.text import storable
from domains.push.rendering import Audience
from domains.push.topics import named_guests
from domains.web.numbers import read_number
from domains.web.sessions import signed_in


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody's stream may carry: a rule, which does not grow with the number of guests."""

    sees: frozenset[Scope]
    changes: frozenset[Scope]

    def audience(self, guest: Guest | None) -> Audience | None:
        """Say as whom the person gets a fragment of this guest; ``None`` for one they may not see.

        Without a guest it is for everybody who may see any at all.
        """
        if guest is None:
            return "see" if self.sees else None
        if covers(self.changes, guest):
            return "change"
        return "see" if covers(self.sees, guest) else None

    def knows_host(self, guests: HostGuests) -> bool:
        """Whether the person may know of the host that has these guests: they see one, or everything."""
        return EVERYTHING in self.sees or guests.any_in(self.sees)

    def may_subscribe(self, topics: Collection[str]) -> bool:
        """Whether the person may listen to each of the topics. Reads the database, once for each kind of topic."""
        named: defaultdict[str, set[str]] = defaultdict(set)
        for topic in topics:
            kind, _, name = topic.partition(":")
            named[kind].add(name)
        return all(map(storable, topics)) and all(self._hears(kind, names) for kind, names in named.items())

    def _hears(self, kind: str, names: set[str]) -> bool:
        match kind:
            case "fleet" | "operations" | "batches":
                return names == {""}
            case "domain" | "row":
                return self._sees_guests({f"{kind}:{name}" for name in names})
            case "host":
                return self._knows_hosts(names)
            case "batch" | "operation":
                numbers = {number for name in names if (number := read_number(name)) is not None}
                sees = self._sees_batches if kind == "batch" else self._sees_operations
                return len(numbers) == len(names) and sees(numbers)
        return False

    def _sees_guests(self, topics: set[str]) -> bool:
        found = named_guests(topics)
        return all(any(map(self.audience, found.get(topic, ()))) for topic in topics)

    def _knows_hosts(self, slugs: set[str]) -> bool:
        if EVERYTHING in self.sees:
            return Host.objects.filter(slug__in=slugs).count() == len(slugs)
        seen = Domain.objects.filter(condition(self.sees), host__slug__in=slugs)
        return set(seen.order_by().values_list("host__slug", flat=True).distinct()) == slugs

    def _sees_batches(self, numbers: set[int]) -> bool:
        """Whether every guest of the batches may be seen: what is pushed speaks of all of them."""
        found = set()
        # By the names they keep, as its page does: a host may have been removed and added again.
        kept = Domain.objects.filter(host__slug=OuterRef("host_slug"), uuid=OuterRef("domain_uuid"))
        now = {name: Subquery(kept.values(name)[:1]) for name in ("pk", "host", "name")}
        items = BatchItem.objects.filter(batch__in=numbers)
        guests = items.values_list("batch", now["pk"], now["host"], now["name"])
        for batch, pk, host, name in guests:
            gone = pk is None
            if EVERYTHING not in self.sees and (gone or not covers(self.sees, Guest(pk, host, name))):
                return False
            found.add(batch)
        return found == numbers

    def _sees_operations(self, numbers: set[int]) -> bool:
        """Whether their guests may be seen, found by the names that an operation keeps, as its page does.

        Its host may have been removed and added again.
        """
        operations = Operation.objects.filter(pk__in=numbers)
        kept = [(host, uuid) for host, uuid in operations.values_list("host_slug", "domain_uuid")]
        if len(kept) != len(numbers) or EVERYTHING in self.sees:
            return len(kept) == len(numbers)
        named = Domain.objects.filter(uuid__in={uuid for _, uuid in kept})
        seen = {
            (slug, uuid)
            for slug, uuid, pk, host, name in named.values_list("host__slug", "uuid", "pk", "host", "name")
            if covers(self.sees, Guest(pk, host, name))
        }
        return seen.issuperset(kept)


@lru_cache(maxsize=4096)
def _shared(access: Access) -> Access:
    """Give the one value for all who may see the same."""
    return access


def accesses(sessions: Collection[str]) -> dict[str, Access]:
    """Find out what the holders of sessions may see; those that nobody who is signed in holds are left out.

    Three queries, however many sessions.
    """
    users = signed_in(sessions)
    scopes = scopes_of(set(users.values()))
    return {session: _shared(Access(*scopes[user.pk])) for session, user in users.items()}
