"""An archiving process that is killed at a given step: ``archiving.py STEP BEFORE FOLDER``."""

from __future__ import annotations

import os
import signal
import sys
from itertools import islice

import django

if __name__ == "__main__":
    django.setup()

from django.core.management import call_command

from domains.history import archive, ledger
from domains.history.export import files, writing


def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def write_half(*arguments):
    yield from islice(LINES(*arguments), 4)
    yield b"x" * 100_000  # beyond what is held back, so that some of it is in the file
    die()


def record_and_die(*arguments):
    APPEND(*arguments)
    die()


def remove_some(last):
    REMOVE(last - 3)
    die()


LINES, APPEND, REMOVE = writing.lines, ledger.append, archive.remove
STEPS = {
    "half written": lambda: setattr(writing, "lines", write_half),
    "not named": lambda: setattr(files.Path, "replace", die),
    "named": lambda: setattr(files, "_settle", die),
    "written": lambda: setattr(archive, "_read_back", die),
    "checked": lambda: setattr(archive, "_record", die),
    "not committed": lambda: setattr(ledger, "append", record_and_die),
    "recorded": lambda: setattr(archive, "remove", die),
    "half removed": lambda: setattr(archive, "remove", remove_some),
}

if __name__ == "__main__":
    step, before, folder = sys.argv[1:]
    STEPS[step]()
    call_command("history", "archive", "--before", before, "--output", folder)
