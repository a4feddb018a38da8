"""What a guest says on its console is read by whole lines."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.lab.consoles import cpus_online


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("", None),
        ("booting\r\n", None),
        ("slotboard-guest: ready, CPUs online: 0-3\r\n", 4),
        ("slotboard-guest: ready, CPUs online: 0-3\r\ncpu5 add, CPUs online: 0-3,5\n", 5),
        ("slotboard-guest: ready, CPUs online: 0-3\r\ncpu12 add, CPUs online: 0-3,10-12,", 4),
        ("slotboard-guest: ready, CPUs online: 0-3\r\ncpu12 add, CPUs online: 0-3,1", 4),
        ("slotboard-guest: ready, CPUs online: 0-", None),
    ],
)
def test_a_line_counts_once_it_is_whole(tmp_path, written, number):
    console = tmp_path / "console"
    console.write_text(written)
    lab = SimpleNamespace(folders=SimpleNamespace(console=lambda name: console))
    assert cpus_online(lab, "web01") == number
