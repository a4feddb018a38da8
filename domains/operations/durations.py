"""Durations for people."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Write a duration: ``0.3 s``, ``41.2 s``, ``7 min``, ``2 h``."""
    if seconds < 100:  # below that, tenths tell something
        return f"{seconds:.1f} s"
    if seconds < 5_400:
        return f"{round(seconds / 60)} min"
    return f"{round(seconds / 3600)} h"
