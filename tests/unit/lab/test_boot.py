from __future__ import annotations

from pathlib import Path

import pytest

from lab import boot
from lab.boot import Boot
from lab.errors import LabError
from lab.folders import Folders
from lab.guests import BY_NAME
from lab.settings import Settings


class Virsh:
    """Takes down what it is told, and says that every guest runs."""

    def __init__(self):
        self.told = []

    def __call__(self, *arguments):
        self.told.append(arguments)

    def states(self):
        return dict.fromkeys(BY_NAME, "running")


@pytest.fixture
def bring(tmp_path, monkeypatch):
    """Boot web01, which is ready after so many looks in each attempt; gives what virsh was told."""

    def bring(*looks):
        virsh, said, left = Virsh(), [], list(looks)
        monkeypatch.setattr(boot, "_HANGS_SECONDS", 0.15)
        monkeypatch.setattr(boot, "_BOOT_SECONDS", 0.15)

        def ready(self, guest):
            attempt = len([told for told in virsh.told if told[0] == "start"]) - 1
            left[attempt] -= 1
            return left[attempt] < 0

        monkeypatch.setattr(Boot, "_ready", ready)
        settings = Settings(cache=Path("/"), suite="forky", accelerator="tcg")
        booting = Boot(folders=Folders(tmp_path), virsh=virsh, settings=settings, progress=said.append)
        try:
            booting.bring(BY_NAME["web01"], "shut off")
        except LabError as error:
            return virsh.told, str(error)
        return virsh.told, " ".join(said)

    return bring


def test_guest_that_boots_is_started_once(bring):
    assert bring(0) == ([("start", "web01")], "")


def test_guest_that_hangs_in_its_boot_is_started_anew(bring):
    told, said = bring(99, 0)
    assert told == [("start", "web01"), ("destroy", "web01"), ("start", "web01")]
    assert "web01 was not ready" in said


def test_guest_that_hangs_again_is_given_up(bring, monkeypatch):
    monkeypatch.setattr(Boot.wait_until_ready, "__defaults__", (0.15,))
    told, said = bring(99, 99)
    assert told[-1] == ("start", "web01")
    assert "was not ready within" in said
