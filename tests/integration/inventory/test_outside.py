"""What others do to a domain: each is noticed and recorded once, with what it was."""

from __future__ import annotations

import json
import random

import pytest

from domains.inventory.store import apply_gone, revision_of
from domains.models import Domain, HistoryEntry
from domains.vcpu.slots import Side, SlotMap
from tests import simulated_foreign as foreign
from tests.explained import standing, unexplained
from tests.integration import simulated
from tests.simulator import SimulatedHost

pytestmark = pytest.mark.django_db


class Watched:
    """A guest of a simulated host, and its row in the inventory."""

    def __init__(self, host, uuid, row):
        self.host, self.uuid, self.row = host, uuid, row
        self.seen = simulated.look(row, uuid)

    def look(self):
        with self.host.transaction() as db:
            there = self.uuid in self.host.load_all(db)
        if there:
            simulated.look(self.row, self.uuid)
        else:
            apply_gone(self.row.pk, self.uuid, read_revision=revision_of(self.row.pk, self.uuid))


def entries():
    return list(HistoryEntry.objects.filter(kind="outside").order_by("seq"))


def effects():
    """Give the effects of the only entry, without what is empty."""
    (entry,) = entries()
    told = json.loads(entry.body)["effects"]
    return [{key: value for key, value in one.items() if value not in ("", None)} for one in told]


@pytest.fixture
def watch(tmp_path, settings):
    settings.GATEWAY = simulated.FACTORY
    settings.SOCKET_DIRS = [str(tmp_path)]

    def make(slug="lab", name="web01", **options):
        host = SimulatedHost(tmp_path / slug)
        options = {"maximum": 8, "present": "0-3", "removable": "2-3"} | options
        uuid = host.add_domain(name, **options)
        return Watched(host, uuid, simulated.host_row(host, slug))

    return make


@pytest.fixture
def web01(watch):
    return watch()


def test_domain_that_is_seen_first_is_no_change(web01):
    web01.look()
    assert entries() == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda h, u: h.foreign_set(u, 5, True, Side.LIVE), {"side": "live", "appeared": "5"}),
        (lambda h, u: h.foreign_set(u, 3, False, Side.CONFIG), {"side": "config", "disappeared": "3"}),
        (lambda h, u: foreign.set_removable(h, u, 1, True), {"side": "config", "removable": "1"}),
        (lambda h, u: foreign.set_removable(h, u, 3, False), {"side": "config", "fixed": "3"}),
        (lambda h, u: foreign.set_maximum(h, u, 16), {"side": "config", "maximum": [8, 16]}),
        (
            lambda h, u: foreign.set_maximum(h, u, 3),
            {"side": "config", "maximum": [8, 3], "disappeared": "3"},
        ),
        (lambda h, u: h.stop(u), {"side": "live", "ended": "shut off"}),
        (foreign.crash, {"side": "live", "ended": "crashed"}),
        (foreign.restart, {"side": "live", "ended": "shut off", "began": "running"}),
        (foreign.undefine, {"side": "config", "undefined": True}),
        (lambda h, u: h.rename(u, "web02"), {"renamed_from": "web01"}),
    ],
)
def test_each_change_is_recorded_once_as_what_it_was(web01, change, told):
    before = standing(web01.seen)
    change(web01.host, web01.uuid)
    web01.look()
    web01.look()
    assert effects() == [told]
    assert unexplained(entries()[0], before, standing(web01.seen)) == []


def test_pausing_a_guest_is_no_change_of_its_slots(web01):
    web01.host.pause(web01.uuid)
    web01.look()
    web01.host.resume(web01.uuid)
    web01.look()
    assert entries() == []


@pytest.mark.parametrize("end", [lambda h, u: h.stop(u), foreign.crash, foreign.restart])
def test_what_only_the_running_guest_had_is_named_as_lost(web01, end):
    web01.host.foreign_set(web01.uuid, 5, True, Side.LIVE)
    web01.look()
    end(web01.host, web01.uuid)
    web01.look()
    body = json.loads(entries()[-1].body)
    assert [one.get("lost") for one in body["effects"]] == ["5"]
    assert body["before"]["live"]["present"] == "0-3,5"


def test_guest_that_starts_is_told_with_its_whole_map(watch):
    batch01 = watch(name="batch01", running=False)
    batch01.host.start(batch01.uuid)
    batch01.look()
    assert effects() == [{"side": "live", "began": "running"}]
    body = json.loads(entries()[0].body)
    assert (body["before"]["live"], body["after"]["live"]["present"]) == (None, "0-3")


