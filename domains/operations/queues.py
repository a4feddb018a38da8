"""Names of queues, as hosts and workers may have them."""

from __future__ import annotations

import re

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
RULE = "A queue's name is at most 100 letters, digits and . _ -, and begins with a letter or digit."


def well_formed(name: str) -> bool:
    """Whether this can be a queue's name."""
    return NAME.fullmatch(name) is not None
