"""What the tests of undoing and of retrying share."""

from __future__ import annotations

import pytest

from domains.operations.followups import undo
from domains.operations.refused import RequestRefused
from domains.vcpu.slots import Side


def present(desk, uuid):
    truth = desk.simulator.truth(uuid)
    return [sorted(truth[side].present) if truth[side] else None for side in (Side.LIVE, Side.CONFIG)]


def undone(desk, operation, **more):
    return desk.work(undo(desk.actor, operation.pk, **more))


def refusal(deed, actor, number, **more):
    with pytest.raises(RequestRefused) as caught:
        deed(actor, number, **more)
    return str(caught.value.code), caught.value.http_status, caught.value.message
