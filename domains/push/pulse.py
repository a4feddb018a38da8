"""The pulse of the open streams: keep-alives, and an end for browsers that take nothing any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection

from domains.push.client import Client

EVERY = 1.0  # seconds
AT_ONCE = 50  # streams that are looked at before others get their turn


async def tend(clients: Collection[Client]) -> None:
    """Look after the streams for ever, a few at a time: one timer for all costs less than two for each message."""
    while True:
        for number, client in enumerate(list(clients)):
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
            client.tend(time.monotonic())
        await asyncio.sleep(EVERY)
