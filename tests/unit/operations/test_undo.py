"""What takes an operation back, decided from what is known of it and of its domain."""

from __future__ import annotations

import pytest

from domains.operations.standing import Obstacle, Proposal
from domains.operations.undo import propose
from tests.unit.operations.standings import (
    RUN,
    a_domain,
    a_standing,
    an_operation,
    follower,
    guest,
    slot_map,
)

ADDED_BOTH = ("5 live present done", "5 config present done")


def proposed(operation, told, domain, **more):
    """Give the request in brief: action, slots, sides, and what is expected of a word."""
    found = propose(a_standing(operation, told, domain, **more))
    assert isinstance(found, Proposal), found
    assert found.change.undo_of_id == operation.pk
    change = found.change
    return (str(change.action), change.vcpu, str(change.affect), change.expect), found.notes


def refused(operation, told, domain, **more):
    found = propose(a_standing(operation, told, domain, **more))
    assert isinstance(found, Obstacle), found
    return str(found.reason), found.sentence


@pytest.mark.parametrize(
    ("action", "told", "domain", "expected"),
    [
        ("add", ADDED_BOTH, a_domain("0-3,5", "0-3,5"), ("remove", [5], "both")),
        ("add", ["5 live present done"], a_domain("0-3,5"), ("remove", [5], "live")),
        ("add", ["5 config present done"], a_domain(config="0-3,5"), ("remove", [5], "config")),
        ("add", ["5 config present done"], a_domain(None, "0-3,5"), ("remove", [5], "config")),
        ("remove", ["3 live absent done", "3 config absent done"], a_domain("0-2", "0-2"), ("add", [3], "both")),
        ("remove", ["3 live absent done"], a_domain("0-2"), ("add", [3], "live")),
        ("offline", ["2 guest offline done"], a_domain(guest=guest("0-1,3")), ("online", [2], "live")),
        ("online", ["2 guest online done"], a_domain(guest=guest("0-3")), ("offline", [2], "live")),
        ("offline", ["2 guest offline done"], a_domain(guest=None), ("online", [2], "live")),
        ("sync", ["3 config absent done", "2 config absent done"], a_domain(config="0-1"), ("add", [2, 3], "config")),
        ("sync", ["5 live present done"], a_domain("0-3,5"), ("remove", [5], "live")),
        # what came last is taken back first: in the configuration the higher slots have to come back last
        (
            "remove",
            ["3 live absent done", "3 config absent done", "2 live absent done", "2 config absent done"],
            a_domain("0-1", "0-1"),
            ("add", [2, 3], "both"),
        ),
    ],
)  # fmt: skip
def test_the_opposite_is_asked_for_on_the_sides_that_changed(action, told, domain, expected):
    assert proposed(an_operation(action), told, domain) == ((*expected, None), ())


@pytest.mark.parametrize(
    ("told", "live", "config", "expected"),
    [
        # the second slot failed on one side, where it is as it was: one request takes both back
        (
            [*ADDED_BOTH, "6 live present done", "6 config present failed config_write_failed"],
            "0-3,5-6",
            "0-3,5",
            ("remove", [6, 5], "both", None),
        ),
        (
            [*ADDED_BOTH, "6 live present failed hypervisor_error", "6 config present skipped hypervisor_error"],
            "0-3,5",
            "0-3,5",
            ("remove", [5], "both", None),
        ),
        # it was present live before; removing it there would take back more than was done
        (["5 live present skipped already_present", "5 config present done"], "0-5", "0-3,5", ("remove", [5], "config", None)),
    ],
)  # fmt: skip
def test_of_a_partial_outcome_exactly_what_was_done_is_taken_back(told, live, config, expected):
    assert proposed(an_operation(status="partial"), told, a_domain(live, config))[0] == expected


def test_what_no_single_request_takes_back_is_said():
    told = ["5 live present skipped already_present", "5 config present done", "6 live present done", "6 config present done"]  # fmt: skip
    reason, sentence = refused(an_operation(), told, a_domain("0-6", "0-3,5-6"))
    assert reason == "not_undoable"
    assert "changed vCPU 6 live and vCPU 5-6 in the configuration" in sentence


def test_sync_that_added_and_removed_takes_two_requests():
    told = ["5 config present done", "3 config absent done"]
    reason, sentence = refused(an_operation("sync", affect="config"), told, a_domain(config="0-2,5"))
    assert reason == "not_undoable"
    assert "added vCPU 5 and removed vCPU 3, which no single request takes back" in sentence


def test_slot_that_a_call_named_and_found_as_asked_is_left_alone():
    told = ["5 config present done", "3 config present done"]
    change, _ = proposed(an_operation("sync", affect="config"), told, a_domain(config="0-3,5"))
    assert change == ("remove", [5], "config", None)
    reason, sentence = refused(an_operation("sync"), ["3 config present done"], a_domain())
    assert (reason, "changed nothing" in sentence) == ("not_undoable", True)


def test_late_success_counts_as_done():
    told = ["3 live absent done", "3 config absent done"]
    operation = an_operation("remove", late=True)
    assert proposed(operation, told, a_domain("0-2", "0-2"))[0] == ("add", [3], "both", None)


def test_driver_that_counts_is_left_the_choice_and_held_to_it():
    counting = a_domain("0-4", "0-4", specific=False)
    told = ["4 live present done"]
    assert proposed(an_operation(affect="live"), told, counting)[0] == ("remove", "highest", "live", 4)
    counting = a_domain("0-2", specific=False)
    assert proposed(an_operation("remove"), ["3 live absent done"], counting)[0] == (
        "add",
        "first",
        "live",
        3,
    )


