"""What the hub of this process has to tell of itself, to those who ask from elsewhere in the process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HubFigures:
    """How many streams are open, and how far behind they are.

    ``lag`` is in seconds: what lately passed between an announcement and its being heard, or how long something that
    was heard has been waiting to be delivered, whichever is more. Up to ``revision`` everything was heard.
    ``attached`` says whether announcements are heard at all; without them changes are looked up.
    """

    streams: int
    lag: float
    revision: int
    attached: bool


class _Hub:
    """Remembers whom to ask."""

    figures: Callable[[], HubFigures] | None = None


def tell_by(figures: Callable[[], HubFigures]) -> None:
    """Say who answers in this process; it may be asked from any thread."""
    _Hub.figures = figures


def hub_figures() -> HubFigures | None:
    """Give the figures of this process's hub. None in one that has no hub."""
    return _Hub.figures() if _Hub.figures else None
