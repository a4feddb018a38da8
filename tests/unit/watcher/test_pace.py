from __future__ import annotations

from domains.watcher.pace import Backoff


def test_backoff_doubles_with_jitter_up_to_a_bound_and_starts_over() -> None:
    backoff = Backoff(1, 30)
    spans = [1, 2, 4, 8, 16, 30, 30]
    for span in spans:
        assert span / 2 <= backoff.pause() <= span
    backoff.reset()
    assert backoff.pause() <= 1


def test_backoff_differs_between_hosts() -> None:
    assert len({Backoff(1, 30).pause() for _ in range(20)}) > 1
