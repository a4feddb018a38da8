"""What of the history a person may see."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from domains.models import Domain, Host, Operation
from domains.models.domain import KeptUuid
from domains.models.grant import AUDITING, SEEING, domains_seen_by, roles_on_everything

_OF_NO_DOMAIN = Q(domain_uuid=None)
_FEW = 1000  # domains that are named to the database, which has an index for that; of more it asks row by row


@dataclass(frozen=True, slots=True)
class Sight:
    """The part of the history that is a person's to see.

    ``history`` is all of it: what is about no domain too, such as sign-ins, roles, hosts and tokens.
    ``everything`` is what is about any domain, else it is what is about ``domains``, which ``by_host`` names by
    their UUIDs unless they are many. What somebody did by themselves that is about no domain (``name`` says who)
    they see in any case.
    """

    history: bool
    everything: bool
    domains: QuerySet[Domain]
    by_host: dict[str, set[UUID]] | None
    name: str

    def entries(self) -> Q:
        """Restrict history entries, or lines made of them, to what the person may see."""
        if self.history:
            return Q()
        seen = _OF_NO_DOMAIN & Q(actor=self.name)
        if self.everything:
            return seen | ~_OF_NO_DOMAIN
        if self.by_host is None:
            return seen | self._about_one_of_many()
        for host, uuids in self.by_host.items():
            seen |= Q(host=host, domain_uuid__in=[str(uuid) for uuid in uuids])
        return seen

    def _about_one_of_many(self) -> Q:
        about = self.domains.filter(host__slug=OuterRef("host"), uuid=KeptUuid(OuterRef("domain_uuid")))
        return Q(Exists(about))

    def hosts(self, *, most: int) -> list[str]:
        """Give the names of hosts that the person may know of, in their order. At most one query."""
        if self.by_host is not None and not self.everything:
            return sorted(self.by_host)[:most]
        here = Q() if self.everything else Q(Exists(self.domains.filter(host=OuterRef("pk"))))
        return list(Host.objects.filter(here).order_by("slug").values_list("slug", flat=True)[:most])

    def covers(self, operation: Operation) -> bool:
        """Whether the person may see this operation, by the names it keeps."""
        kept = {"host__slug": operation.host_slug, "uuid": operation.domain_uuid}
        return self.everything or self.domains.filter(**kept).exists()


def sight_of(user: AbstractBaseUser | AnonymousUser, *, limit: str = "") -> Sight:
    """Look up what a person sees, by a token that is limited to a role if ``limit`` names one.

    One query for those who see everything, else three.
    """
    roles = roles_on_everything(user)
    history = not roles.isdisjoint(AUDITING) and (not limit or limit in AUDITING)
    everything = not roles.isdisjoint(SEEING)
    domains = Domain.objects.none() if everything else domains_seen_by(user)
    return Sight(history, everything, domains, _by_host(domains), user.get_username())


def _by_host(domains: QuerySet[Domain]) -> dict[str, set[UUID]] | None:
    by_host: dict[str, set[UUID]] = {}
    few = list(domains.order_by().values_list("host__slug", "uuid")[: _FEW + 1])
    for host, uuid in few:
        by_host.setdefault(host, set()).add(uuid)
    return by_host if len(few) <= _FEW else None
