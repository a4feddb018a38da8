"""Turning keys into fragments, in a thread: once for each key and audience, however many people look on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from domains.models.revision import current_revision
from domains.push.topics import named_domains

Audience = Literal["see", "change"]
AUDIENCES: tuple[Audience, ...] = ("change", "see")


class Rendered(Protocol):
    """What a key looks like to one audience.

    ``fragments`` is topic to element id to the element's outer HTML; ``domain_id`` says whose rights count. What
    belongs to no domain is for those who may know of the host ``host_id``, or without one for all who see anything.
    """

    @property
    def domain_id(self) -> int | None:
        """The domain that the fragments show, if it is one."""

    @property
    def host_id(self) -> int | None:
        """The host that the fragments show, if it is one."""

    @property
    def fragments(self) -> Mapping[str, Mapping[str, str]]:
        """Topic to element id to outer HTML."""


class Access(Protocol):
    """What one person may see; two that are equal allow the same."""

    def audience(self, domain_id: int | None, /) -> Audience | None:
        """Say as whom the person gets fragments of a domain. Asked in the event loop: must not wait."""

    def knows_host(self, host_id: int, /) -> bool:
        """Whether the person may know of a host. Asked in the event loop: must not wait."""

    def may_subscribe(self, topic: str, /) -> bool:
        """Whether the person may listen to a topic. Asked in a thread."""


Render = Callable[[str, Audience, frozenset[str]], Rendered | None]
FindAccess = Callable[[str], Access | None]


@dataclass(frozen=True, slots=True)
class Prime:
    """A topic of which it must be known what it looks like now, so that only later differences are sent."""

    topic: str
    key: str
    audience: Audience


@dataclass(frozen=True, slots=True)
class Picture:
    """One key's fragments for one audience. ``quiet`` ones are noted, not sent."""

    audience: Audience
    rendered: Rendered
    quiet: bool


@dataclass(frozen=True, slots=True)
class Pictures:
    """What one round of rendering gave; ``revision`` is the highest that can have been visible in it."""

    pictures: list[Picture]
    revision: int


def render_all(
    render: Render,
    *,
    keys: Collection[str],
    primes: Iterable[Prime],
    accesses: Collection[Access],
    wanted: frozenset[str],
) -> Pictures:
    """Render keys for the audiences that are there, and what is to be primed. Reads the database."""
    pictures = [picture for prime in primes for picture in _primed(render, prime)]
    for key in keys:
        pictures += _render_key(render, key, accesses, wanted)
    return Pictures(pictures, current_revision())


def _primed(render: Render, prime: Prime) -> list[Picture]:
    rendered = render(prime.key, prime.audience, frozenset({prime.topic}))
    return [] if rendered is None else [Picture(prime.audience, rendered, quiet=True)]


def _render_key(
    render: Render, key: str, accesses: Collection[Access], wanted: frozenset[str]
) -> list[Picture]:
    kind, _, number = key.partition(":")
    # Whose rights count for an operation is known when it has been rendered once.
    known = kind in {"domain", "host", "batch"}
    audiences = _audiences(accesses, int(number) if kind == "domain" else None) if known else set(AUDIENCES)
    pictures = []
    for audience in AUDIENCES:
        if audience in audiences:
            rendered = render(key, audience, wanted)
            if rendered is None:
                break
            audiences = {audience_of(access, rendered) for access in accesses}
            pictures.append(Picture(audience, rendered, quiet=False))
    return pictures


def _audiences(accesses: Collection[Access], domain_id: int | None) -> set[Audience | None]:
    return {access.audience(domain_id) for access in accesses}


def audience_of(access: Access, rendered: Rendered) -> Audience | None:
    """Say as whom a person gets what was rendered; None for one whom it does not concern."""
    if rendered.host_id is not None and not access.knows_host(rendered.host_id):
        return None
    return access.audience(rendered.domain_id)


def find_primes(access: Access, topics: Iterable[str]) -> list[Prime]:
    """Find what shows the topics of single domains to this person. The others are small and need no priming."""
    primes = []
    for topic in topics:
        for pk in named_domains(topic).values_list("pk", flat=True):
            if audience := access.audience(pk):
                primes.append(Prime(topic, f"domain:{pk}", audience))
    return primes
