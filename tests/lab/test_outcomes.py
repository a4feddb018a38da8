"""What becomes of operations on real guests that do not cooperate, and of a change made by somebody else."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from lab.instance import Instance
from tests.lab.consoles import wait_until_used
from tests.waiting import LONG, wait_until


def test_a_stubborn_guest_is_never_said_to_have_let_go(product):
    status, _ = product.vcpu("add", "lab", "stubborn01", "--vcpu", "5", "--live", "--wait")
    assert status == 0
    wait_until_used(Instance(product.folder), "stubborn01")
    status, operation = product.vcpu("remove", "lab", "stubborn01", "--vcpu", "5", "--live", "--wait")
    assert status == 1
    assert (operation["status"], operation["reason"]) == ("failed", "guest_refused")
    assert "5" in operation["after"]["live"]["present"]
    listed = ElementTree.fromstring(product.virsh("dumpxml", "stubborn01"))  # noqa: S314  # our own lab's answer
    assert listed.find("vcpus/vcpu[@id='5']").get("enabled") == "yes"


def test_a_paused_guest_is_waited_for_and_ends_late_by_itself(product):
    if "paused" not in product.virsh("domstate", "idle01"):
        product.virsh("suspend", "idle01")
    status, _ = product.vcpu("add", "lab", "idle01", "--vcpu", "7", "--live", "--config", "--wait")
    assert status == 0
    status, operation = product.vcpu("remove", "lab", "idle01", "--vcpu", "7", "--live", "--config", "--wait")
    assert status == 3
    assert (operation["status"], operation["reason"]) == ("waiting", "guest_paused")
    product.virsh("resume", "idle01")
    row = product.wait_for(operation["id"], "succeeded", LONG)
    assert row["late"] == 1
    assert json.loads(str(row["after"]))["config"]["present"] == "0-1"


def test_a_change_by_virsh_is_seen_from_outside(product):
    product.virsh("setvcpu", "db01", "20", "--enable", "--live")
    entry = wait_until(
        lambda: product.query(
            "SELECT body FROM domains_historyentry WHERE kind = 'outside' AND domain_name = 'db01'"
            ' AND body LIKE \'%"appeared":"20"%\''  # the lab defines and starts its guests while it is watched
        ),
        what="the entry of the outside change",
    )
    body = json.loads(str(entry[0]["body"]))
    assert body["effects"] == [{"side": "live", "appeared": "20", "disappeared": ""}]
    assert body["actor"] is None


def test_a_whole_core_is_the_unit_on_power(product):
    status, refused = product.vcpu("add", "lab", "power01", "--vcpu", "8", "--live", "--wait")
    assert (status, refused["reason"]) == (1, "partial_unit")
    status, added = product.vcpu("add", "lab", "power01", "--vcpu", "8-11", "--live", "--wait")
    assert (status, added["after"]["live"]["present"]) == (0, "0-11")
    status, removed = product.vcpu("remove", "lab", "power01", "--vcpu", "highest", "--live", "--wait")
    assert (status, removed["after"]["live"]["present"]) == (0, "0-7")


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("old01", ["add", "--vcpu", "1", "--live"], "hotplug_unsupported"),
        ("batch01", ["add", "--vcpu", "3", "--live"], "domain_not_running"),
        ("fleeting01", ["add", "--vcpu", "3", "--config"], "domain_not_persistent"),
        ("web01", ["remove", "--vcpu", "0", "--live"], "vcpu0_fixed"),
        ("web01", ["add", "--vcpu", "32", "--live"], "out_of_range"),
    ],
)
def test_what_cannot_be_done_fails_with_its_reason(product, name, arguments, reason):
    action, *rest = arguments
    status, operation = product.vcpu(action, "lab", name, *rest, "--wait")
    assert (status, operation["status"], operation["reason"]) == (1, "failed", reason)
    assert operation["message"]
