"""Trying the doors as somebody: what the real server, hub and commands answer, with nothing left changed behind."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import StringIO

from asgiref.sync import async_to_sync
from django.core.management import call_command
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from domains.push.hub import Hub
from tests.integration.rights.doors import COMMANDS, Door, Listing
from tests.integration.rights.oracle import Answer
from tests.integration.rights.world import GUESTS, INSIDE, Guest, Person, World

_NAMED = {"guest": "name", "host": "host"}
JSON = {"content_type": "application/json"}


@contextmanager
def undone() -> Iterator[None]:
    """Let everything that is stored meanwhile be undone."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def client_of(world: World, person: Person) -> Client:
    """Give a browser in which somebody is signed in; or is no more, or never was."""
    client = Client(raise_request_exception=True)
    if cookie := world.sessions.get(person.name):
        client.cookies["sessionid"] = cookie
    return client


def ask(world: World, person: Person, door: Door, guest: Guest | None, *, token: str | None = None) -> Answer:
    """Knock at a door by a session, or by a token."""
    client = Client() if token else client_of(world, person)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    path = reverse(door.name, kwargs={**_names(world, door, guest), **door.named})
    send = {name: _filled(world, guest, value) for name, value in door.send.items()}
    more = {"data": json.dumps(send), **JSON} if door.api and door.method == "post" else {"data": send}
    with undone():
        response = getattr(client, door.method)(path, headers=headers, **more)
        content_of(response)
    assert response.status_code != 500
    return _answer(response)


def _filled(world: World, guest: Guest | None, value: object) -> object:
    if isinstance(value, list):
        return [_filled(world, guest, one) for one in value]
    if guest is None or not isinstance(value, str):
        return value
    return value.format(**_words(world, guest))


def _words(world: World, guest: Guest) -> dict[str, object]:
    domain, operation, batch = world.domains[guest], world.operations[guest], world.batches[guest]
    return {
        "host": guest.host, "uuid": domain.uuid, "row": domain.pk, "number": operation.pk, "batch": batch.pk,
    }  # fmt: skip


def content_of(response: HttpResponse) -> str:
    """Give all that was sent, streamed or not."""
    if response.streaming:
        return async_to_sync(_read)(response).decode()
    return response.content.decode()


def look(client: Client, path: str) -> str:
    """Fetch a page."""
    response = client.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


def shown(world: World, person: Person, listing: Listing) -> frozenset[str]:
    """Name the guests or hosts that a list shows somebody."""
    text = look(client_of(world, person), listing.path.format(wide=world.wide))
    if listing.path == "/readings/":
        named = {str(domain.host_id): guest.host for guest, domain in world.domains.items()}
        return frozenset(named[found] for found in re.findall(r'"#reading-(\d+)"', text))
    return frozenset(re.findall(r"\w+", text)) & {getattr(guest, _NAMED[listing.of]) for guest in GUESTS}


def exported(world: World, person: Person) -> frozenset[int] | None:
    """Give the numbers of the entries that somebody gets as a file; None if they get none."""
    with undone():
        sent = {"format": "ndjson"}
        response = client_of(world, person).post("/operations/export/?show=everything", sent)
        if response.status_code == 403:
            return None
        records = [json.loads(line) for line in content_of(response).splitlines()]
    return frozenset(record["seq"] for record in records if "body" in record)


def listen(world: World, hub: Hub, person: Person, topic: str, guest: Guest | None) -> Answer:
    """Ask the hub to be told of a topic."""
    if guest:
        topic = topic.format(**_words(world, guest))
    session = world.sessions.get(person.name, "")
    return Answer.YES if asyncio.run(hub.authorise(session, frozenset({topic}))) else Answer.NO


def entries_on_pages(client: Client) -> set[int]:
    """Give the numbers of the entries that stand in the history by themselves, through all its pages."""
    found: set[int] = set()
    query = "?show=everything"
    while query:
        text = look(client, f"/operations/{query}")
        found |= {int(number) for number in re.findall(r'href="/operations/entries/(\d+)/"', text)}
        older = re.search(r'href="(\?[^"]*)" rel="next"', text)
        query = older[1].replace("&amp;", "&") if older else ""
    return found


def run(world: World, person: Person, command: str, guest: Guest) -> Answer:
    """Run a command with somebody's rights."""
    words = {
        "guest": [guest.host, guest.name],
        "operation": [str(world.operations[guest].pk)],
        "choice": ["--match", guest.name, "--host", guest.host],
        "batch": [str(world.batches[guest].pk)],
    }[COMMANDS[command][1]]
    out = StringIO()
    with undone():
        try:
            call_command(*command.split(), *words, "--as", person.name, "--json", stdout=out)
        except SystemExit as ending:
            told: Mapping[str, str] = json.loads(out.getvalue())
            if ending.code != 2:
                return Answer.YES
            if told["code"] == "not_permitted":
                return Answer.SIGN_IN if "no active user" in told["message"] else Answer.NO
            return Answer.HIDDEN if told["code"].endswith("_not_found") else Answer.YES
    raise AssertionError(f"{command} ended without a status")


def _names(world: World, door: Door, guest: Guest | None) -> dict[str, object]:
    domain, operation = world.domains.get(guest), world.operations.get(guest)
    match door.of:
        case "guest":
            return {"host": guest.host, ("ref" if door.api else "uuid"): domain.uuid}
        case "operation":
            return {("number" if door.api else "pk"): operation.pk}
        case "batch":
            return {("number" if door.api else "pk"): world.batches[guest].pk}
        case "host":
            return {"host": INSIDE.host}
        case "entry":
            return {"seq": world.entry_of[guest]}
        case "" | "choice":
            return {}
        case of:
            keys = {"person": world.other, "group": world.group, "token": world.token, "test": world.test}
            return {"pk": keys[of]}


def _answer(response: HttpResponse) -> Answer:
    if response.status_code == 401 or "/accounts/login/?next=" in response.get("Location", ""):
        return Answer.SIGN_IN
    return {403: Answer.NO, 404: Answer.HIDDEN}.get(response.status_code, Answer.YES)


async def _read(response: HttpResponse) -> bytes:
    return b"".join([part async for part in response])
