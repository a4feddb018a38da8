"""Many processes append at once, and what they leave is one chain."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from django.conf import settings

from domains.history.chain import rows
from domains.history.verify import verify

WRITERS = 8
EACH = 40


@pytest.mark.usefixtures("any_database")
def test_eight_processes_leave_one_unbroken_chain_and_lose_nothing():
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.integration.history.appending", str(writer), str(EACH)],
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for writer in range(WRITERS)
    ]
    try:
        for writer in writers:
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            writer.stdin.write("go\n")
            writer.stdin.flush()
        assert [writer.wait(timeout=120) for writer in writers] == [0] * WRITERS
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
            writer.stdin.close()
            writer.stdout.close()

    assert verify().finding is None
    bodies = [json.loads(row.body) for row in rows(0)]
    written = [(body["writer"], body["number"]) for body in bodies]
    assert sorted(written) == [(writer, number) for writer in range(WRITERS) for number in range(EACH)]
    assert written != sorted(written), "the writers took turns by chance: nothing was tried"
