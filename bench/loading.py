"""Loading a page in this process, in turns with an empty one, so that both see the same machine."""

from __future__ import annotations

import time

from django.test import Client

FRAME = "/bench/frame/"


def beside_frame(
    client: Client, address: str, *, rounds: int, warm_up: int
) -> tuple[list[float], list[float]]:
    """Give the milliseconds of the frame and of the page, a pair a round. Raises ``RuntimeError`` for a refused page."""
    for _ in range(warm_up):
        load(client, address)
    pairs = [(load(client, FRAME), load(client, address)) for _ in range(rounds)]
    return [frame for frame, _ in pairs], [page for _, page in pairs]


def load(client: Client, address: str) -> float:
    """Give the milliseconds that one page takes. Raises ``RuntimeError`` if it is refused."""
    began = time.perf_counter()
    status = client.get(address).status_code
    took = (time.perf_counter() - began) * 1000
    if status != 200:
        raise RuntimeError(f"{address} answered {status}")
    return took
