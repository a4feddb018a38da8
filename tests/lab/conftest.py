"""The old host, and guests of the labs that no other module has used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from lab.instance import Instance
from lab.settings import read_settings
from tests.lab.fresh import FreshGuests

OLD_SUITE = "bookworm"  # libvirt 9.0 and QEMU 7.2


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


@pytest.fixture(scope="session")
def old_guests(old_lab: Instance) -> FreshGuests:
    """Fresh guests of the old host. QEMU 7.2 may crash at the first change after a removal: bring a fresh one then."""
    return FreshGuests(old_lab)


@pytest.fixture(scope="module")
def lab_guest(fresh_guests: FreshGuests) -> Iterator[Callable[[str], str]]:
    """Return a function that makes sure that the named guest is ready, and returns the name.

    The first call for a guest in a module gives a fresh one: an emulated guest survives only so many added vCPUs, and
    no module may depend on what another left behind.
    """
    fresh: set[str] = set()

    def ready(name: str) -> str:
        if name not in fresh:
            fresh_guests.bring(name)
            fresh.add(name)
        else:
            fresh_guests.lab.up([name])
        return name

    yield ready
    fresh_guests.end()
