"""What of the history a person may see."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Q

from domains.models import Operation
from domains.models.grant import AUDITING, SEEING, domains_seen_by, roles_on_everything

_OF_NO_DOMAIN = Q(domain_uuid=None)


@dataclass(frozen=True, slots=True)
class Sight:
    """The part of the history that is a person's to see.

    ``history`` is all of it: what is about no domain too, such as sign-ins, roles, hosts and tokens.
    ``everything`` is what is about any domain, else ``by_host`` names the domains by their UUIDs. What somebody
    did by themselves that is about no domain (``name`` says who) they see in any case.
    """

    history: bool
    everything: bool
    by_host: dict[str, frozenset[UUID]]
    name: str

    def entries(self) -> Q:
        """Restrict history entries, or lines made of them, to what the person may see."""
        if self.history:
            return Q()
        seen = _OF_NO_DOMAIN & Q(actor=self.name)
        if self.everything:
            return seen | ~_OF_NO_DOMAIN
        for host, uuids in self.by_host.items():
            seen |= Q(host=host, domain_uuid__in=[str(uuid) for uuid in uuids])
        return seen

    def covers(self, operation: Operation) -> bool:
        """Whether the person may see this operation, by the names it keeps."""
        return self.everything or operation.domain_uuid in self.by_host.get(operation.host_slug, ())


def sight_of(user: AbstractBaseUser | AnonymousUser, *, limit: str = "") -> Sight:
    """Look up what a person sees, by a token that is limited to a role if ``limit`` names one.

    One query for those who see everything, else three.
    """
    roles = roles_on_everything(user)
    history = not roles.isdisjoint(AUDITING) and (not limit or limit in AUDITING)
    everything = not roles.isdisjoint(SEEING)
    by_host: dict[str, set[UUID]] = {}
    if not everything:
        for host, uuid in domains_seen_by(user).values_list("host__slug", "uuid"):
            by_host.setdefault(host, set()).add(uuid)
    seen = {host: frozenset(uuids) for host, uuids in by_host.items()}
    return Sight(history, everything, seen, user.get_username())
