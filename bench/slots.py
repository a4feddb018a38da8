"""The page of a guest of 8, 256 and 4,096 slots, beside an empty signed-in page of the same process."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.loading import beside_frame
from domains.models import Domain, Grant, Host
from domains.vcpu.slots import SlotMap, SlotMapJson

ROUNDS, WARM_UP = 15, 2
SIZES = {8: (1, 4, 2), 256: (2, 64, 2), 4_096: (8, 256, 2)}  # slots to sockets, cores, threads


def measure() -> dict[str, list[float]]:
    """Give by page its milliseconds, beside each those of the frame, its KB and its number of queries."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(operator())
    samples: dict[str, list[float]] = {}
    for name, address in pages():
        samples[f"{name}: frame"], samples[f"{name}: page"] = beside_frame(
            client, address, rounds=ROUNDS, warm_up=WARM_UP
        )
        with CaptureQueriesContext(connection) as queries:
            samples[f"{name}: KB"] = [len(client.get(address).content) / 1024]
        samples[f"{name}: queries"] = [float(len(queries))]
    return samples


def pages() -> list[tuple[str, str]]:
    """Make a guest of each size, and give what each page shows with its address."""
    now = datetime.now(UTC)
    host = Host.objects.create(slug="bench", state="connected", state_since=now, last_seen=now)
    found = []
    for slots, (sockets, cores, threads) in SIZES.items():
        topology = {"sockets": sockets, "dies": 1, "clusters": 1, "cores": cores, "threads": threads}
        domain = Domain.objects.create(
            host=host,
            uuid=uuid.uuid4(),
            name=f"slots{slots}",
            state="running",
            live=_map(slots, slots // 2),
            config=_map(slots, slots // 2 + 1),
            topology=topology,
            run=1,
            synced_at=now,
            revision=slots,
        )
        address = f"/domains/bench/{domain.uuid}/"
        found.append((f"{slots:,} slots", address))
        if slots > 512:
            found.append((f"{slots:,} slots, a socket opened", f"{address}?socket=1"))
    return found


def _map(slots: int, present: int) -> SlotMapJson:
    return SlotMap(slots, frozenset(range(present)), frozenset(range(1, present))).to_json()


def operator() -> User:
    """Make somebody who may change everything."""
    user = get_user_model().objects.create_user("operator")
    Grant.objects.create(user=user, role="operator")
    return user
