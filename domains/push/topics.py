"""The topics of domains: ``domain:HOST/UUID``, or ``domain:UUID`` for whichever hosts show that UUID.

While a guest is moved, two hosts show the same UUID; a page belongs to one of them. ``row:NUMBER`` is a domain's row
in a list, so that a page listens to the rows that it shows and to no others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from django.db.models import Q

from domains.models import Domain
from domains.models.scope import Guest

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


def names_one_guest(topic: str) -> bool:
    """Whether a topic is that of one guest's page or row."""
    return topic.startswith(_ROW) or names_page(topic)


def names_page(topic: str) -> bool:
    """Whether a topic is that of one guest's page."""
    return topic.startswith(_KIND) and "/" in topic


def named_guests(topics: Collection[str]) -> Mapping[str, Sequence[Guest]]:
    """Find the guests that each topic names; none for any other topic, and for nonsense. At most one query."""
    named = Q()
    if uuids := [uuid for text in named_uuids(topics) if (uuid := _as_uuid(text))]:
        named |= Q(uuid__in=uuids)
    if rows := [int(text) for topic in topics if (text := _row(topic)).isascii() and text.isdigit()]:
        named |= Q(pk__in=rows)
    found: defaultdict[str, list[Guest]] = defaultdict(list)
    fields = ("pk", "host", "name", "uuid", "host__slug")
    for pk, host, name, uuid, slug in Domain.objects.filter(named).values_list(*fields) if named else ():
        for topic in {f"{_KIND}{uuid}", f"{_KIND}{slug}/{uuid}", row_topic(pk)}.intersection(topics):
            found[topic].append(Guest(pk, host, name))
    return found


def _row(topic: str) -> str:
    """Give a row's number as it is written; nothing for any other topic, and for what is too long to be one."""
    text = topic.removeprefix(_ROW)
    return text if topic.startswith(_ROW) and len(text) < 19 else ""


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def named_uuids(topics: Iterable[str]) -> set[str]:
    """Give the UUIDs that stand in the topics of domains."""
    return {topic.removeprefix(_KIND).rpartition("/")[2] for topic in topics if topic.startswith(_KIND)}


def named_rows(topics: Iterable[str]) -> set[int]:
    """Give the keys of the domains whose rows are listened to; every topic was authorised before."""
    return {int(topic.removeprefix(_ROW)) for topic in topics if topic.startswith(_ROW)}
