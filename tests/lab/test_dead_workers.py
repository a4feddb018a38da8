"""Processes die in the middle of operations on real guests: each is settled by looking, and nothing runs twice."""

from __future__ import annotations

import os
import signal

import pytest

from lab.instance import Instance
from tests.lab.consoles import wait_until_used
from tests.waiting import LONG, wait_until

SETTLED_SECONDS = 120  # the lease of a dead worker ends after 45 s at the latest


@pytest.fixture
def paused(product):
    """Give a guest a vCPU that can be removed, and pause it, so that a removal stays in the middle."""

    def prepare(name, slot):
        status, added = product.vcpu("add", "lab", name, "--vcpu", str(slot), "--live", "--wait")
        assert status == 0, added
        if "paused" not in product.virsh("domstate", name):
            wait_until_used(Instance(product.folder), name)
            product.virsh("suspend", name)
        return name

    return prepare


def ask_to_remove(product, name, slot):
    _, operation = product.vcpu("remove", "lab", name, "--vcpu", str(slot), "--live")
    number = operation["id"]
    wait_until(lambda: states(product, number) == ["applying"], what="the call")
    return number


def states(product, number):
    rows = product.query("SELECT state FROM domains_effect WHERE operation_id = ?", number)
    return [row["state"] for row in rows]


def test_operations_of_dead_workers_are_settled_by_looking(product, paused):
    first, second = paused("idle01", 5), paused("quiet01", 5)
    by_child = ask_to_remove(product, first, 5)
    os.kill(int(str(product.operation(by_child)["worker"]).rsplit(":", 1)[1]), signal.SIGKILL)
    by_worker = ask_to_remove(product, second, 5)
    product.kill("worker")
    for number in (by_child, by_worker):
        row = product.wait_for(number, "waiting", SETTLED_SECONDS)
        assert row["attempt"] == 2
        assert product.kinds(number) == ["requested", "started", "settled"]
    for name, number in ((first, by_child), (second, by_worker)):
        product.virsh("resume", name)
        row = product.wait_for(number, "succeeded", LONG)
        assert row["late"] == 1
        assert product.kinds(number) == ["requested", "started", "settled", "late"]


def test_an_operation_outlives_web_watcher_and_redis(product, paused):
    name = paused("fleeting01", 5)
    number = ask_to_remove(product, name, 5)
    for process in ("web", "watcher", "redis"):
        product.kill(process)
    product.wait_for(number, "waiting", LONG)
    product.virsh("resume", name)
    row = product.wait_for(number, "succeeded", SETTLED_SECONDS)
    assert (row["late"], row["attempt"]) == (1, 1)
    assert "outside" not in {
        entry["kind"]
        for entry in product.query(
            "SELECT kind FROM domains_historyentry WHERE domain_name = ?"
            " AND body NOT LIKE '%\"began\"%'",  # the lab starts its guests while it is watched
            name,
        )
    }


def test_a_click_without_redis_is_kept_and_done_when_redis_is_back(product):
    os.killpg(product.pid("redis"), signal.SIGSTOP)
    try:
        _, operation = product.vcpu("add", "lab", "batch01", "--vcpu", "4", "--config")
        assert operation["status"] == "queued"
    finally:
        os.killpg(product.pid("redis"), signal.SIGCONT)
    product.wait_for(operation["id"], "succeeded", SETTLED_SECONDS)


def test_the_supervisor_names_what_died(product):
    product.kill("web")
    assert "exited: web (terminated by SIGKILL" in product.log
