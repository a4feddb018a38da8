"""Which sides a request changes."""

from __future__ import annotations

from enum import StrEnum

from domains.vcpu.slots import Side


class Affect(StrEnum):
    """The sides a person names; ``current`` leaves the choice to the domain's state."""

    CURRENT = "current"
    LIVE = "live"
    CONFIG = "config"
    BOTH = "both"


def sides(affect: Affect, *, running: bool) -> tuple[Side, ...]:
    """Say which sides change, in the order in which they are changed.

    ``current`` means what it means to QEMU: the live side of a running guest, else the configuration.
    """
    if affect is Affect.BOTH:
        return (Side.LIVE, Side.CONFIG)
    if affect is Affect.LIVE or (affect is Affect.CURRENT and running):
        return (Side.LIVE,)
    return (Side.CONFIG,)
