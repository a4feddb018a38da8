"""A batch whose worker is killed again and again, wherever it happens to be."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta

from django.conf import settings
from django.db.models import F

from domains.models import Effect, Operation, Status
from tests import replay

_WORKER = """
import sys
import django
from django.conf import settings
django.setup()
settings.GATEWAY, settings.SOCKET_DIRS = sys.argv[1], [sys.argv[2]]
from domains.models import Batch
from domains.operations import doorbell
from domains.operations.execute import work
from domains.operations.sweep import sweep
bells = []
doorbell.ring = bells.extend
print("ready", flush=True)
while Batch.objects.filter(status="running").exists():
    sweep()
    while bells:
        work(bells.pop(0))
"""
_AGO = timedelta(seconds=120)  # longer than any lease and any call


def work(folder, *, kill_after=None):
    """Run a worker to the batch's end, or kill it after so many seconds; gives its exit status."""
    command = [sys.executable, "-c", _WORKER, settings.GATEWAY, str(folder)]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        if kill_after is not None:
            time.sleep(kill_after)
            process.send_signal(signal.SIGKILL)
        return process.wait(60)


def pass_time():
    """Let the leases of dead workers run out, and their calls be over."""
    Operation.objects.filter(status=Status.QUEUED).update(created_at=F("created_at") - _AGO)
    Operation.objects.filter(lease_until__isnull=False).update(lease_until=F("lease_until") - _AGO)
    Effect.objects.filter(applied_at__isnull=False).update(applied_at=F("applied_at") - _AGO)


def test_whatever_dies_each_guest_is_asked_exactly_once(any_desk, tmp_path):
    desk = any_desk
    names = [f"web{number:02}" for number in range(12)]
    desk.guests(*names)
    desk.simulator.tune(write_delay=[0.0, 0.05])
    batch = desk.run(action="add", vcpu=[5], affect="both", parallel=3, work=False)
    for seconds in (0.05, 0.2, 0.4):
        work(tmp_path, kill_after=seconds)
        pass_time()

    assert work(tmp_path) == 0

    batch.refresh_from_db()
    assert batch.status == "finished"
    operations = Operation.objects.filter(batch=batch)
    assert Counter(operations.values_list("domain_name", flat=True)) == dict.fromkeys(names, 1)
    assert Counter((call.uuid, call.side) for call in desk.simulator.calls()).most_common(1)[0][1] == 1
    for operation in operations.exclude(status=Status.SUCCEEDED):
        assert operation.reason == "interrupted"
    replay.check_chain()
