"""Hosts in words: versions, what a host can do, and what came of a connection test and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domains.hypervisor.openings import Obstacle
from domains.models import ConnectionTest
from domains.models.connectiontest import CONNECTED, PATIENCE

ADVICE = {
    Obstacle.ADDRESS: "Change how the host is reached; the field says what is allowed.",
    Obstacle.NAME: "Check how it is spelled. The machine that the watcher runs on has to know the name.",
    Obstacle.REFUSED: "Check the port, and that the service listens on it: sshd for ssh, virtproxyd-tls.socket or"
    " libvirtd-tls.socket for tls. A firewall may refuse too.",
    Obstacle.NO_ROUTE: "Check the address, and routes and firewalls between the watcher and the host.",
    Obstacle.NO_ANSWER: "The host, its libvirt or a firewall on the way swallows what is sent. Look at the host itself:"
    " systemctl status libvirtd or virtqemud, and whether virsh answers there.",
    Obstacle.NO_SOCKET: "Check that libvirt runs there (systemctl status libvirtd.socket or virtqemud.socket) and that"
    " the path is that of its socket.",
    Obstacle.NO_LIBVIRT: "Install libvirt's client programs on the host; in Debian: libvirt-clients or netcat-openbsd.",
    Obstacle.NO_DRIVER: "Check the driver, and which daemon answers there: virtqemud serves nothing but QEMU. In Debian"
    " QEMU's driver is the package libvirt-daemon-driver-qemu.",
    Obstacle.AUTHENTICATION: "For ssh: put the public key into the user's authorized_keys on the host. A key with a"
    " passphrase cannot be used. For tls: see whether the host asks for a password (SASL).",
    Obstacle.HOST_KEY: "On the watcher's and the workers' machines, connect once with ssh as the user who runs Slotboard"
    " and compare the fingerprint, or enter the key into known_hosts. If it was changed, find out why first.",
    Obstacle.CERTIFICATE: "Check that the certificate names the host as it is entered here, that it has not expired, that"
    " both sides know the authority, and that cacert.pem, clientcert.pem and clientkey.pem can be read.",
    Obstacle.PERMISSION: "Give the user who connects the right to manage libvirt: in Debian the group libvirt, or a"
    " polkit rule for org.libvirt.unix.manage.",
    Obstacle.BROKEN_OFF: "Check that the port is libvirt's, that the transport is the one it speaks there, and its log.",
    Obstacle.OTHER: "The watcher's log holds libvirt's own words.",
}
_STANDING = {
    "waiting": "A watcher is about to take this test up.",
    "unheard": "No watcher has taken this test up so far. Is one running? script/server starts one, and so does"
    " manage.py watcher.",
    "given_up": f"No watcher took this test up within {PATIENCE.seconds} seconds, so it was not made. Start one, then test"
    " again.",
    "running": "The connection is being tested …",
    "lost": "The watcher that made this test ended before it had an answer. Test again.",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What there is to say of a test. ``good`` is None while it is not known. ``facts`` are names and values."""

    good: bool | None
    pending: bool
    sentence: str
    advice: str = ""
    facts: tuple[tuple[str, str], ...] = ()


def version_text(number: int | None) -> str:
    """Write a version as libvirt counts it: 12008000 is 12.8.0. Empty for None."""
    if number is None:
        return ""
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"


def milliseconds(value: float | None) -> str:
    """Write a round trip. Empty for None."""
    if value is None:
        return ""
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"


def abilities(*, specific: bool | None, asynchronous: bool, monitor: bool) -> list[str]:
    """Say what a host can do, as far as it is known; ``monitor`` is the switch for QEMU's events."""
    plugs = {
        True: "plugs a vCPU by its ID",
        False: "only sets how many vCPUs there are",
        None: "plugging by ID not tried yet",
    }[specific]
    told = [plugs]
    if specific is not False:
        told.append(
            "asks for a removal without waiting"
            if asynchronous
            else "holds the guest while it waits for a removal"
        )
    if monitor:
        told.append("tells at once what a guest answers (monitor events)")
    return told


def outcome_of(test: ConnectionTest, moment: datetime) -> Outcome:
    """Say what came of a test by ``moment``, which is the database's time."""
    standing = test.standing(moment)
    if standing != "answered":
        over = standing in ("given_up", "lost")
        return Outcome(False if over else None, not over, _STANDING[standing])
    if test.answer == CONNECTED:
        return Outcome(True, False, test.sentence, facts=tuple(_facts(test.found or {}, test.monitor)))
    return Outcome(False, False, test.sentence, ADVICE.get(Obstacle(test.answer), ""))


def _facts(found: dict[str, Any], monitor: bool) -> list[tuple[str, str]]:
    can = abilities(specific=found["specific"], asynchronous=found["asynchronous"], monitor=monitor)
    return [
        ("libvirt", version_text(found["libvirt_version"])),
        (found["hypervisor"], version_text(found["hypervisor_version"])),
        ("CPUs", str(found["cpus"])),
        ("Domains", str(found["domains"])),
        ("Round trip", milliseconds(found["round_trip"])),
        ("Abilities", "; ".join(can)),
    ]
