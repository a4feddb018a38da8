"""Which words are said of which fault, and to whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domains.operations.pulse import HeadPulse, HostPulse, Pulse, QueuePulse
from domains.operations.troubles import about_hosts, listed, troubles
from domains.push.figures import HubFigures

HOSTS = tuple(HostPulse(f"rack{n}", "default", "connected", 1.0, watched=True) for n in range(1, 6))
WELL = Pulse(
    hosts=HOSTS,
    queues=(QueuePulse("default", depth=3, oldest=2.0),),
    open={"queued": 3, "running": 1, "waiting": 2, "unconfirmed": 1},
    watchers=2,
    workers={"w1": frozenset({"default"})},
    revision=70,
    head=HeadPulse(seq=900, published=850, published_age=86_400.0, unpublished=30.0),
    hub=HubFigures(streams=3, lag=0.01, revision=70, attached=True),
)
EVERY = [host.slug for host in HOSTS]


def away(*slugs):
    return tuple(
        replace(host, state="unreachable", age=700.0) if host.slug in slugs else host for host in HOSTS
    )


def said(known=EVERY, **changes):
    return [(str(t.part), t.brief, t.sentence) for t in troubles(replace(WELL, **changes), known)]


def test_nothing_is_said_while_all_is_well():
    assert said() == []
    assert not about_hosts(WELL)


def test_without_any_host_nothing_is_missing():
    assert said(hosts=(), queues=(), known=[]) == []


@pytest.mark.parametrize(
    ("changes", "part", "brief", "words"),
    [
        ({"workers": None}, "redis", "Redis does not answer", "operations stay queued until it is back"),
        ({"workers": {}}, "worker", "No worker answers", "operations stay queued until one is started"),
        (
            {"workers": {"w1": frozenset({"far"})}},
            "queue",
            "Unserved: default",
            "No worker serves the queue default: operations on its hosts stay queued",
        ),
        ({"watchers": 0}, "watcher", "No watcher at work", "No watcher is at work"),
        (
            {"hosts": (replace(HOSTS[0], age=40.0, watched=False), *HOSTS[1:])},
            "watcher",
            "Not watched: rack1",
            "No watcher looks after rack1: what is shown of it may be old.",
        ),
        ({"hosts": away("rack2")}, "hosts", "rack2 does not answer", "rack2 does not answer: "),
        (
            {"hosts": away("rack1", "rack2", "rack3", "rack4", "rack5")},
            "hosts",
            "5 hosts do not answer",
            "rack1, rack2, rack3 and 2 more do not answer: ",
        ),
        (
            {"hosts": (replace(HOSTS[0], due=240.0), *HOSTS[1:])},
            "queued",
            "Operations wait for a worker",
            "the oldest for 4 min",
        ),
        ({"hub": HubFigures(3, 12.0, 60, attached=True)}, "events", "Pages are behind", "12.0 s late"),
        (
            {"head": HeadPulse(900, 850, 9e4, 1500.0)},
            "head",
            "Head not published",
            "has not been published for 25 min",
        ),
    ],
)
def test_each_fault_has_its_words(changes, part, brief, words):
    ((said_part, said_brief, sentence),) = said(**changes)

    assert (said_part, said_brief) == (part, brief)
    assert words in sentence
    assert sentence.endswith(".")


def test_no_host_is_named_to_somebody_who_may_not_know_it():
    hosts = away("rack1", "rack2", "rack3")

    assert said(hosts=hosts, known=["rack4"]) == []
    ((_, brief, sentence),) = said(hosts=hosts, known=["rack2", "rack4"])
    assert brief == "rack2 does not answer"
    assert "rack1" not in sentence
    assert "rack3" not in sentence


def test_queue_is_named_only_to_those_who_know_a_host_of_it():
    hosts = (replace(HOSTS[0], queue="far", due=90.0), *HOSTS[1:])
    far = {"hosts": hosts, "queues": (QueuePulse("far", 1, 90.0),)}

    assert said(known=EVERY[1:], **far) == []
    assert [part for part, _, _ in said(known=["rack1"], **far)] == ["queue", "queued"]
    assert about_hosts(replace(WELL, **far))


def test_paused_host_is_neither_missed_nor_its_queue():
    hosts = (replace(HOSTS[0], state="paused", age=9000.0, watched=False, queue="far"), *HOSTS[1:])

    assert said(hosts=hosts) == []


def test_queued_behind_a_host_that_is_away_lacks_no_worker():
    assert said(queues=(QueuePulse("default", 9, 500.0),)) == []


def test_nobody_is_told_of_what_waits_on_a_host_that_only_shares_their_queue():
    late = {"hosts": (replace(HOSTS[0], due=240.0), *HOSTS[1:])}

    assert said(known=EVERY[1:], **late) == []
    assert [part for part, _, _ in said(known=EVERY[:1], **late)] == ["queued"]


def test_several_faults_are_said_gravest_first():
    parts = [p for p, _, _ in said(workers={}, watchers=0, hosts=away("rack1"), hub=None)]

    assert parts == ["worker", "watcher", "hosts"]


def test_long_lists_are_cut_after_three():
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b", "c", "d"]) == "a, b, c and 1 more"
