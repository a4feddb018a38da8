"""Rights hold at every door: what the product answers each person is what plain rules say.

Six roles in five scopes, and some that hold several, try every address, API operation, topic and command that acts with
somebody's rights, for guests within and without. What comes of it is also printed into docs/rights.md; write it anew
after a change of rights or doors with

    WRITE_RIGHTS=1 .venv/bin/python -m pytest tests/integration/rights
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.urls import URLPattern, URLResolver, get_resolver

from domains.api.api import api
from domains.management.operating import OperatingCommand
from domains.models import scope
from tests.integration.rights import asking, table
from tests.integration.rights.asking import client_of
from tests.integration.rights.conftest import Answers
from tests.integration.rights.doors import API, COMMANDS, FEW, LISTS, NO_DOORS, PAGES, TOPICS, Door, Listing
from tests.integration.rights.oracle import (
    Answer,
    Right,
    answer,
    guests_of,
    holds,
    hosts_of,
    sees_entry,
)
from tests.integration.rights.world import (
    BOSS,
    EVERYBODY,
    GUESTS,
    INSIDE,
    KINDS,
    NOBODY,
    OFF,
    OUTSIDE,
    PEOPLE,
    SOME,
    STRANGER,
    World,
)
from tests.integration.web.factory import access

DOCS = Path(settings.BASE_DIR) / "docs"


def addresses(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[str]:
    """Give the name of every address that the product answers."""
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, f"{one.namespace}:" if one.namespace else "")
        else:
            assert one.name, f"{one.pattern} has no name"
            yield f"{space}{one.name}"


def test_every_address_and_operation_is_described():
    described = {door.name for door in (*PAGES, *API)} | NO_DOORS
    assert set(addresses(get_resolver().url_patterns)) == described
    told = [one for methods in api.get_openapi_schema()["paths"].values() for one in methods.items()]
    doors = {(door.method, door.name.removeprefix("api:")) for door in API} - {("get", "openapi-json")}
    assert {(method, one["operationId"]) for method, one in told} == doors


def test_every_kind_of_entry_is_described():
    tables = (DOCS / "history.md").read_text().split("## Who sees what")[0]
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", tables, re.MULTILINE)
    assert {kind for row in rows for kind in re.findall(r"`(\w+)`", row)} == set(KINDS)


def test_every_command_that_acts_for_somebody_is_described():
    acting = {
        name
        for name, app in get_commands().items()
        if app == "domains" and isinstance(load_command_class(app, name), OperatingCommand)
    }
    assert {command.split()[0] for command in COMMANDS} == acting


@pytest.mark.parametrize("door", [*PAGES, *API], ids=str)
def test_door_answers_as_the_rules_say(world: World, answers: Answers, door: Door):
    expected = {
        (person.name, guest): answer(person, door.right, guest)
        for person in door.people
        for guest in door.guests
    }
    assert answers.of(door) == expected


BY_TOKEN = [one for one in (*API, *PAGES) if (one.api or one.by_token) and one.right is not Right.NONE]


@pytest.mark.parametrize("door", BY_TOKEN, ids=str)
def test_token_opens_what_its_owner_may_and_its_role_allows(world: World, door: Door):
    people = {person.name: person for person in (*PEOPLE, OFF)}
    wrong = {}
    # Sessions try every scope; here it is enough that some are wide and some narrow.
    tried = [one for one in world.tokens.items() if not one[0][0].endswith(("-host", "-pattern", "-group"))]
    for (name, limit), secret in tried:
        for guest in door.guests if len(door.guests) == 1 else (INSIDE, OUTSIDE):
            got = asking.ask(world, people[name], door, guest, token=secret)
            expected = answer(people[name], door.right, guest, limit=limit)
            if got != expected:
                wrong[name, limit, guest] = f"{got} in place of {expected}"
    assert wrong == {}


@pytest.mark.parametrize("listing", LISTS, ids=lambda listing: listing.path)
def test_list_or_search_shows_what_the_person_sees_and_nothing_else(answers: Answers, listing: Listing):
    rule = hosts_of if listing.of == "host" else guests_of
    expected = {person.name: rule(person) for person in PEOPLE}
    if listing.path.endswith("=DB"):
        expected = {name: {one for one in seen if one.startswith("db")} for name, seen in expected.items()}
    assert answers.shown(listing) == expected


def test_history_shows_what_the_person_may_see_page_by_page(world: World):
    alone = {
        seq for seq, (guest, by) in world.entries.items() if by == "somebody" and seq not in _requested(world)
    }
    for person in PEOPLE:
        allowed = {seq for seq, (guest, by) in world.entries.items() if sees_entry(person, guest, by)}
        shown = asking.entries_on_pages(client_of(world, person))
        assert shown <= allowed, person
        assert allowed & alone <= shown, person


def _requested(world: World) -> set[int]:
    """Give the entries that are part of an operation's line."""
    return set(range(1, len(GUESTS) + 1))


