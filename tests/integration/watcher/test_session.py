"""What the parent makes of what a child says, with the child played by the test."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domains.hypervisor.gateway import DomainReading, DomainState, HostReading
from domains.inventory import attribution, store
from domains.inventory.leases import Fence, LeaseLost, acquire
from domains.models import Domain, Host, Lease
from domains.operations import doorbell
from domains.vcpu.slots import SlotMap
from domains.vcpu.topology import Topology
from domains.watcher import messages
from domains.watcher.messages import (
    Alive,
    Changed,
    Failed,
    Follow,
    Hello,
    Look,
    Looked,
    Message,
    Missing,
    Read,
    Reading,
)
from domains.watcher.pace import Pace
from domains.watcher.session import Session

pytestmark = pytest.mark.django_db
HELLO = HostReading(12_008_000, "QEMU", 11_001_002, 2, specific=True, asynchronous=True)
UUIDS = [str(uuid.UUID(int=number)) for number in range(1, 4)]


def reading(known: str, present: int = 2) -> DomainReading:
    slots = SlotMap(8, frozenset(range(present)), frozenset())
    return DomainReading(known, f"d{known[-1]}", DomainState.SHUTOFF, True, None, slots, Topology(8))


class Talk:
    """A session, the orders that it gave, and a clock."""

    def __init__(self, host: Host, fence: Fence) -> None:
        self.host = host
        self.moment = 100.0
        self.orders: list[Message] = []
        self.session = Session(host.pk, fence, self.orders.append, Pace(), self.moment)

    def say(self, *said: Message) -> str | None:
        for message in said:
            last = self.session.handle(message, self.moment)
            if last:
                return last
        return None

    def tick(self, seconds: float = 0.0, opened: tuple[str, ...] = ()) -> list[Message]:
        """Let time pass, and give the orders that follow."""
        self.moment += seconds
        self.orders.clear()
        self.session.tick(self.moment, opened)
        return list(self.orders)

    def begin(self, *uuids: str) -> None:
        """Connect, and have every domain read until nothing is new."""
        self.say(Hello(HELLO, uuids), Alive())
        self.answer(self.tick())

    def answer(self, orders: list[Message]) -> None:
        for order in orders:
            assert isinstance(order, Read)
            self.say(Reading(order.token, reading(order.uuid)))

    def verify(self) -> None:
        """Go once round, so that the inventory is known to hold what the child sent last."""
        self.say(Changed(tuple(UUIDS)))
        self.answer(self.tick())


@pytest.fixture
def talk() -> Talk:
    host = Host.objects.create(slug="sim", state_since=datetime.now(UTC))
    fence = acquire("host:sim", "me", timedelta(minutes=1))
    assert fence
    return Talk(host, fence)


def test_quiet_host_costs_no_question_about_its_domains(talk: Talk, django_assert_num_queries: Any) -> None:
    talk.begin(*UUIDS)
    with django_assert_num_queries(0):
        for _ in range(9):
            talk.moment += 0.1
            talk.say(Alive())
            assert talk.tick() == []


def test_child_is_told_of_which_of_its_domains_somebody_looks_at_the_usage(talk: Talk) -> None:
    talk.begin(*UUIDS)
    talk.verify()
    opened = (UUIDS[1], UUIDS[0], str(uuid.uuid4()))
    assert talk.tick(0, opened) == [Follow((UUIDS[0], UUIDS[1]))]
    assert [type(order) for order in talk.tick(1, opened)] == [Look]  # which is not answered yet
    assert talk.tick(0) == [Follow(())]


def test_host_without_domains_costs_no_question(talk: Talk, django_assert_num_queries: Any) -> None:
    talk.begin()
    with django_assert_num_queries(0):
        for _ in range(9):
            talk.say(Alive())
            assert talk.tick(2) == []


def test_revision_is_read_before_the_domain_is(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    known = store.revision_of
    monkeypatch.setattr(store, "revision_of", lambda *a: steps.append("revision") or known(*a))
    talk.session._send = lambda message: steps.append("read")
    talk.say(Hello(HELLO, (UUIDS[0],)), Alive())
    talk.session.tick(talk.moment, ())
    assert steps == ["revision", "read"]


def test_reading_overtaken_by_another_writer_is_thrown_away_and_repeated(talk: Talk) -> None:
    talk.begin(UUIDS[0])
    talk.say(Changed((UUIDS[0],)))
    (order,) = talk.tick()
    assert isinstance(order, Read)
    newer = reading(UUIDS[0], present=5)
    store.apply_reading(talk.host.pk, newer, read_revision=store.revision_of(talk.host.pk, UUIDS[0]))
    talk.say(Reading(order.token, reading(UUIDS[0])))
    assert Domain.objects.get().config["present"] == "0-4"
    (again,) = talk.tick()
    assert isinstance(again, Read)
    talk.say(Reading(again.token, newer))
    assert talk.tick() == []


def test_sweep_compares_in_the_child_and_reads_only_what_differs(talk: Talk) -> None:
    talk.begin(*UUIDS)
    talk.verify()
    talk.say(Alive())
    (look,) = (order for order in talk.tick(2, opened=(UUIDS[1],)) if isinstance(order, Look))
    assert look.uuids[0] == UUIDS[1]
    assert talk.tick(2, opened=(UUIDS[1],)) == []  # one look at a time
    talk.say(Looked((UUIDS[1],)))
    assert [order.uuid for order in talk.tick() if isinstance(order, Read)] == [UUIDS[1]]


def test_sweep_reads_what_another_writer_has_touched(talk: Talk) -> None:
    talk.begin(*UUIDS)
    talk.verify()
    known = store.revision_of(talk.host.pk, UUIDS[2])
    store.apply_reading(talk.host.pk, reading(UUIDS[2], present=5), read_revision=known)
    talk.say(Alive())
    orders = talk.tick(2, opened=(UUIDS[2],))
    assert [order.uuid for order in orders if isinstance(order, Read)] == [UUIDS[2]]


def test_domain_that_cannot_be_read_is_tried_again_with_the_next_answers(talk: Talk) -> None:
    talk.say(Hello(HELLO, (UUIDS[0],)), Alive())
    tries = 0
    for _ in range(20):
        for order in talk.tick():
            assert isinstance(order, Read)
            tries += 1
            talk.say(Failed(order.token, "The domain's XML is malformed."))
        talk.say(Alive())
    assert tries == 6
    assert not Domain.objects.exists()


def test_domain_that_came_and_went_unread_leaves_nothing(talk: Talk) -> None:
    talk.say(Hello(HELLO, ()), Alive(), Changed((UUIDS[0],)))
    (order,) = talk.tick()
    assert isinstance(order, Read)
    talk.say(Missing(order.token))
    assert talk.tick(5) == []
    assert not Domain.objects.exists()


def test_silence_is_shown_once_and_then_ends_the_child(talk: Talk) -> None:
    talk.begin(UUIDS[0])
    assert talk.session.tick(talk.moment + 9.9, ()) is None
    assert talk.session.tick(talk.moment + 10, ()) is None
    host = Host.objects.get()
    assert (host.state, host.last_error) == ("unreachable", "The host does not answer.")
    assert talk.session.tick(talk.moment + 19.9, ()) is None
    assert Host.objects.get().revision == host.revision
    assert talk.session.tick(talk.moment + 20, ()) == "The host does not answer."


def test_last_word_of_the_child_is_passed_on(talk: Talk) -> None:
    assert talk.say(messages.Ended("The host's name is not known.")) == "The host's name is not known."


def test_refusal_is_attributed_and_the_domain_read(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[object, ...]] = []
    monkeypatch.setattr(attribution, "guest_refused", lambda *told, ago, fence: heard.append((*told, ago)))
    talk.begin(UUIDS[0])
    for known in UUIDS[:2]:  # the second is not known
        talk.say(messages.Refused(known, 5, "device busy", talk.moment - 1.5))
    assert heard == [(Domain.objects.get().pk, 5, "device busy", timedelta(seconds=1.5))]
    assert [order.uuid for order in talk.tick() if isinstance(order, Read)] == UUIDS[:2]


def test_doorbell_is_rung_when_a_reading_gives_a_worker_something_to_do(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(doorbell, "ring", rung.extend)
    talk.begin(*UUIDS)
    assert rung == []
    monkeypatch.setattr(store, "apply_reading", lambda *a, **k: store.Seen(7, changed=True, ring=True))
    talk.say(Changed((UUIDS[0],)))
    talk.answer(talk.tick())
    assert rung == [7]


OVERTAKEN = {
    "a change": lambda order: Reading(order.token, replace(reading(UUIDS[0]), name="renamed")),
    "an end": lambda order: Missing(order.token),
    "a refusal": lambda order: messages.Refused(UUIDS[0], 5, "device busy", 100.0),
    "an answer": lambda order: Alive(),
}


@pytest.mark.parametrize("said", OVERTAKEN)
def test_lost_lease_stops_every_write_about_a_known_domain(talk: Talk, said: str) -> None:
    talk.begin(UUIDS[0])
    talk.session.tick(talk.moment + 10, ())  # so that an answer would be news
    talk.say(Changed((UUIDS[0],)))
    (order,) = talk.tick()
    Lease.objects.update(holder="another", epoch=2)
    with pytest.raises(LeaseLost):
        talk.say(OVERTAKEN[said](order))
    assert (Domain.objects.get().name, Domain.objects.get().gone_at) == ("d1", None)
    assert Host.objects.get().state == "unreachable"


def test_lost_lease_stops_the_writing_of_a_new_domain_and_of_silence(talk: Talk) -> None:
    talk.say(Hello(HELLO, (UUIDS[0],)), Alive())
    (order,) = talk.tick()
    Lease.objects.update(holder="another", epoch=2)
    with pytest.raises(LeaseLost):
        talk.say(Reading(order.token, reading(UUIDS[0])))
    with pytest.raises(LeaseLost):
        talk.session.tick(talk.moment + 10, ())
    assert not Domain.objects.exists()
    assert Host.objects.get().state == "connected"


@pytest.fixture
def looks(monkeypatch):
    asked: list[int] = []
    monkeypatch.setattr(doorbell, "look", lambda ids, **_: asked.extend(ids))
    return asked


def test_guests_are_asked_when_their_agent_connects_and_while_they_are_open(talk, looks):
    known = UUIDS[0]
    slots = SlotMap(8, frozenset({0, 1}), frozenset())
    guest = DomainReading(
        known, "d1", DomainState.RUNNING, True, slots, slots, Topology(8), 1, 5, agent=False
    )
    talk.say(Hello(HELLO, (known,)), Alive())
    for agent in (False, True):
        talk.say(Changed((known,)))
        order = talk.tick()[-1]
        talk.say(Reading(order.token, replace(guest, agent=agent)))
    domain = Domain.objects.get(uuid=known)
    assert looks == [domain.pk]
    talk.moment += 1.5
    talk.session.tick(talk.moment, {known})
    assert looks == [domain.pk] * 2


def test_abilities_that_the_connection_may_not_ask_for_are_asked_for_by_a_worker(talk, looks):
    hello = replace(HELLO, specific=None)
    talk.say(Hello(hello, (UUIDS[0],)), Alive())
    order = talk.tick()[-1]
    talk.say(Reading(order.token, reading(UUIDS[0])))
    talk.moment += 1.5
    talk.tick()
    assert looks == [Domain.objects.get().pk]
    assert Host.objects.get().specific is None
