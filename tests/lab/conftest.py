"""A lab for the tests on real guests: started when a test first asks, with only the guests that are named."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from lab.instance import Instance


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """The session's lab, running, with no guest booted yet."""
    instance = Instance(tmp_path_factory.mktemp("lab"))
    try:
        instance.up(["batch01"])  # shut off: it brings the daemons and costs no boot
        yield instance
    finally:
        instance.down()


@pytest.fixture(scope="module")
def lab_guest(lab: Instance) -> Callable[[str], str]:
    """Return a function that makes sure that the named guest is ready, and returns the name.

    The first call for a guest in a module boots it afresh with its original definition: an emulated guest
    survives only so many added vCPUs, and no module may depend on what another left behind.
    """
    fresh: set[str] = set()

    def ready(name: str) -> str:
        if name not in fresh:
            lab.reset([name])
            fresh.add(name)
        else:
            lab.up([name])
        return name

    return ready