def test_way_to_go_on_is_kept_and_nothing_else():
    operation = an_operation(on_failure="continue", ask_anyway=True, queue_if_unreachable=True, note="T-1")
    found = propose(a_standing(operation, ADDED_BOTH, a_domain("0-3,5", "0-3,5")))
    assert str(found.change.on_failure) == "continue"
    assert (found.change.ask_anyway, found.change.queue_if_unreachable, found.change.note) == (
        False,
        False,
        "",
    )


def test_slot_that_was_fixed_is_said_to_come_back_removable():
    operation = an_operation("remove", before={"live": None, "config": slot_map("0-3", "")})
    _, notes = proposed(operation, ["3 config absent done"], a_domain(config="0-2"))
    assert notes == ("vCPU 3 was fixed in the configuration and comes back removable.",)


@pytest.mark.parametrize("domain", [a_domain("0-3,5", "0-3,5", run=RUN + 1), a_domain(None, "0-3,5")])
def test_of_a_run_that_has_ended_only_the_configuration_is_left(domain):
    change, notes = proposed(an_operation(), ADDED_BOTH, domain)
    assert change == ("remove", [5], "config", None)
    assert "only the configuration is changed back" in notes[0]
    assert refused(an_operation(), ADDED_BOTH[:1], domain)[0] == "run_ended"


def test_what_the_guest_did_by_itself_went_with_its_run():
    domain = a_domain(guest=guest("0-3"), run=RUN + 1)
    assert refused(an_operation("offline"), ["2 guest offline done"], domain)[0] == "run_ended"


@pytest.mark.parametrize(
    ("told", "domain", "words"),
    [
        (
            ADDED_BOTH,
            a_domain("0-3", "0-3,5"),
            "vCPU 5 of web01 no longer stands as operation 12 left it live",
        ),
        (ADDED_BOTH, a_domain("0-3,5", "0-3"), "left it in the configuration"),
        (["2 guest offline done"], a_domain(guest=guest("0-3")), "left it in the guest"),
    ],
)
def test_slot_that_was_changed_outside_since_is_named(told, domain, words):
    reason, sentence = refused(an_operation(), told, domain)
    assert reason == "changed_meanwhile"
    assert words in sentence
    assert "outside Slotboard" in sentence


def test_slot_that_an_operation_changed_since_is_named_with_it():
    """Also where it stands as it was left: by now that is the other one's doing."""
    domain = a_domain("0-3,5", "0-3,5")
    reason, sentence = refused(an_operation(), ADDED_BOTH, domain, overtaken={(5, "config"): 14})
    assert reason == "changed_meanwhile"
    assert "Operation 14 has changed vCPU 5 of web01 in the configuration since" in sentence


@pytest.mark.parametrize(
    ("status", "told", "words"),
    [
        ("queued", ["5 live present pending"], "cancel it instead"),
        ("running", ["5 live present applying"], "undo it when it has ended"),
        ("waiting", ["3 live absent waiting"], "stop waiting first"),
        ("unconfirmed", ["3 live absent unconfirmed"], "if it lets go of the vCPU after all"),
        ("failed", ["5 live present failed hypervisor_error"], "changed nothing"),
        ("failed", ["3 live present skipped already_present"], "changed nothing"),
        ("failed", [], "changed nothing"),
        ("cancelled", ["5 live present skipped"], "changed nothing"),
    ],
)
def test_operation_that_has_changed_nothing_yet_or_at_all_is_not_undone(status, told, words):
    reason, sentence = refused(an_operation(status=status), told, a_domain())
    assert reason == "not_undoable"
    assert words in sentence


def test_operation_that_is_queued_again_for_its_rest_is_still_under_way():
    told = ["3 live absent done", "3 config absent pending"]
    _, sentence = refused(an_operation("remove", "queued", attempt=1), told, a_domain("0-2"))
    assert "undo it when it has ended" in sentence


def test_what_is_done_of_an_unconfirmed_one_can_be_undone():
    told = ["3 live absent done", "2 live absent unconfirmed"]
    change, notes = proposed(an_operation("remove", "unconfirmed"), told, a_domain("0-2"))
    assert change == ("add", [3], "live", None)
    assert notes == ("What the guest has not confirmed stays as it is.",)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("queued", "Operation 13 is to undo operation 12 and is queued"),
        ("waiting", "is waiting"),
        ("unconfirmed", "is unconfirmed"),
        ("succeeded", "Operation 13 has undone operation 12 already"),
        ("partial", "retry that one for the rest"),
    ],
)
def test_operation_is_undone_once(status, words):
    followers = [follower(status, undo_of=12)]
    reason, sentence = refused(an_operation(), ADDED_BOTH, a_domain("0-3,5", "0-3,5"), followers=followers)
    assert reason == "not_undoable"
    assert words in sentence


@pytest.mark.parametrize(
    "other",
    [follower("failed", undo_of=12), follower("cancelled", undo_of=12), follower("succeeded", retry_of=12)],
)
def test_undoing_that_came_to_nothing_can_be_asked_for_again(other):
    change, _ = proposed(an_operation(), ADDED_BOTH, a_domain("0-3,5", "0-3,5"), followers=[other])
    assert change == ("remove", [5], "both", None)


def test_slots_that_were_made_removable_stay_so():
    operation = an_operation("make_removable", before={"live": None, "config": slot_map("0-3", "")})
    reason, sentence = refused(operation, ["3 config removable done"], a_domain())
    assert reason == "not_undoable"
    assert "libvirt has no call that makes a vCPU fixed again" in sentence
    assert "virsh edit" in sentence


def test_domain_that_is_gone_is_said_to_be():
    reason, sentence = refused(an_operation(), ADDED_BOTH, None)
    assert reason == "domain_not_found"
    assert "shows no web01 any more" in sentence
