"""The database breaks off every connection, as it does when it is restarted."""

from __future__ import annotations

from pathlib import Path

import psycopg
from django.db import connection

from domains.vcpu.slots import Side
from tests.integration.simulated import host_row
from tests.integration.watcher.conftest import FACTORY, wait_for_domain, wait_for_host, watching
from tests.simulated_host import SimulatedHost


def break_off() -> None:
    connection.ensure_connection()
    info = connection.connection.info
    with psycopg.connect(host=info.host, user=info.user, dbname="postgres", autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid != %s",
            [info.dbname, info.backend_pid],
        )


def test_watcher_survives_a_database_that_breaks_off_again_and_again(
    postgres_database, redis, settings, tmp_path: Path
) -> None:
    settings.SOCKET_DIRS = [str(tmp_path)]
    settings.GATEWAY = FACTORY
    simulated = SimulatedHost(tmp_path / "host")
    uuid = simulated.add_domain("web", maximum=16, present="0-1")
    host = host_row(simulated)
    with watching():
        wait_for_domain(uuid)
        for slot in range(2, 12):
            simulated.foreign_set(uuid, slot, True, Side.LIVE)
            break_off()
        wait_for_domain(uuid, live__present="0-11")
        wait_for_host(host, state="connected")
