"""A small world in which every role is held in every scope: what the doors are tried in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.test import Client

from domains.history import ledger
from domains.models import Batch, ConnectionTest, Domain, Grant, HistoryEntry, Host, Operation, Role
from domains.operations.actor import Actor
from domains.operations.tokens import make_token
from tests.integration.web.factory import PASSWORD, make_domain, make_host, make_operation


@dataclass(frozen=True)
class Guest:
    name: str
    host: str


@dataclass(frozen=True)
class Given:
    """A role on one host, or all, for guests whose name fits a shell pattern."""

    role: str
    host: str | None = None
    pattern: str = "*"


@dataclass(frozen=True)
class Person:
    name: str
    given: tuple[Given, ...] = ()
    superuser: bool = False
    active: bool = True
    by_group: bool = False

    @property
    def column(self) -> str:
        """The column of the printed table that tells of this person; empty for those that it leaves out."""
        if self.superuser or not self.given:
            return "superuser" if self.superuser else "no role"
        if not self.active or len(self.given) > 1:
            return ""
        (given,) = self.given
        whole = {True: f"{given.role} of everything", False: f"{given.role} of some"}
        return (
            whole[given in (Given(given.role),)] if given.role in ("auditor", "administrator") else given.role
        )


# The first is inside of every scope, the last is outside of all but the widest.
GUESTS = (Guest("web01", "hv1"), Guest("db01", "hv1"), Guest("web02", "hv2"), Guest("db02", "hv2"))
INSIDE, OUTSIDE = GUESTS[0], GUESTS[-1]
SCOPES = {
    "everything": (None, "*"),
    "host": ("hv1", "*"),
    "pattern": (None, "web*"),
    "both": ("hv1", "web??"),
    "group": ("hv1", "web*"),
}
NOBODY = Person("nobody")
BOSS = Person("boss", superuser=True)
OFF = Person("off", (Given(Role.ADMINISTRATOR),), active=False)
STRANGER = Person("")  # has not signed in
PEOPLE = (
    NOBODY,
    *(
        Person(f"{role}-{scope}", (Given(role, *SCOPES[scope]),), by_group=scope == "group")
        for role in Role.values
        for scope in SCOPES
    ),
    Person("mixed", (Given(Role.VIEWER), Given(Role.OPERATOR, "hv1"), Given(Role.AUDITOR, None, "web*"))),
    Person("wide", (Given(Role.ADMINISTRATOR, "hv1"), Given(Role.ADMINISTRATOR, "hv2")), by_group=True),
    BOSS,
)
# Who tries what is asked of every guest, and who tries the rest, of which it is enough that some scopes are narrow.
EVERYBODY = (*PEOPLE, OFF, STRANGER)
SOME = tuple(one for one in EVERYBODY if not one.name.endswith(("-pattern", "-both", "-group")))


def cast_for(guests: tuple[Guest | None, ...]) -> tuple[Person, ...]:
    """Give those who try a door that is tried for these guests."""
    return EVERYBODY if guests == GUESTS else SOME


# What the history tells of, and whether that is about a guest.
KINDS = {
    **dict.fromkeys(
        [
            "requested", "refused", "started", "put_back", "confirmed", "waiting", "unconfirmed", "asked_again",
            "stopped_waiting", "cancelled", "late", "skipped", "failed", "settled", "superseded", "outside",
        ],
        True,
    ),
    **dict.fromkeys(
        [
            "signed_in", "signed_out", "sign_in_failed", "account_made", "account_switched_off",
            "account_switched_on", "granted", "revoked", "group_made", "group_renamed", "group_removed",
            "group_joined", "group_left", "password_changed", "token_made", "token_revoked", "host_added",
            "host_changed", "host_removed", "host_paused", "host_resumed", "host_tested", "batch_started",
            "batch_stopped", "batch_cancelled", "batch_finished", "exported", "archived", "restored",
        ],
        False,
    ),
}  # fmt: skip


@dataclass
class World:
    """What there is, as the doors name it."""

    domains: dict[Guest, Domain] = field(default_factory=dict)
    operations: dict[Guest, Operation] = field(default_factory=dict)
    batches: dict[Guest, Batch] = field(default_factory=dict)
    entries: dict[int, tuple[Guest | None, str | None]] = field(default_factory=dict)  # seq -> about, by
    entry_of: dict[Guest | None, int] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)  # person and limit -> secret
    wide: int = 0  # the batch of all guests
    test: int = 0
    token: int = 0
    group: int = 0
    other: int = 0


def build() -> World:
    """Store it all."""
    world = World()
    hosts = {slug: make_host(slug) for slug in ("hv1", "hv2")}
    for guest in GUESTS:
        domain = make_domain(hosts[guest.host], guest.name)
        world.domains[guest] = domain
        world.batches[guest] = _batch({guest: domain}, note=guest.name)
    wide = _batch(world.domains)
    world.wide = wide.pk
    for guest, domain in world.domains.items():
        world.operations[guest] = make_operation(domain, actor="somebody", batch=wide)
    world.test = ConnectionTest.objects.create(slug="hv3", actor="somebody", created_at=datetime.now(UTC)).pk
    for person in (*PEOPLE, OFF):
        _enter(world, person, hosts)
    world.group = Group.objects.create(name="empty").pk
    other = User.objects.create_user("other")
    world.other = other.pk
    world.token = make_token(actor=Actor("other", "page", other), user=other, name="theirs")[0].pk
    _tell(world)
    return world


def _batch(domains: dict[Guest, Domain], note: str = "") -> Batch:
    """Store a batch that somebody has asked for and of which nothing has begun."""
    batch = Batch.objects.create(
        action="add", count=1, affect="live", parallel=1, actor="somebody", door="page", note=note,
        created_at=datetime.now(UTC), revision=1,
    )  # fmt: skip
    for position, (guest, domain) in enumerate(domains.items(), 1):
        named = {"host_slug": guest.host, "domain_name": guest.name, "domain_uuid": domain.uuid}
        batch.items.create(position=position, domain=domain, state="due", plan="adds vCPU 2, live", **named)
    return batch


def _enter(world: World, person: Person, hosts: dict[str, Host]) -> None:
    user = User.objects.create_user(person.name, password=PASSWORD, is_superuser=person.superuser)
    group = Group.objects.create(name=f"of {person.name}") if person.by_group else None
    if group:
        user.groups.add(group)
    for given in person.given:
        holder = {"group": group} if group else {"user": user}
        host = hosts[given.host] if given.host else None
        Grant.objects.create(**holder, role=given.role, host=host, pattern=given.pattern)
    client = Client()
    client.force_login(user)
    world.sessions[person.name] = client.cookies["sessionid"].value
    actor = Actor(person.name, "page", user)
    for limit in _limits(person):
        _, secret = make_token(actor=actor, user=user, name=f"script {limit}", role=limit)
        world.tokens[person.name, limit] = secret
    if not person.active:
        user.is_active = False
        user.save(update_fields=["is_active"])


def _limits(person: Person) -> list[str]:
    """Give the roles to which tokens of this person are limited, the empty one for no limit."""
    return ["", *Role.values] if Given(Role.ADMINISTRATOR) in person.given else [""]


def _tell(world: World) -> None:
    """Append one entry of each kind, about each guest or about none, and read back what building has written."""
    about_guests = [(kind, guest) for kind, about in KINDS.items() if about for guest in GUESTS]
    for kind, guest in [*about_guests, *((kind, None) for kind, about in KINDS.items() if not about)]:
        told = {"actor": "somebody", "door": "page", "host": guest.host if guest else None}
        if guest:
            told["domain"] = {"name": guest.name, "uuid": str(world.domains[guest].uuid)}
        if kind.startswith("batch_"):
            told |= {"batch": world.wide, "guests": [{"host": one.host, "name": one.name} for one in GUESTS]}
        with transaction.atomic():
            world.entry_of[guest] = ledger.append(kind, told).seq
    guests = {str(domain.uuid): guest for guest, domain in world.domains.items()}
    for entry in HistoryEntry.objects.all():
        world.entries[entry.seq] = (guests.get(entry.domain_uuid), entry.actor)
