"""Who asks, and through which door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet

from domains.models import Domain
from domains.models.grant import domains_changed_by, domains_seen_by

Door = Literal["page", "api", "command"]


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who asks. Without a ``user`` it is the operating system's user, with an administrator's rights."""

    name: str
    door: Door
    user: AbstractBaseUser | None = None
    address: str = ""

    def sees(self) -> QuerySet[Domain]:
        """Give the domains that this actor may see."""
        return domains_seen_by(self.user) if self.user else Domain.objects.all()

    def changes(self) -> QuerySet[Domain]:
        """Give the domains that this actor may change."""
        return domains_changed_by(self.user) if self.user else Domain.objects.all()
