from __future__ import annotations

from domains.watcher.reads import AT_ONCE, TRIES, Reads


def read(reads: Reads, uuid: str) -> None:
    assert reads.next() == uuid
    reads.answered(reads.sent(uuid, 0).token)


def test_reads_give_urgent_ones_first_and_each_once() -> None:
    reads = Reads()
    reads.want(["a", "b", "c"], urgent=False)
    reads.want(["c", "d", "c"])
    reads.want(["d"], urgent=False)
    for uuid in "cdab":
        read(reads, uuid)
    assert reads.next() is None


def test_reads_keep_to_a_number_at_once() -> None:
    reads = Reads()
    reads.want(str(number) for number in range(AT_ONCE + 1))
    requests = [reads.sent(reads.next() or "", 0) for _ in range(AT_ONCE)]
    assert reads.next() is None
    reads.answered(requests[3].token)
    assert reads.next() == str(AT_ONCE)


def test_sign_during_a_reading_causes_another_one() -> None:
    reads = Reads()
    reads.want(["a"])
    request = reads.sent(reads.next() or "", 5)
    reads.want(["a"])
    assert reads.next() is None
    assert reads.busy("a")
    assert reads.answered(request.token).revision == 5
    read(reads, "a")
    assert not reads.busy("a")


def test_stale_reading_is_repeated_at_once_then_with_the_next_answer() -> None:
    reads = Reads()
    for _ in range(TRIES):
        reads.stale("a")
        read(reads, "a")
    reads.stale("a")
    assert reads.next() is None
    assert reads.busy("a")
    reads.tick()
    read(reads, "a")
    reads.settled("a")
    reads.stale("a")
    read(reads, "a")


def test_failed_reading_is_tried_again_and_then_left_to_the_sweep() -> None:
    reads = Reads()
    for _ in range(TRIES):
        assert reads.failed("a")
        assert reads.next() is None
        reads.tick()
        read(reads, "a")
    assert not reads.failed("a")
    reads.tick()
    assert reads.next() is None
