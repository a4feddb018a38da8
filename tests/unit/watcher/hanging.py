"""A connection that never opens, as libvirt's does on a port that accepts and never answers."""

from __future__ import annotations

import time
from typing import NoReturn


def open_gateway(uri: str, *, readonly: bool, monitor: bool) -> NoReturn:
    while True:
        time.sleep(600)