def test_export_holds_what_the_person_may_see(world: World):
    for person in PEOPLE:
        allowed = {seq for seq, (guest, by) in world.entries.items() if sees_entry(person, guest, by)}
        expected = allowed if holds(person, Right.EXPORT) else None
        assert asking.exported(world, person) == expected, person


@pytest.mark.parametrize("topic", TOPICS)
def test_topic_is_open_to_those_who_see_what_it_tells_of(answers: Answers, topic: str):
    _, of, right = TOPICS[topic]
    expected = {}
    for person in EVERYBODY:
        for guest in GUESTS if of else (None,):
            may = answer(person, right, guest) is Answer.YES
            if of == "host":
                may = person is not STRANGER and guest.host in hosts_of(person)
            expected[person.name, guest] = Answer.YES if may else Answer.NO
    assert answers.heard(topic) == expected


def test_stream_carries_to_each_what_they_may_see_or_change(world: World):
    for person in PEOPLE:
        found = access(world.sessions[person.name])
        for guest, domain in world.domains.items():
            change, see = (holds(person, right, guest) for right in (Right.CHANGE, Right.SEE))
            assert found.audience(scope.Guest(domain.pk, domain.host_id, domain.name)) == (
                "change" if change else "see" if see else None
            )
            assert found.knows_host(scope.HostGuests(domain.host_id)) == (guest.host in hosts_of(person))


def test_batch_of_many_shows_each_the_guests_that_they_see(world: World):
    for person in PEOPLE:
        client, seen = client_of(world, person), guests_of(person)
        if not seen:
            assert client.get(f"/batches/{world.wide}/").status_code == 404
            assert client.get(f"/api/v1/batches/{world.wide}").status_code == 404
            continue
        page = asking.look(client, f"/batches/{world.wide}/")
        told = client.get(f"/api/v1/batches/{world.wide}").json()
        assert {guest.name for guest in GUESTS if guest.name in page} == seen, person
        assert {guest["domain"]["name"] for guest in told["guests"]} == seen, person
        assert told["counts"] == {"due": len(seen)}, person
        everything = len(seen) == len(GUESTS)
        assert access(world.sessions[person.name]).may_subscribe({f"batch:{world.wide}"}) == everything, (
            person
        )


def test_fleet_counts_what_the_person_sees_and_nothing_else(world: World):
    for person in PEOPLE:
        page = asking.look(client_of(world, person), "/")
        numbers = set(re.findall(r'<nav class="picks".*?</nav>', page, re.DOTALL))
        numbers = {number for one in numbers for number in re.findall(r"<b>(\d+)</b>", one)}
        assert numbers <= {str(len(guests_of(person)))}, person
        assert set(re.findall(r"\bhv\d\b", page)) == hosts_of(person), person
    assert "No guest that you may see" in asking.look(client_of(world, NOBODY), "/")


def test_every_topic_of_a_page_is_described(world: World):
    paths = ["/", "/operations/"]
    paths += [f"/domains/{guest.host}/{domain.uuid}/" for guest, domain in world.domains.items()]
    paths += [f"/operations/{operation.pk}/" for operation in world.operations.values()]
    paths += ["/batches/", f"/batches/{world.wide}/", "/hosts/", f"/hosts/{INSIDE.host}/"]
    kinds = set()
    for path in paths:
        kinds |= set(re.findall(r"topic=(\w+)", asking.look(client_of(world, BOSS), path)))
    assert kinds <= {topic.partition(":")[0] for topic in TOPICS}


@pytest.mark.parametrize("command", COMMANDS)
def test_command_has_the_rights_of_whom_it_acts_for(answers: Answers, command: str):
    _, _, right = COMMANDS[command]
    people = [one for one in SOME if one is not STRANGER]
    expected = {(one.name, guest): answer(one, right, guest) for one in people for guest in FEW}
    assert answers.ran(command) == expected


def test_document_says_what_was_answered(answers: Answers):
    path = DOCS / "rights.md"
    written = table.written_into(path.read_text(), table.rows_of(answers))
    if os.environ.get("WRITE_RIGHTS"):
        path.write_text(written)
    assert path.read_text() == written
