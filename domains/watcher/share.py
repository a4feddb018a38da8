"""How many of the hosts are one watcher's share: every watcher applies this rule to what all of them see."""

from __future__ import annotations

from collections.abc import Mapping


def share(holder: str, held: Mapping[str, int], hosts: int) -> int:
    """Give how many of ``hosts`` are ``holder``'s; ``held`` is how many each living watcher has now.

    The shares differ by one at most, and together are ``hosts``. Where they differ, those who have more keep
    more, so nothing is moved that need not be.
    """
    least, one_more = divmod(hosts, len(held))
    ranked = sorted(held, key=lambda name: (-held[name], name))
    return least + (ranked.index(holder) < one_more)


def surplus(have: int, mine: int, *, on_the_way: int, at_once: int) -> int:
    """Give how many of the hosts that a watcher has it is to hand over now.

    Nothing while others are still free to be taken, so that no more than a few ever wait for a newcomer, which
    may be slow or have ended again.
    """
    return 0 if on_the_way else max(0, min(have - mine, at_once))
