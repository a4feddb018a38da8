"""The one error the lab raises for what a person can act on."""

from __future__ import annotations


class LabError(Exception):
    """Something kept the lab from working; the message says what, and what would make it possible."""
