from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from domains.watcher.share import share, surplus

NAMES = st.sampled_from("abcdefg")
HELD = st.dictionaries(NAMES, st.integers(0, 40), min_size=1)


@given(HELD, st.integers(0, 200))
def test_shares_are_all_hosts_together_and_differ_by_one_at_most(held: dict[str, int], hosts: int) -> None:
    shares = [share(name, held, hosts) for name in held]
    assert sum(shares) == hosts
    assert max(shares) - min(shares) <= 1


def settle(held: Counter[str], hosts: int, at_once: int = 4) -> list[tuple[str, int]]:
    """Let the watchers take turns until nothing changes; give who handed how many over."""
    handed: list[tuple[str, int]] = []
    for _ in range(200):
        before = dict(held)
        for name in sorted(held):
            due, free = share(name, held, hosts), hosts - held.total()
            held[name] += min(free, max(0, due - held[name]))
            given = surplus(held[name], due, on_the_way=hosts - held.total(), at_once=at_once)
            if given:
                held[name] -= given
                handed.append((name, given))
        if dict(held) == before:
            return handed
    raise AssertionError(f"the watchers never agree: {held}")


@given(HELD, st.integers(0, 60))
def test_watchers_come_to_rest_with_every_host_taken(held: dict[str, int], more: int) -> None:
    counted = Counter(held)
    hosts = counted.total() + more
    settle(counted, hosts)
    assert counted.total() == hosts
    assert max(counted.values()) - min(counted.values()) <= 1


@given(HELD)
def test_no_more_hosts_move_than_must(held: dict[str, int]) -> None:
    counted = Counter(held)
    hosts = counted.total()
    least, one_more = divmod(hosts, len(counted))
    keep = sorted(counted.values(), reverse=True)
    moves = sum(max(0, have - least - (rank < one_more)) for rank, have in enumerate(keep))
    assert sum(number for _, number in settle(counted, hosts)) == moves


def test_one_that_joins_gets_its_share_and_nobody_else_moves_anything() -> None:
    held = Counter({"a": 34, "b": 33, "c": 33, "new": 0})
    settle(held, 100)
    assert held == Counter({"a": 25, "b": 25, "c": 25, "new": 25})


def test_only_a_few_hosts_wait_for_a_newcomer_that_takes_none() -> None:
    held = {"old": 50, "dead": 0}
    assert surplus(50, share("old", held, 50), on_the_way=0, at_once=4) == 4
    assert surplus(46, share("old", held, 50), on_the_way=4, at_once=4) == 0