def test_change_made_while_the_guest_was_restarted_stands_in_one_entry(web01):
    web01.host.foreign_set(web01.uuid, 5, True, Side.CONFIG)
    foreign.restart(web01.host, web01.uuid)
    web01.look()
    assert effects() == [
        {"side": "live", "began": "running", "ended": "shut off"},
        {"side": "config", "appeared": "5"},
    ]


def test_domain_that_disappears_says_what_was_lost_and_keeps_its_last_known_config(web01):
    web01.host.foreign_set(web01.uuid, 5, True, Side.LIVE)
    web01.look()
    HistoryEntry.objects.filter(kind="outside").get()
    foreign.take_away(web01.host, web01.uuid)
    web01.look()
    body = json.loads(entries()[-1].body)
    assert body["effects"] == [
        {"side": "live", "appeared": "", "disappeared": "", "ended": "gone", "lost": "5"},
        {"side": "config", "appeared": "", "disappeared": "", "undefined": True},
        {"side": None, "gone": True},
    ]
    assert body["before"]["live"]["present"] == "0-3,5"
    assert body["after"] == {"live": None, "config": None}
    assert Domain.objects.get().config["present"] == "0-3"


def test_domain_that_comes_back_is_recorded(web01):
    body = foreign.take_away(web01.host, web01.uuid)
    web01.look()
    foreign.bring_back(web01.host, web01.uuid, body)
    web01.look()
    assert json.loads(entries()[-1].body)["effects"] == [
        {"side": "live", "appeared": "", "disappeared": "", "began": "running"},
        {"side": "config", "appeared": "", "disappeared": "", "defined": True},
        {"side": None, "returned": True},
    ]
    assert len(entries()) == 2


def test_domain_known_on_another_host_is_a_migration_or_a_copy(watch, web01):
    web01.host.vanish(web01.uuid)
    web01.look()
    there = watch("hv2", identity=web01.uuid)
    entry = entries()[-1]
    assert (entry.host, entry.domain_uuid) == ("hv2", web01.uuid)
    assert json.loads(entry.body)["effects"][-1] == {"side": None, "arrived": True, "known_on": "lab"}
    there.look()
    assert len(entries()) == 2


def test_transient_guest_that_becomes_persistent_is_recorded(watch):
    fleeting01 = watch(name="fleeting01", persistent=False)
    foreign.redefine(fleeting01.host, fleeting01.uuid, SlotMap(8, frozenset({0, 1}), frozenset()))
    fleeting01.look()
    assert effects() == [{"side": "config", "defined": True}]


@pytest.mark.parametrize("seed", range(3))
def test_every_difference_of_a_random_walk_is_explained_by_one_entry(web01, seed):
    chance = random.Random(seed)  # noqa: S311  # a repeatable walk, not a secret
    was, count, recorded = standing(web01.seen), 0, 0
    for _ in range(150):
        for _ in range(chance.choice([1, 1, 1, 2, 3])):  # several may come between two looks
            _meddle(chance, web01)
        web01.look()
        now = standing(web01.seen)
        count += now != was
        if len(entries()) > recorded:
            assert unexplained(entries()[-1], was, now) == []
            recorded += 1
        assert len(entries()) == recorded
        assert recorded >= count  # a restart leaves no difference, and is recorded all the same
        was = now
    assert count > 50


def _meddle(chance, web01):
    """Do one thing that somebody could do to the domain as it is now."""
    host, uuid = web01.host, web01.uuid
    with host.transaction() as db:
        body = host.load_all(db).get(uuid)
    if body is None:
        return foreign.bring_back(host, uuid, web01.taken)
    maps = host.truth(uuid)
    live, config = maps[Side.LIVE], maps[Side.CONFIG]
    ways = [lambda: host.rename(uuid, chance.choice(["web01", "web02"]))]
    if live and config:
        ways += [lambda: host.stop(uuid), lambda: foreign.crash(host, uuid)]
        ways += [lambda: foreign.restart(host, uuid), lambda: foreign.undefine(host, uuid)]
    if live:
        ways += [lambda: host.foreign_set(uuid, chance.randrange(1, 8), chance.random() < 0.5, Side.LIVE)] * 3
        ways += [lambda: foreign.redefine(host, uuid, live)]
    else:
        ways += [lambda: host.start(uuid)] * 3
    if config:
        slot = chance.choice(sorted(config.present))
        ways += [lambda: foreign.set_removable(host, uuid, slot, chance.random() < 0.5)] * 2
        ways += [lambda: foreign.set_maximum(host, uuid, chance.choice([6, 8, 12]))]
        ways += [
            lambda: host.foreign_set(uuid, chance.randrange(1, 6), chance.random() < 0.5, Side.CONFIG)
        ] * 3
        ways += [lambda: setattr(web01, "taken", foreign.take_away(host, uuid))]
    return chance.choice(ways)()
