"""The cards of the sockets of a guest whose slots do not fit on one page: a map, and what is worth a look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.safestring import SafeString

from domains.vcpu.view import DomainView
from domains.web import maps
from domains.web.strokes import Strokes

_CARD = maps.Scale(3, 1, 4, 1, 32)
# What is worth a look in a socket that is drawn as a map, in this order: the kind of its tag, and words
_MARKS = {
    "failed": ("fail", "failed"),
    "waiting": ("wait", "waiting for the guest"),
    "unconfirmed": ("wait", "unconfirmed"),
    "removing": ("act", "being removed"),
    "adding": ("act", "being added"),
    "changing": ("act", "being changed"),
    "queued": ("act", "queued"),
    "differ": ("dif", "live and config differ"),
    "offline": ("plain", "offline in the guest"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """How many slots of a socket are in a state that is worth a look; ``kind`` is that of a tag."""

    state: str
    kind: str
    words: str
    count: int


@dataclass(frozen=True, slots=True)
class SocketCard:
    """One socket of a guest whose slots do not fit on one page."""

    number: int
    live: str
    map: SafeString
    marks: tuple[Mark, ...]


def card_of(
    view: DomainView, ids: range, number: int, strokes: Strokes, states: Mapping[int, str]
) -> SocketCard:
    """Draw the card of one socket, which holds the slots ``ids``. ``states`` are those that operations give slots."""
    side = view.live or view.config
    present = len(side.present.intersection(ids)) if side else 0
    return SocketCard(
        number=number,
        live=f"{present} of {len(ids)}",
        map=maps.draw_part(view.live, view.config, strokes, ids=ids, scale=_CARD),
        marks=_marks(view, ids, states),
    )


def _marks(view: DomainView, ids: range, states: Mapping[int, str]) -> tuple[Mark, ...]:
    counts = Counter(states[vcpu] for vcpu in ids if vcpu in states)
    live, config, guest = view.live, view.config, view.guest
    if live and config:
        differ = live.present.intersection(ids) ^ config.present.intersection(ids)
        counts["differ"] = len(differ.difference(states))
    if live and guest:
        counts["offline"] = sum(guest.online_of(vcpu) is False for vcpu in live.present.intersection(ids))
    return tuple(Mark(state, *_MARKS[state], counts[state]) for state in _MARKS if counts[state])
