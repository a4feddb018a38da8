"""A lab for the tests on real guests: started when a test first asks, with only the guests that are named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from lab.instance import Instance
from lab.settings import read_settings

OLD_SUITE = "bookworm"  # libvirt 9.0 and QEMU 7.2


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """The session's lab, running, with no guest booted yet."""
    instance = Instance(tmp_path_factory.mktemp("lab"))
    try:
        instance.up(["batch01"])  # shut off: it brings the daemons and costs no boot
        yield instance
    finally:
        instance.down()


@pytest.fixture(scope="session")
def old_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """The session's old host, running, with no guest booted yet: a removal is never confirmed on it."""
    chosen = replace(read_settings(), suite=OLD_SUITE)
    instance = Instance(tmp_path_factory.mktemp("old-lab"), chosen=chosen)
    try:
        instance.up(["batch01"])
        yield instance
    finally:
        instance.down()


@pytest.fixture(scope="module")
def lab_guest(lab: Instance) -> Callable[[str], str]:
    """Return a function that makes sure that the named guest is ready, and returns the name.

    The first call for a guest in a module boots it afresh with its original definition: an emulated guest
    survives only so many added vCPUs, and no module may depend on what another left behind.
    """
    return _fresh_once(lab)


@pytest.fixture(scope="module")
def old_lab_guest(old_lab: Instance) -> Callable[[str], str]:
    """The same on the old host. QEMU 7.2 may crash at the first change after a removal: reset the guest then."""
    return _fresh_once(old_lab)


def _fresh_once(instance: Instance) -> Callable[[str], str]:
    fresh: set[str] = set()

    def ready(name: str) -> str:
        if name not in fresh:
            instance.reset([name])
            fresh.add(name)
        else:
            instance.up([name])
        return name

    return ready
