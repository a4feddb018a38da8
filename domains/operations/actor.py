"""Who asks, and through which door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from domains.models import Domain, Host, Operation
from domains.models.grant import CHANGING, SEEING, covers_everything, domains_changed_by, domains_seen_by
from domains.operations.sight import sight_of
from domains.operations.text import stored

Door = Literal["page", "api", "command"]
ADDRESS_LENGTH = 64


def address_of(request: HttpRequest) -> str:
    """Give the client's address, as the web server knows it: behind a trusted proxy what the proxy says."""
    return stored(str(request.META.get("REMOTE_ADDR", "")))[:ADDRESS_LENGTH]


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who asks. Without a ``user`` it is the operating system's user, with an administrator's rights.

    ``token`` names the API token that came with the request, if one did, and ``limit`` is the role beyond which
    it opens nothing; empty, there is no such limit.
    """

    name: str
    door: Door
    user: AbstractBaseUser | None = None
    address: str = ""
    token: str = ""
    limit: str = ""

    @property
    def only_looks(self) -> bool:
        """Whether the token that came with the request changes nothing, whatever its owner may."""
        return bool(self.limit) and self.limit not in CHANGING

    def told(self) -> dict[str, object]:
        """Give who this is as entries say it."""
        return {
            "actor": self.name,
            "door": self.door,
            "address": self.address,
            "token": self.token or None,
        }

    def sees(self) -> QuerySet[Domain]:
        """Give the domains that this actor may see."""
        return domains_seen_by(self.user) if self.user else Domain.objects.all()

    def knows_host(self, slug: str) -> bool:
        """Whether this actor may know of a host: one of which they see a domain, or any, who sees everything."""
        if self.sees_everything():
            return Host.objects.filter(slug=slug).exists()
        return self.sees().filter(host__slug=slug).exists()

    def sees_operation(self, operation: Operation) -> bool:
        """Whether this actor may see an operation, by the names it keeps: its domain may be gone."""
        if self.sees_everything():
            return True
        return self.sees().filter(host__slug=operation.host_slug, uuid=operation.domain_uuid).exists()

    def changes(self) -> QuerySet[Domain]:
        """Give the domains that this actor may change."""
        if self.only_looks:
            return Domain.objects.none()
        return domains_changed_by(self.user) if self.user else Domain.objects.all()

    def may_change(self, operation: Operation) -> bool:
        """Whether this actor may change what an operation is about; a domain that is gone, if every other one."""
        if operation.domain_id is not None:
            return self.changes().filter(pk=operation.domain_id).exists()
        return self.changes_everything()

    def barred(self, what: str, pronoun: str = "it") -> str:
        """Say why this actor may not change a domain that it may see, or several."""
        if self.only_looks:
            return (
                f"The token “{self.token}” is limited to {self.limit} and changes nothing; use one that may."
            )
        return f"{self.name} may see {what} but not change {pronoun}; ask an administrator for the operator role."

    def sees_everything(self) -> bool:
        """Whether this actor may see every domain, also those that are gone or still to come."""
        return self.user is None or covers_everything(self.user, SEEING)

    def changes_everything(self) -> bool:
        """Whether this actor may change every domain, also those that are gone or still to come."""
        return not self.only_looks and (self.user is None or covers_everything(self.user, CHANGING))

    def operations(self) -> QuerySet[Operation]:
        """Give the operations that this actor may see, by the names they keep."""
        if self.sees_everything():
            return Operation.objects.all()
        seen = self.sees().filter(host__slug=OuterRef("host_slug"), uuid=OuterRef("domain_uuid"))
        return Operation.objects.filter(Exists(seen))

    def entries(self) -> Q:
        """Restrict history entries to those that this actor may see."""
        return sight_of(self.user, limit=self.limit).entries() if self.user else Q()
