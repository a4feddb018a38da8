"""Writing to a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Make foreign text safe for a terminal: control and direction characters are written out as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
