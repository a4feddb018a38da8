from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.models.status import FINAL, EffectState, Status, status_of

STATES = st.lists(st.sampled_from(list(EffectState)), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("states", "held", "status"),
    [
        (["pending"], False, Status.QUEUED),
        (["pending"], True, Status.RUNNING),
        (["applying", "pending"], True, Status.RUNNING),
        (["waiting", "waiting"], False, Status.WAITING),
        (["done", "waiting"], False, Status.WAITING),
        (["unconfirmed", "unconfirmed"], False, Status.UNCONFIRMED),
        (["done", "pending"], False, Status.QUEUED),
        (["done", "done"], True, Status.SUCCEEDED),
        (["skipped", "done"], True, Status.SUCCEEDED),
        (["skipped", "skipped"], True, Status.FAILED),
        (["failed", "skipped"], True, Status.FAILED),
        (["done", "failed", "skipped"], True, Status.PARTIAL),
        ([], False, Status.FAILED),
    ],
)
def test_status_follows_from_the_effects(states, held, status):
    assert status_of(states, held=held) is status


@given(STATES, st.booleans())
def test_status_is_final_exactly_when_nothing_is_open(states, held):
    open_states = {"pending", "applying", "waiting", "unconfirmed"}
    assert (status_of(states, held=held) in FINAL) == (not open_states & set(states))


@given(STATES, st.booleans())
def test_success_needs_something_done_and_nothing_failed(states, held):
    if status_of(states, held=held) is Status.SUCCEEDED:
        assert "done" in states
        assert "failed" not in states
