from __future__ import annotations

from collections import Counter

from domains.watcher.rounds import AT_ONCE, Rounds

NAMES = [f"d{number}" for number in range(100)]


def test_rounds_look_at_every_domain_within_a_round() -> None:
    rounds = Rounds(whole=20, often=1.5, part=1)
    rounds.add(NAMES)
    assert rounds.due(0, ()) == []
    parts = [rounds.due(second, ()) for second in range(1, 21)]
    assert Counter(name for part in parts for name in part) == Counter(NAMES)
    assert max(len(part) for part in parts) == 5


def test_rounds_put_small_parts_together() -> None:
    rounds = Rounds(whole=20, often=1.5, part=4)
    rounds.add(NAMES[:10])
    rounds.due(0, ())
    parts = {second: rounds.due(second, ()) for second in range(1, 21)}
    assert [second for second, part in parts.items() if part] == [4, 8, 12, 16, 20]
    assert sorted(name for part in parts.values() for name in part) == sorted(NAMES[:10])


def test_rounds_look_at_open_domains_often() -> None:
    rounds = Rounds(whole=1000, often=1.5, part=1)
    rounds.add(NAMES)
    looked = [moment for moment in range(0, 30) if "d99" in rounds.due(moment / 2, {"d99", "elsewhere"})]
    assert looked == list(range(0, 30, 3))


def test_rounds_put_open_domains_first_and_name_none_twice() -> None:
    rounds = Rounds(whole=1, often=1, part=1)
    rounds.add(NAMES)
    rounds.due(0, ())
    part = rounds.due(1, {"d50"})
    assert part[0] == "d50"
    assert sorted(part) == sorted(NAMES)


def test_rounds_leave_out_what_is_gone() -> None:
    rounds = Rounds(whole=1, often=1, part=1)
    rounds.add(["a", "b"])
    rounds.due(0, ())
    rounds.remove("a")
    rounds.remove("unknown")
    assert rounds.due(1, {"a"}) == ["b"]


def test_rounds_keep_to_a_budget_after_a_long_pause() -> None:
    rounds = Rounds(whole=10, often=1, part=1)
    rounds.add([f"d{number}" for number in range(50_000)])
    rounds.due(0, ())
    assert len(rounds.due(1000, ())) == AT_ONCE
