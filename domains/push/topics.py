"""The topics of domains: ``domain:HOST/UUID``, or ``domain:UUID`` for whichever hosts show that UUID.

While a guest is moved, two hosts show the same UUID; a page belongs to one of them. ``row:NUMBER`` is a domain's row
in a list, so that a page listens to the rows that it shows and to no others.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from domains.models import Domain

_KIND = "domain:"
_ROW = "row:"


def domain_topics(domain: Domain) -> frozenset[str]:
    """Give the topics under which people listen to a domain. Needs ``host`` loaded; only one of them names the host."""
    return frozenset((page_topic(domain), f"{_KIND}{domain.uuid}"))


def page_topic(domain: Domain) -> str:
    """Give the topic of a domain's own page."""
    return f"{_KIND}{domain.host.slug}/{domain.uuid}"


def row_topic(pk: int) -> str:
    """Give the topic of a domain's row in a list."""
    return f"{_ROW}{pk}"


def named_domains(topic: str) -> QuerySet[Domain]:
    """Find the domains that a topic names; none for any other topic, and for nonsense."""
    host, _, text = topic.removeprefix(_KIND).rpartition("/")
    try:
        found = Domain.objects.filter(uuid=UUID(text))
    except ValueError:
        return Domain.objects.none()
    if not topic.startswith(_KIND):
        return Domain.objects.none()
    return found.filter(host__slug=host) if "/" in topic else found


def named_uuids(topics: Iterable[str]) -> set[str]:
    """Give the UUIDs that stand in the topics of domains."""
    return {topic.removeprefix(_KIND).rpartition("/")[2] for topic in topics if topic.startswith(_KIND)}
