"""The world of these tests, made once, and what doors answered in it: whatever was done there is undone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from django.conf import settings

from domains.operations import doorbell
from domains.push.hub import Hub
from domains.web.fragments import render
from domains.web.listening import accesses
from tests.integration.rights import asking
from tests.integration.rights.doors import FEW, TOPICS, Door, Listing
from tests.integration.rights.oracle import Answer
from tests.integration.rights.world import (
    EVERYBODY,
    GUESTS,
    PEOPLE,
    SOME,
    STRANGER,
    Guest,
    Person,
    World,
    build,
)


class Answers:
    """What each door of pages and API answers each person, for each guest that it is tried for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._asked: dict[Door, dict[tuple[str, Guest | None], Answer]] = {}
        self._shown: dict[Listing, dict[str, frozenset[str]]] = {}
        self._heard: dict[str, dict[tuple[str, Guest | None], Answer]] = {}
        self._ran: dict[str, dict[tuple[str, Guest | None], Answer]] = {}

    def of(self, door: Door) -> Mapping[tuple[str, Guest | None], Answer]:
        """Knock, the first time that it is wanted."""
        if door not in self._asked:
            self._asked[door] = {
                (person.name, guest): asking.ask(
                    self.world, person, door, guest, token=self._token(person, door)
                )
                for person in door.people
                for guest in door.guests
            }
        return self._asked[door]

    def _token(self, person: Person, door: Door) -> str | None:
        return self.world.tokens.get((person.name, "")) if door.by_token else None

    def shown(self, listing: Listing) -> Mapping[str, frozenset[str]]:
        """Give what a list shows each person."""
        if listing not in self._shown:
            self._shown[listing] = {one.name: asking.shown(self.world, one, listing) for one in PEOPLE}
        return self._shown[listing]

    def heard(self, topic: str) -> Mapping[tuple[str, Guest | None], Answer]:
        """Ask to be told of a topic, the first time that it is wanted."""
        if topic not in self._heard:
            hub = Hub(url=settings.REDIS_URL, render=render, find_access=accesses)
            self._heard[topic] = {
                (one.name, guest): asking.listen(self.world, hub, one, topic, guest)
                for one in EVERYBODY
                for guest in (GUESTS if TOPICS[topic][1] else (None,))
            }
        return self._heard[topic]

    def ran(self, command: str) -> Mapping[tuple[str, Guest | None], Answer]:
        """Run a command as each person, the first time that it is wanted."""
        if command not in self._ran:
            self._ran[command] = {
                (one.name, guest): asking.run(self.world, one, command, guest)
                for one in SOME
                if one is not STRANGER
                for guest in FEW
            }
        return self._ran[command]


@pytest.fixture(scope="module")
def world(module_database: str) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(doorbell, "ring", lambda domain_ids: None)  # what is undone is nothing to work at
        yield build()


@pytest.fixture(scope="module")
def answers(world: World) -> Answers:
    return Answers(world)
