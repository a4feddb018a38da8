"""One button about an operation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Control:
    """``address`` names the button's URL, ``sentence`` says what it would do, or with a ``reason`` why it cannot."""

    address: str
    label: str
    icon: str
    sentence: str
    reason: str = ""
