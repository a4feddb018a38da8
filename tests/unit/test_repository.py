"""The repository's own files."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
READERS = {
    "str",
    "bool",
    "int",
    "list",
    "dj_db_url",
    "get",
    "queues",
    "seconds",
    "networks",
    "listen_address",
    "getenv",
}
PREFIXES = ("SLOTBOARD_", "LAB_", "REDIS_", "DATABASE_")
SCRIPTS = ["script/setup", "script/server", "script/test", "script/lab", "script/screenshots", ".ci/run"]


def variables_in(path: Path) -> set[str]:
    """Find the variables that a module reads: a string of that form as the first argument of a reader."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            value = node.args[0].value
            if name in READERS and isinstance(value, str) and value.startswith(PREFIXES):
                found.add(value)
    return found


def test_the_example_environment_lists_every_variable_and_no_other():
    listed = re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    read = set()
    for folder in ("dashboard", "domains", "lab"):
        for path in (ROOT / folder).rglob("*.py"):
            read |= variables_in(path)
    # The bash scripts hand the environment on and read nothing from it themselves.

    assert sorted(listed) == sorted(set(listed)), "each is listed once"
    assert set(listed) == read


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_can_be_run_and_stop_at_the_first_failure(name):
    path = ROOT / name

    assert os.access(path, os.X_OK)
    assert path.read_text().startswith("#!/bin/bash\n")
    assert "set -euo pipefail" in path.read_text()
    subprocess.run(["bash", "-n", path], check=True)


def test_continuous_integration_runs_the_tests_script_and_nothing_else():
    commands = [
        line
        for line in (ROOT / ".ci/run").read_text().splitlines()
        if line and not line.startswith(("#", "set "))
    ]

    assert len(commands) == 1
    assert commands[0].endswith('/script/test"')


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_locked_with_hashes(name):
    text = (ROOT / name).read_text().replace("\\\n", " ")
    requirements = [line for line in text.splitlines() if line and not line.lstrip().startswith(("#", "--"))]

    assert requirements
    assert all("==" in line and "--hash=sha256:" in line for line in requirements)


def test_what_runs_is_locked_alike_for_development():
    def versions(name: str) -> dict[str, str]:
        return dict(
            re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s\\]+)", (ROOT / name).read_text(), re.MULTILINE)
        )

    assert versions("requirements.txt").items() <= versions("requirements-dev.txt").items()
