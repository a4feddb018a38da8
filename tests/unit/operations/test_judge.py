from __future__ import annotations

import pytest

from domains.hypervisor.errors import ChangeRejected, GuestRefused, UnknownOutcome
from domains.models import EffectState
from domains.operations.judge import Verdict, heed, judge, judge_dead
from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side
from domains.vcpu.targets import ALREADY, Target

TIMEOUT = UnknownOutcome("vcpu unplug request timed out", code=68)
REJECTED = ChangeRejected("vcpu '1' can't be unplugged", code=84)


def verdict(**changed):
    facts = {
        "side": Side.LIVE,
        "target": Target.ABSENT,
        "reached": False,
        "same_run": True,
        "paused": False,
        "error": None,
    }
    found = judge(**(facts | changed))
    return found.state, found.reason


@pytest.mark.parametrize("error", [None, TIMEOUT, REJECTED, GuestRefused("no")])
def test_what_was_seen_wins_over_what_the_call_said(error):
    assert verdict(reached=True, error=error) == (EffectState.DONE, None)
    assert verdict(target=Target.PRESENT, reached=True, error=error) == (EffectState.DONE, None)


def test_what_already_was_and_was_rejected_is_no_deed_of_ours():
    for target, reason in ALREADY.items():
        found = verdict(target=target, reached=True, error=REJECTED, already=True)
        assert found == (EffectState.SKIPPED, reason)


def test_a_timeout_of_a_live_removal_is_waiting_and_never_failed():
    assert verdict(error=TIMEOUT) == (EffectState.WAITING, None)
    assert verdict(error=TIMEOUT, paused=True) == (EffectState.WAITING, Reason.GUEST_PAUSED)


def test_a_side_that_cannot_be_seen_any_more_is_named():
    for target in (Target.PRESENT, Target.ABSENT, Target.REMOVABLE):
        undefined = verdict(side=Side.CONFIG, target=target, reached=None)
        assert undefined == (EffectState.FAILED, Reason.DOMAIN_NOT_PERSISTENT)
    silent = verdict(side=Side.GUEST, target=Target.OFFLINE, reached=None)
    assert silent == (EffectState.FAILED, Reason.AGENT_UNAVAILABLE)


def test_an_accepted_removal_that_does_not_show_yet_is_waiting():
    assert verdict() == (EffectState.WAITING, None)


@pytest.mark.parametrize(
    ("side", "target"),
    [
        (Side.LIVE, Target.PRESENT),
        (Side.CONFIG, Target.PRESENT),
        (Side.CONFIG, Target.ABSENT),
        (Side.CONFIG, Target.REMOVABLE),
        (Side.GUEST, Target.OFFLINE),
    ],
)
def test_the_same_code_elsewhere_means_that_the_domain_was_busy(side, target):
    found = verdict(side=side, target=target, error=TIMEOUT)
    assert found == (EffectState.FAILED, Reason.DOMAIN_BUSY)


def test_accepted_but_not_shown_is_an_error_of_the_hypervisor():
    assert verdict(target=Target.PRESENT) == (EffectState.FAILED, Reason.HYPERVISOR_ERROR)


def test_a_guest_that_stopped_ends_the_question():
    assert verdict(reached=None) == (EffectState.FAILED, Reason.RUN_ENDED)
    assert verdict(same_run=False) == (EffectState.FAILED, Reason.RUN_ENDED)
    assert verdict(same_run=False, reached=True) == (EffectState.FAILED, Reason.RUN_ENDED)


def test_a_guest_whose_agent_is_silent_after_the_call_was_not_seen_to_obey():
    found = verdict(side=Side.GUEST, target=Target.OFFLINE, reached=None)
    assert found == (EffectState.FAILED, Reason.AGENT_UNAVAILABLE)
    found = verdict(side=Side.GUEST, target=Target.OFFLINE, reached=None, same_run=False)
    assert found == (EffectState.FAILED, Reason.RUN_ENDED)


def test_the_configuration_outlives_the_run():
    assert verdict(side=Side.CONFIG, reached=True, same_run=False) == (EffectState.DONE, None)


def test_a_refusal_by_the_guest_is_told_as_such():
    assert verdict(error=GuestRefused("status 128")) == (EffectState.FAILED, Reason.GUEST_REFUSED)


def test_a_guest_that_was_heard_to_refuse_is_not_waited_for():
    for reason in (None, Reason.GUEST_PAUSED):
        waiting = Verdict(EffectState.WAITING, reason)
        assert heed(waiting, refused=True) == Verdict(EffectState.FAILED, Reason.GUEST_REFUSED)
        assert heed(waiting, refused=False) == waiting


def test_what_was_seen_outweighs_a_refusal_that_was_heard():
    for seen in (Verdict(EffectState.DONE), Verdict(EffectState.FAILED, Reason.RUN_ENDED)):
        assert heed(seen, refused=True) == seen


def test_a_configuration_that_could_not_be_written_is_told_as_such():
    error = ChangeRejected("cannot create file", code=38)
    found = verdict(side=Side.CONFIG, target=Target.PRESENT, error=error)
    assert found == (EffectState.FAILED, Reason.CONFIG_WRITE_FAILED)


def dead(**changed):
    facts = {
        "side": Side.LIVE,
        "target": Target.ABSENT,
        "reached": False,
        "same_run": True,
        "paused": False,
        "due": True,
    }
    found = judge_dead(**(facts | changed))
    return found and (found.state, found.reason)


def test_not_reached_is_never_settled_before_it_is_due():
    assert dead(due=False) is None
    assert dead(due=False, target=Target.PRESENT) is None


def test_reached_is_settled_at_once():
    assert dead(due=False, reached=True) == (EffectState.DONE, None)


def test_a_dead_workers_removal_waits_and_the_rest_is_interrupted():
    assert dead() == (EffectState.WAITING, None)
    assert dead(target=Target.PRESENT) == (EffectState.FAILED, Reason.INTERRUPTED)
    assert dead(side=Side.CONFIG) == (EffectState.FAILED, Reason.INTERRUPTED)


@pytest.mark.parametrize("reached", [True, False])
def test_a_definition_that_was_not_stored_is_a_failure_whatever_is_shown(reached):
    unwritten = ChangeRejected("Failed to create file", code=38, reason=Reason.CONFIG_WRITE_FAILED)
    found = verdict(side=Side.CONFIG, target=Target.PRESENT, reached=reached, error=unwritten)
    assert found == (EffectState.FAILED, Reason.CONFIG_WRITE_FAILED)


def test_a_guest_that_never_ran_has_no_run_that_ended():
    off = ChangeRejected("domain is not running", code=55, reason=Reason.DOMAIN_NOT_RUNNING)
    gone = {"target": Target.PRESENT, "reached": None, "same_run": False, "error": off}
    assert verdict(**gone, ran=False) == (EffectState.FAILED, Reason.DOMAIN_NOT_RUNNING)
    assert verdict(**gone, ran=True) == (EffectState.FAILED, Reason.RUN_ENDED)
