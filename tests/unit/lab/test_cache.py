from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from lab import cache
from lab.errors import LabError
from lab.progress import silent
from tests.waiting import LONG


def fill(folder):
    (folder / "content").write_text("whole")


def test_part_is_built_once_and_whole(tmp_path):
    target = tmp_path / "cache" / "part"
    assert cache.ensure(target, fill, silent) == target
    assert (target / "content").read_text() == "whole"

    def again(_folder):
        raise AssertionError("built twice")

    assert cache.ensure(target, again, silent) == target


def test_failed_build_leaves_nothing_and_is_done_again(tmp_path):
    def fail(folder):
        fill(folder)
        raise LabError("no mirror")

    with pytest.raises(LabError, match="no mirror"):
        cache.ensure(tmp_path / "part", fail, silent)
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]
    assert cache.ensure(tmp_path / "part", fill, silent).is_dir()


def test_remains_of_a_killed_build_are_swept(tmp_path):
    (tmp_path / "build-killed" / "deep").mkdir(parents=True)
    cache.ensure(tmp_path / "part", fill, silent)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock", "part"]


def test_two_builders_build_one_part_once(tmp_path):
    built, began, go_on = [], threading.Event(), threading.Event()

    def slow(folder):
        built.append(folder)
        began.set()
        assert go_on.wait(LONG)

    said = []
    builders = [
        threading.Thread(target=cache.ensure, args=(tmp_path / "part", slow, said.append)) for _ in range(2)
    ]
    builders[0].start()
    assert began.wait(LONG)
    builders[1].start()
    while not said:
        assert builders[1].is_alive()
    go_on.set()
    for builder in builders:
        builder.join(LONG)
    assert len(built) == 1
    assert said == ["waiting for another build in the same cache folder"]


def test_folder_without_room_is_refused_before_building(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "_NEEDED_BYTES", 10**18)
    with pytest.raises(LabError, match="SLOTBOARD_LAB_CACHE"):
        cache.ensure(tmp_path / "part", fill, silent)


def test_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LabError, match=str(tmp_path / "file")):
        cache.ensure(tmp_path / "file" / "part", fill, silent)


def test_key_changes_with_any_ingredient():
    keys = {
        cache.recipe_key("forky", ["a"]),
        cache.recipe_key("sid", ["a"]),
        cache.recipe_key("forky", ["b"]),
    }
    assert len(keys) == 3
    assert cache.recipe_key("forky", ["a"]) in keys


def test_failing_command_is_told_by_its_error_lines(tmp_path):
    script = "import sys; print('I: fine'); print('E: no such release'); sys.exit(3)"
    with pytest.raises(LabError, match=r"Building failed: E: no such release.*log"):
        cache.run_logged([sys.executable, "-c", script], tmp_path / "log", what="Building")
    assert "I: fine" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("arguments", [["up", "web99"], ["up"], ["status"], ["virsh", "list"]])
def test_command_refuses_in_a_sentence(arguments, tmp_path):
    environment = {"SLOTBOARD_VAR": str(tmp_path), "LAB_ACCEL": "xen" if arguments == ["up"] else "tcg"}
    done = subprocess.run(
        [sys.executable, "-m", "lab", *arguments],
        env=environment | {"HOME": "/root"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len((done.stderr or done.stdout).splitlines()) == 1
