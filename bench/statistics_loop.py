"""The least that watching can cost: ``python -m bench.statistics_loop URI`` asks for all statistics every second."""

from __future__ import annotations

import sys
import time

import libvirt  # noqa: TID251  # the baseline is libvirt itself

if __name__ == "__main__":
    connection = libvirt.openReadOnly(sys.argv[1])
    wanted = (
        libvirt.VIR_DOMAIN_STATS_STATE | libvirt.VIR_DOMAIN_STATS_CPU_TOTAL | libvirt.VIR_DOMAIN_STATS_VCPU
    )
    while True:
        connection.getAllDomainStats(wanted, libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT)
        time.sleep(1.0)
