"""How much the vCPUs of open domains use: told by the watchers in Redis, for a few seconds, and shown on their pages.

The figures are worth nothing a moment later, so they are neither in the database nor announced: whoever has pages to
bring them to looks them up. What is not told any more is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from django.utils.html import format_html

from domains.push import reach
from domains.push.topics import names_page

USAGE = "slotboard:usage:"  # + HOST/UUID, as in the topic of a domain's page
LIFETIME = 15  # seconds for which a figure is shown without being told again


def tell(host: str, used: Mapping[str, str]) -> None:
    """Tell the shares of a host's domains, by UUID; an empty text where none are known. Never raises."""
    with suppress(reach.Away), reach.redis() as redis, redis.pipeline(transaction=False) as together:
        for uuid, text in used.items():
            together.set(f"{USAGE}{host}/{uuid}", text, ex=LIFETIME)
        together.execute()


def usage_keys(topics: Iterable[str]) -> dict[str, str]:
    """Give where the shares are told that belong on the pages among these topics: topic to key."""
    return {topic: USAGE + topic.partition(":")[2] for topic in topics if names_page(topic)}


def element_id(topic: str) -> str:
    """Give the id of the element that holds the shares on a domain's page."""
    return f"usage-{topic.rpartition('/')[2]}"


def element(topic: str, text: str) -> str:
    """Draw that element. A script shows in the slots what it holds."""
    return format_html('<data id="{}" value="{}" hidden></data>', element_id(topic), text)
