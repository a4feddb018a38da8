from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_child_loads_neither_django_nor_redis() -> None:
    code = "import sys, domains.watcher.child; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "libvirt" in modules
    assert not {"django", "celery", "redis", "structlog"} & {name.partition(".")[0] for name in modules}


def test_child_ends_with_its_parent_even_while_it_opens() -> None:
    """A connection that never opens, opened by a child whose parent is gone."""
    order = b'{"kind":"Open","gateway":"tests.unit.watcher.hanging.open_gateway","uri":"","monitor":false,"interval":1}\n'
    child = subprocess.run(
        [sys.executable, "-m", "domains.watcher.child"],
        cwd=ROOT,
        input=order,
        capture_output=True,
        timeout=10,
        check=True,
    )
    assert child.stdout == b""
