from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domains.models import ConnectionTest

MOMENT = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "taken", "standing"),
    [
        (1, None, "waiting"),
        (6, None, "unheard"),
        (61, None, "given_up"),
        (30, 1, "running"),
        (90, 41, "lost"),
    ],
)
def test_test_says_how_far_it_has_come(age, taken, standing):
    test = ConnectionTest(created_at=MOMENT - timedelta(seconds=age))
    test.taken_at = MOMENT - timedelta(seconds=taken) if taken else None
    assert test.standing(MOMENT) == standing


def test_test_that_was_answered_stays_so():
    test = ConnectionTest(created_at=MOMENT, taken_at=MOMENT, ended_at=MOMENT)
    assert test.standing(MOMENT + timedelta(hours=9)) == "answered"
