"""What asks once more for what an operation has not achieved."""

from __future__ import annotations

import pytest

from domains.operations.retry import propose
from domains.operations.standing import Obstacle, Proposal
from tests.unit.operations.standings import a_domain, a_standing, an_operation, follower


def proposed(operation, told, domain=None, **more):
    found = propose(a_standing(operation, told, domain or a_domain(), **more))
    assert isinstance(found, Proposal), found
    assert found.change.retry_of_id == operation.pk
    return str(found.change.action), found.change.vcpu, str(found.change.affect), found.change.expect


def refused(operation, told, domain, **more):
    found = propose(a_standing(operation, told, domain, **more))
    assert isinstance(found, Obstacle), found
    return str(found.reason), found.sentence


@pytest.mark.parametrize(
    ("fields", "told", "expected"),
    [
        # nothing is known beyond the request
        ({"vcpu": "first", "expect": 4}, [], ("add", "first", "both", 4)),
        ({"vcpu": [5, 7], "affect": "current"}, [], ("add", [5, 7], "current", None)),
        ({"action": "remove", "vcpu": "highest", "status": "cancelled"}, [], ("remove", "highest", "both", None)),
        ({"action": "sync", "vcpu": "all", "affect": "config"}, [], ("sync", "all", "config", None)),
        # the slot had been found out: the person was told which
        (
            {"action": "remove", "vcpu": "highest", "affect": "live", "expect": 3},
            ["3 live absent failed guest_refused"],
            ("remove", [3], "live", None),
        ),
        (
            {"action": "sync", "vcpu": "all", "affect": "config", "status": "partial"},
            ["5 config present done", "3 config absent failed followed_by_fixed"],
            ("sync", [3], "config", None),
        ),
        # only what is left of it
        (
            {"vcpu": [5, 6], "status": "partial"},
            ["5 live present done", "5 config present done", "6 live present failed x", "6 config present skipped x"],
            ("add", [6], "both", None),
        ),
        (
            {"status": "partial"},
            ["5 live present done", "5 config present failed config_write_failed"],
            ("add", [5], "config", None),
        ),
        (
            {"status": "failed"},
            ["5 live present failed run_ended", "5 config present skipped already_present"],
            ("add", [5], "live", None),
        ),
        # both, for the sides that are left are not the same for all: the done ones are found as asked
        (
            {"vcpu": [5, 6], "status": "partial"},
            ["5 live present done", "5 config present failed x", "6 live present failed x", "6 config present skipped x"],
            ("add", [5, 6], "both", None),
        ),
        # what "current" meant is asked for by its name
        (
            {"action": "remove", "vcpu": [3], "affect": "current"},
            ["3 live absent failed run_ended"],
            ("remove", [3], "live", None),
        ),
        ({"status": "cancelled", "vcpu": [7, 5]}, ["7 live present skipped", "5 live present skipped"], ("add", [7, 5], "live", None)),
        # every slot was as asked already, and may not be any more
        ({}, ["5 live present skipped already_present"], ("add", [5], "live", None)),
        (
            {"action": "offline", "vcpu": [2, 3], "affect": "current", "status": "partial"},
            ["2 guest offline done", "3 guest offline failed not_offlinable"],
            ("offline", [3], "current", None),
        ),
        # one call for all of them, whichever slots it took along
        (
            {"action": "make_removable", "vcpu": [2], "affect": "config"},
            ["2 config removable failed hypervisor_error", "3 config removable failed hypervisor_error"],
            ("make_removable", [2], "config", None),
        ),
    ],
)  # fmt: skip
def test_what_is_left_of_the_same_request_is_asked_for(fields, told, expected):
    fields = {"action": "add", "status": "failed"} | fields
    assert proposed(an_operation(**fields), told) == expected


def test_everything_else_about_the_request_is_kept_but_the_note():
    operation = an_operation(
        status="failed", on_failure="continue", ask_anyway=True, queue_if_unreachable=True, note="T-1"
    )
    change = propose(a_standing(operation, [], a_domain())).change
    assert (str(change.on_failure), change.ask_anyway, change.queue_if_unreachable) == (
        "continue",
        True,
        True,
    )


def test_driver_that_counts_is_left_the_choice_and_held_to_it():
    operation = an_operation("remove", "failed", vcpu="highest", affect="live")
    told = ["3 live absent failed domain_busy"]
    assert proposed(operation, told, a_domain(specific=False)) == ("remove", "highest", "live", 3)


def test_retried_undoing_undoes_the_same_operation():
    operation = an_operation("remove", "failed", undo_of_id=9)
    change = propose(a_standing(operation, ["5 live absent failed guest_refused"], a_domain())).change
    assert (change.undo_of_id, change.retry_of_id) == (9, 12)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("succeeded", "has succeeded, so there is nothing to retry"),
        ("queued", "still queued"),
        ("running", "still running"),
        ("waiting", "Ask the guest again"),
        ("unconfirmed", "Ask the guest again"),
    ],
)
def test_operation_that_did_not_fail_is_not_retried(status, words):
    reason, sentence = refused(an_operation(status=status), [], a_domain())
    assert reason == "not_retriable"
    assert words in sentence


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("running", "Operation 13 is to retry operation 12 and is running"),
        ("unconfirmed", "is unconfirmed"),
        ("succeeded", "Operation 13 has retried operation 12 already"),
        ("partial", "retry that one"),
    ],
)
def test_operation_is_retried_once(status, words):
    followers = [follower(status, retry_of=12)]
    reason, sentence = refused(an_operation(status="failed"), [], a_domain(), followers=followers)
    assert reason == "not_retriable"
    assert words in sentence


@pytest.mark.parametrize("other", [follower("failed", retry_of=12), follower("succeeded", undo_of=12)])
def test_attempt_that_came_to_nothing_is_in_nobodys_way(other):
    assert proposed(an_operation(status="partial"), [], followers=[other])[1] == [5]


def test_domain_that_is_gone_is_said_to_be():
    assert refused(an_operation(status="failed"), [], None)[0] == "domain_not_found"
