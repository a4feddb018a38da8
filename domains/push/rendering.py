"""Turning keys into fragments, in a thread: once for each key and audience, however many people look on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from domains.models import Domain
from domains.models.revision import current_revision
from domains.models.scope import Guest, HostGuests
from domains.push.topics import named_guests

Audience = Literal["see", "change"]
AUDIENCES: tuple[Audience, ...] = ("change", "see")


class Rendered(Protocol):
    """What a key looks like to one audience.

    ``fragments`` is topic to element id to the element's outer HTML. ``guest`` says whose rights count, under the name
    that it has now. What belongs to none is for those who see one of ``host_guests``, or without them for all who see
    anything. ``revision`` is the highest of the rows that are shown.
    """

    @property
    def guest(self) -> Guest | None:
        """The guest that the fragments show, if it is one."""

    @property
    def host_guests(self) -> HostGuests | None:
        """The guests of the host that the fragments show, if it is one."""

    @property
    def revision(self) -> int:
        """The highest revision of the rows that the fragments show."""

    @property
    def fragments(self) -> Mapping[str, Mapping[str, str]]:
        """Topic to element id to outer HTML."""


class Access(Protocol):
    """What somebody may see; two that are equal allow the same, now and later."""

    def __hash__(self) -> int:
        """Those who may see the same are asked for once."""

    def audience(self, guest: Guest | None, /) -> Audience | None:
        """Say as whom the person gets fragments of a guest. Asked in the event loop too: must not wait."""

    def knows_host(self, guests: HostGuests, /) -> bool:
        """Whether the person may know of the host that has these guests. Asked in a thread."""

    def may_subscribe(self, topics: Collection[str], /) -> bool:
        """Whether the person may listen to each of the topics. Asked in a thread."""


Render = Callable[[str, Audience, frozenset[str]], Rendered | None]
FindAccess = Callable[[Collection[str]], Mapping[str, Access]]  # by session, without those that nobody holds


@dataclass(frozen=True, slots=True)
class Prime:
    """A topic of which it must be known what it looks like now, so that only later differences are sent."""

    topic: str
    key: str
    audience: Audience


@dataclass(frozen=True, slots=True)
class Picture:
    """One key's fragments for one audience, and as whom everybody gets that key's; None for what is noted, not sent."""

    key: str
    audience: Audience
    rendered: Rendered
    everybody: Mapping[Access, Audience | None] | None = None


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
    guests = _guests(keys)
    for key in keys:
        pictures += _render_key(render, key, _first(key, guests, accesses), accesses, wanted)
    return Pictures(pictures, current_revision())


def _primed(render: Render, prime: Prime) -> list[Picture]:
    rendered = render(prime.key, prime.audience, frozenset({prime.topic}))
    return [] if rendered is None else [Picture(prime.key, prime.audience, rendered)]


def _guests(keys: Iterable[str]) -> dict[str, Guest]:
    """Find what the domains are called of which some of the keys are. At most one query."""
    pks = [int(key.partition(":")[2]) for key in keys if key.startswith("domain:")]
    found = Domain.objects.filter(pk__in=pks).values_list("pk", "host", "name")
    return {f"domain:{guest.pk}": guest for guest in (Guest(*row) for row in found)} if pks else {}


def _first(key: str, guests: Mapping[str, Guest], accesses: Iterable[Access]) -> set[Audience | None]:
    """Say for whom a key is to be drawn, as far as that is known before it has been."""
    if key.startswith("operation:"):
        return set(AUDIENCES)
    return {access.audience(guests.get(key)) for access in accesses}


def _render_key(
    render: Render,
    key: str,
    audiences: set[Audience | None],
    accesses: Iterable[Access],
    wanted: frozenset[str],
) -> list[Picture]:
    pictures: list[Picture] = []
    for audience in AUDIENCES:
        # At least once: whoever saw the guest under another name only is to learn of it.
        if audience in audiences or (audience == AUDIENCES[-1] and not pictures):
            rendered = render(key, audience, wanted)
            if rendered is None:
                break
            everybody = {access: audience_of(access, rendered) for access in accesses}
            audiences = set(everybody.values())
            pictures.append(Picture(key, audience, rendered, everybody))
    return pictures


def audience_of(access: Access, rendered: Rendered) -> Audience | None:
    """Say as whom a person gets what was rendered; None for one whom it does not concern."""
    if rendered.host_guests is not None and not access.knows_host(rendered.host_guests):
        return None
    return access.audience(rendered.guest)


def find_primes(access: Access, topics: Iterable[str]) -> list[Prime]:
    """Find what shows the topics of single domains to this person. The others are small and need no priming."""
    pages = [topic for topic in topics if topic.startswith("domain:")]
    return [
        Prime(topic, f"domain:{guest.pk}", audience)
        for topic, guests in named_guests(pages).items()
        for guest in guests
        if (audience := access.audience(guest))
    ]
