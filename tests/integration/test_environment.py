"""What processes say to environment variables that cannot be meant."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest
from django.conf import settings


def check(folder, **variables: str) -> subprocess.CompletedProcess[str]:
    """Start a process with these variables and nothing else of ours."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SLOTBOARD_", "DJANGO_", "DATABASE_", "REDIS_"))
    }
    return subprocess.run(
        [sys.executable, "manage.py", "diffsettings", "--output", "unified"],
        cwd=settings.BASE_DIR,
        env=inherited | {"SLOTBOARD_VAR": str(folder)} | variables,
        capture_output=True,
        text=True,
    )


def refusal(folder, **variables: str) -> str:
    """Give the last line that a process says which must not start."""
    done = check(folder, **variables)
    assert done.returncode != 0
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("SLOTBOARD_DEBUG", "perhaps", "boolean"),
        ("SLOTBOARD_HTTPS", "2", "boolean"),
        ("SLOTBOARD_ALLOW_TCP", "maybe", "boolean"),
        ("SLOTBOARD_REQUIRE_NOTE", "sometimes", "boolean"),
        ("SLOTBOARD_LOG_LEVEL", "loud", "debug, info, warning or error"),
        ("SLOTBOARD_WORKER_PROCESSES", "many", "integer"),
        ("SLOTBOARD_WORKER_PROCESSES", "3", "below the second"),
        ("SLOTBOARD_CHANGES_PER_HOST", "0", "at least 1"),
        ("SLOTBOARD_CHANGES_PER_HOST", "1.5", "integer"),
        ("SLOTBOARD_WORKER_QUEUES", "default,rack 2", "“rack 2” in it. A queue's name is"),
        ("SLOTBOARD_WORKER_QUEUES", "default,,rack-2", "“” in it"),
        ("SLOTBOARD_WORKER_QUEUES", "-Q", "begins with a letter or digit"),
        ("SLOTBOARD_WORKER_QUEUES", "", "names no queue"),
        ("SLOTBOARD_UNPLUG_PATIENCE", "5 minutes", "whole number of seconds"),
        ("SLOTBOARD_UNPLUG_PATIENCE", "0", "at least 1"),
        ("SLOTBOARD_QUEUE_PATIENCE", "-1", "at least 1"),
        ("SLOTBOARD_HEAD_INTERVAL", "10 min", "whole number of seconds"),
        ("SLOTBOARD_HEAD_INTERVAL", "0", "at least 1"),
        ("SLOTBOARD_TRUSTED_PROXIES", "proxy.example.org", "neither an address nor a network"),
        ("SLOTBOARD_TRUSTED_PROXIES", "10.0.0.1/8", "neither an address nor a network"),
        ("SLOTBOARD_HEAD_ENTRIES", "0", "greater than or equal to 1"),
        ("SLOTBOARD_HEAD_ENTRIES", "all", "integer"),
        ("SLOTBOARD_METRICS_LISTEN", "9100", "HOST:PORT"),
        ("SLOTBOARD_METRICS_LISTEN", "127.0.0.1:0", "HOST:PORT"),
        ("SLOTBOARD_METRICS_LISTEN", "127.0.0.1:70000", "HOST:PORT"),
        ("SLOTBOARD_METRICS_LISTEN", "http://127.0.0.1:9100", "HOST:PORT"),
        ("SLOTBOARD_METRICS_LISTEN", "unix:metrics.sock", "unix:/PATH"),
        ("SLOTBOARD_METRICS_LISTEN", "unix:/" + "long" * 30, "107 bytes"),
        ("SLOTBOARD_SECRET_KEY", "short", "32 characters"),
        ("REDIS_URL", "localhost:6379", "redis://"),
        ("DATABASE_URL", "not a database", "DATABASE_URL"),
        ("DATABASE_URL", "oracle9i://x/y", "DATABASE_URL"),
        ("SLOTBOARD_VAR", "/dev/null/slotboard", "cannot be made"),
    ],
)
def test_a_malformed_variable_is_refused_by_name(tmp_path, name, value, hint):
    last = refusal(tmp_path, **{name: value})

    assert name in last
    assert hint in last


def test_a_data_folder_too_deep_for_a_socket_is_refused(tmp_path):
    last = refusal(tmp_path, SLOTBOARD_VAR=str(tmp_path / ("long" * 30)))

    assert "longer than 107 bytes" in last
    assert "SLOTBOARD_VAR" in last


def test_without_any_variable_everything_is_in_the_data_folder(tmp_path):
    done = check(tmp_path)

    assert done.returncode == 0, done.stderr
    assert f"unix://{tmp_path}/redis/redis.sock" in done.stdout
    assert f"{tmp_path}/slotboard.sqlite3" in done.stdout
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_a_workers_queues_are_named_with_commas_between_them(tmp_path):
    done = check(tmp_path, SLOTBOARD_WORKER_QUEUES="default, rack-2,default")

    assert "WORKER_QUEUES = ['default', 'rack-2']" in done.stdout


def test_the_secret_key_is_made_once(tmp_path):
    check(tmp_path)
    first = (tmp_path / "secret_key").read_text()
    check(tmp_path)

    assert (tmp_path / "secret_key").read_text() == first
    assert len(first.strip()) >= 50
