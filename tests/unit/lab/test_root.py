from __future__ import annotations

import pytest

from lab.root import VERSIONS_FILE, describe_versions, finishes_removals


@pytest.mark.parametrize(
    ("libvirt", "qemu", "said"),
    [
        ("12.8.0", "11.1.2", "libvirt 12.8.0, QEMU 11.1.2 (as tried)"),
        ("9.0.0", "7.2.22", "libvirt 9.0.0, QEMU 7.2.22 (as tried)"),
        (
            "9.0.0",
            "11.1.2",
            "libvirt 9.0.0, QEMU 11.1.2 (not the tried libvirt 12.8, QEMU 11.1 or libvirt 9.0, QEMU 7.2)",
        ),
        (
            "12.80.0",
            "11.1.2",
            "libvirt 12.80.0, QEMU 11.1.2 (not the tried libvirt 12.8, QEMU 11.1 or libvirt 9.0, QEMU 7.2)",
        ),
    ],
)
def test_versions_are_as_tried_only_as_a_pair(tmp_path, libvirt, qemu, said):
    (tmp_path / VERSIONS_FILE).write_text(f"libvirt {libvirt}\nQEMU {qemu}\n")
    assert describe_versions(tmp_path) == said


@pytest.mark.parametrize(
    ("qemu", "finishes"), [("7.2.22", False), ("11.0.3", False), ("11.1.2", True), ("12.0", True)]
)
def test_removals_are_finished_since_11_1(tmp_path, qemu, finishes):
    (tmp_path / VERSIONS_FILE).write_text(f"libvirt 9.0.0\nQEMU {qemu}\n")
    assert finishes_removals(tmp_path) is finishes
