"""Who listens to what, and which of the rendered elements each of them still lacks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from domains.models.scope import Guest
from domains.push import usage
from domains.push.board import Board, Drawing, Heard
from domains.push.client import Client, as_message
from domains.push.rendering import AUDIENCES, Access, Audience, Picture, Pictures, Prime
from domains.push.topics import names_one_guest

UNSETTLED = 30.0  # seconds; longer than a change can take from its commit to its announcement


class Shown(NamedTuple):
    """An element, the highest revision that can have made it look so, and the batch in which all were given it before."""

    element: str
    revision: int
    batch: int


class Delivery:
    """The open streams of this process by topic, and how each topic's elements look to them."""

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self._topics: defaultdict[str, set[Client]] = defaultdict(set)
        self._boards: defaultdict[tuple[str, Audience], Board] = defaultdict(Board)
        self._called: dict[str, Guest] = {}  # by the topic of its page or row

    @property
    def wanted(self) -> frozenset[str]:
        """The topics that somebody listens to."""
        return frozenset(self._topics)

    def accesses(self) -> list[Access]:
        """Give the different rights of those who listen; people with the same grants share theirs."""
        return list({id(client.access): client.access for client in self.clients}.values())

    def add(self, client: Client) -> None:
        """Let a stream take part."""
        self.clients.add(client)
        for topic in client.topics:
            self._topics[topic].add(client)

    def remove(self, client: Client) -> None:
        """Forget a stream, and how topics look to which nobody listens any more."""
        self.clients.discard(client)
        for topic in client.topics & self._topics.keys():
            self._topics[topic].discard(client)
            if not self._topics[topic]:
                del self._topics[topic]
                self._called.pop(topic, None)
                for audience in AUDIENCES:
                    self._boards.pop((topic, audience), None)

    def unknown(self, primes: Iterable[Prime]) -> list[Prime]:
        """Give those whose look is not known yet."""
        return [prime for prime in primes if not self._primed(prime)]

    def _primed(self, prime: Prime) -> bool:
        board = self._boards.get((prime.topic, prime.audience))
        return board is not None and board.primed

    def show_usage(self, topic: str, text: str) -> None:
        """Give everybody on a domain's page how much its vCPUs use, if they have not been given that already."""
        message = as_message(usage.element_id(topic), usage.element(topic, text))
        for client in self._topics.get(topic, ()):
            client.show_usage(topic, text, message)

    def deliver(self, pictures: Pictures, heard: Mapping[str, Heard], *, batch: int, now: float) -> None:
        """Note what was rendered in a batch and give everybody what is new to them.

        ``heard`` is what was heard of each key that was rendered; ``now`` is monotonic time.
        """
        of_topics = _by_topic(pictures, heard)
        for picture in pictures.pictures:
            for topic in picture.rendered.fragments.keys() & self._topics.keys():
                fragments, newest = picture.rendered.fragments[topic], picture.rendered.revision
                if picture.everybody is None:
                    self._boards[topic, picture.audience].prime(fragments, newest)
                    self._note_name(topic, picture.rendered.guest)
                else:
                    drawing = Drawing(fragments, newest, pictures.revision, batch, of_topics[topic])
                    self._show(topic, picture, drawing, now)

    def _note_name(self, topic: str, guest: Guest | None) -> Guest | None:
        """Note how a topic's only guest is called; give it as it was known, if that differs."""
        if guest is None or not names_one_guest(topic):
            return None
        before, self._called[topic] = self._called.get(topic), guest
        return None if before == guest else before

    def _show(self, topic: str, picture: Picture, drawing: Drawing, now: float) -> None:
        # What belongs to no guest is the same for all, whichever elements they have otherwise.
        audiences = (picture.audience,) if picture.rendered.guest else AUDIENCES
        boards = [self._boards[topic, name] for name in audiences]
        given = {element: min(board.batch(element) for board in boards) for element in drawing.fragments}
        changed = set().union(*(board.update(drawing) for board in boards))
        shown = [
            Shown(element, max(board.looks[element].revision for board in boards), before)
            for element, before in given.items()
            if element not in changed
        ]
        messages = {element: as_message(element, drawing.fragments[element]) for element in changed}
        for client in self._receivers(topic, picture, drawing.batch):
            lacking = [] if _settled(client, drawing.batch, now) else _lacking(client, shown)
            own = {element: as_message(element, drawing.fragments[element]) for element in lacking}
            if messages or own:
                client.push(messages | own if own else messages)

    def _receivers(self, topic: str, picture: Picture, batch: int) -> Iterator[Client]:
        """Give who gets a picture; the others' streams end to whom its guest is not the same under its new name."""
        guest, everybody = picture.rendered.guest, picture.everybody or {}
        before = self._note_name(topic, guest)
        alone = guest is not None and names_one_guest(topic)
        for client in self._topics[topic]:
            if client.first > batch:
                continue
            audience = everybody[client.access]
            if alone and (audience is None or (before and client.access.audience(before) != audience)):
                client.end(anew=True)
            elif audience == picture.audience:
                yield client


def _by_topic(pictures: Pictures, heard: Mapping[str, Heard]) -> dict[str, Heard]:
    """Say what was heard of each topic: an element may be drawn from several keys, and change with each."""
    keys = {(topic, picture.key) for picture in pictures.pictures for topic in picture.rendered.fragments}
    found: defaultdict[str, Heard] = defaultdict(Heard)
    for topic, key in keys:
        found[topic] = found[topic].and_then(heard.get(key, Heard()))
    return found


def _lacking(client: Client, shown: Iterable[Shown]) -> list[str]:
    """Find what may have changed after the client's page was made, and was not given to it since."""
    return [element for element, revision, batch in shown if batch < client.first and revision > client.known]


def _settled(client: Client, batch: int, now: float) -> bool:
    """Whether all changes have been announced since that its page may not have had when it was made."""
    return client.ready is not None and client.ready < batch and now - client.opened >= UNSETTLED
