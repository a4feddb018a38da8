"""Numbers in addresses and forms, which anybody can write."""

from __future__ import annotations

_DIGITS = 18  # what surely fits the database's 64 bits


def read_number(text: str) -> int | None:
    """Read a non-negative whole number, or give None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None
