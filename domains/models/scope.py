"""Which guests somebody's grants cover: as a condition for the database, and as a rule that needs none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.db.models import F, Q

from domains.models.domain import Domain
from domains.models.shellpattern import Fits, matcher

EVERY_GUEST = "*"
ALL = Q(pk__isnull=False)


@dataclass(frozen=True, slots=True)
class Guest:
    """A domain as far as rights go: its row, its host's, and what it is called."""

    pk: int
    host: int
    name: str


@dataclass(frozen=True, slots=True)
class Scope:
    """The guests of one host, or with None of all, whose names fit a shell pattern."""

    host: int | None
    pattern: str

    def covers(self, guest: Guest) -> bool:
        """Whether a guest is one of these, by the same rule as :attr:`condition`. Waits for nothing."""
        return self.host in (None, guest.host) and matcher(self.pattern)(guest.name) is not None

    @property
    def condition(self) -> Q:
        """What is true of these domains."""
        on_host = Q() if self.host is None else Q(host=self.host)
        named = Q() if self.pattern == EVERY_GUEST else Q(Fits(F("name"), self.pattern))
        return on_host & named


EVERYTHING = Scope(None, EVERY_GUEST)


def condition(scopes: Iterable[Scope]) -> Q:
    """Give what is true of the domains that one of the scopes covers; ``ALL`` itself if that is each of them."""
    covered = Q(pk__in=[])
    for scope in scopes:
        if scope == EVERYTHING:
            return ALL
        covered |= scope.condition
    return covered


def covers(scopes: Iterable[Scope], guest: Guest) -> bool:
    """Whether one of the scopes covers a guest. Waits for nothing."""
    return any(scope.covers(guest) for scope in scopes)


class HostGuests:
    """The guests of one host, of whom many people are asked whether they see any. Read when first needed."""

    def __init__(self, host: int) -> None:
        self._host = host
        self._fitting: dict[str, bool] = {}

    def any_in(self, scopes: Iterable[Scope]) -> bool:
        """Whether one of the scopes covers any of them. May read the database, once."""
        return any(self._any_fits(scope.pattern) for scope in scopes if scope.host in (None, self._host))

    def _any_fits(self, pattern: str) -> bool:
        if pattern not in self._fitting:
            self._fitting[pattern] = any(map(matcher(pattern), self._names))
        return self._fitting[pattern]

    @cached_property
    def _names(self) -> list[str]:
        return list(Domain.objects.filter(host=self._host).values_list("name", flat=True))
