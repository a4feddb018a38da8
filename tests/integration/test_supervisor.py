"""``script/server``, without its lab."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
from http.client import HTTPConnection
from pathlib import Path

import pytest

from lab.processes import descendants
from tests.product import ROOT, Product, free_port
from tests.waiting import LONG, wait_until


class WithoutLab(Product):
    options = ("--no-lab",)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    product = WithoutLab(tmp_path_factory.mktemp("server"))
    try:
        product.start()
        yield product
    finally:
        product.stop()


def processes_of(folder: Path) -> list[str]:
    """Give the command lines of the processes that belong to a data folder."""
    mark = f"SLOTBOARD_VAR={folder}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # it ended meanwhile
    return found


def start(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``script/server`` where it is expected to end by itself."""
    product = WithoutLab(folder, **environment)
    return subprocess.run(
        ["script/server", *product.options, *options],
        cwd=ROOT,
        env=product.environment,
        capture_output=True,
        text=True,
        timeout=LONG,
    )


def test_everything_runs_and_says_who_speaks(running):
    for name in ("redis", "web", "worker", "watcher"):
        assert f"spawned: '{name}' with pid" in running.log
    assert f"ready   | Ready: {running.url}/" in running.log
    assert "spawned: 'lab'" not in running.log


def test_the_first_user_signs_in_with_the_given_password_which_is_not_shown(running):
    assert "Sign in as admin with the password in SLOTBOARD_ADMIN_PASSWORD." in running.log
    assert running.environment["SLOTBOARD_ADMIN_PASSWORD"] not in running.log
    (user,) = running.query("SELECT username, is_superuser FROM auth_user")
    assert user == {"username": "admin", "is_superuser": 1}


def test_redis_is_reached_by_this_user_alone(running):
    folder = running.folder / "redis"

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "redis.sock").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["web", "worker", "watcher", "redis"])
def test_what_dies_is_named_and_started_again(running, name):
    running.kill(name)

    assert f"exited: {name} (terminated by SIGKILL; not expected)" in running.log
    wait_until(lambda: f"success: {name} entered RUNNING" in running.log.rpartition("SIGKILL")[2], what=name)


def test_the_processes_of_a_worker_share_most_of_their_memory(running):
    wait_until(lambda: len(descendants(running.pid("worker"))) == 4, what="the worker's processes")
    for pid in descendants(running.pid("worker")):
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        own, all_of_it = (
            int(re.search(rf"^{name}: +(\d+)", rollup, re.M)[1]) for name in ("Private_Dirty", "Rss")
        )
        assert own < all_of_it / 3, rollup


def test_a_second_server_on_the_same_folder_is_refused(running):
    done = start(running.folder, "--port", str(free_port()))

    assert done.returncode == 1
    assert f"A server is already running with the data folder {running.folder}." in done.stderr


def test_a_port_in_use_is_said_before_anything_starts(running, tmp_path):
    done = start(tmp_path, "--port", str(running.port))

    assert done.returncode == 1
    assert f"Port {running.port} cannot be used (Address already in use)" in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "supervisord.conf").exists()


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_a_port_that_is_none_is_refused(tmp_path, port):
    done = start(tmp_path, f"--port={port}")

    assert done.returncode != 0
    assert port in done.stderr


def test_sigterm_stops_everything_without_killing_anything(tmp_path):
    product = WithoutLab(tmp_path)
    product.start()
    assert len(processes_of(tmp_path)) >= 6
    connection = HTTPConnection("127.0.0.1", product.port)
    connection.request("GET", "/healthz")
    connection.getresponse().read()

    assert product.stop() == 0
    assert "SIGKILL" not in product.log
    assert processes_of(tmp_path) == []
    connection.close()


def test_nothing_stays_behind_a_supervisor_that_is_killed(tmp_path):
    product = WithoutLab(tmp_path)
    product.start()
    product.process.kill()
    product.process.wait()

    wait_until(lambda: processes_of(tmp_path) == [], what="the end of all processes")


def test_the_second_start_has_nothing_to_set_up_and_no_user_to_make(tmp_path):
    product = WithoutLab(tmp_path)
    product.start()
    os.kill(product.process.pid, signal.SIGINT)
    assert product.process.wait(LONG) == 0
    product.log_path.unlink()
    product.environment["SLOTBOARD_ADMIN_PASSWORD"] = "another"
    product.start()
    log = product.log
    product.stop()

    assert "Sign in as" not in log
    assert "Installing" not in log


def test_with_a_redis_of_ones_own_none_is_started(tmp_path, redis, redis_server):
    product = WithoutLab(tmp_path, REDIS_URL=f"unix://{redis_server.socket}")
    product.start()
    log = product.log
    product.stop()

    assert "spawned: 'redis'" not in log
    assert "spawned: 'worker'" in log
