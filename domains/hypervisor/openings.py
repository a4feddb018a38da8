"""Why a connection could not be opened: libvirt's numbers and words, reduced to what people can do something about.

libvirt gives nearly every such failure the same code. What tells them apart is the system's error number, and where a
program such as ssh stands in between, words of its that are never translated. What neither tells keeps the careful
sentence of its code.
"""

from __future__ import annotations

import errno
import re
from enum import StrEnum
from pathlib import Path

from domains.hypervisor.codes import Code
from domains.hypervisor.errors import HostUnreachable


class Obstacle(StrEnum):
    """The kinds of reasons why there is no connection."""

    ADDRESS = "address"
    NAME = "name"
    REFUSED = "refused"
    NO_ROUTE = "no_route"
    NO_ANSWER = "no_answer"
    NO_SOCKET = "no_socket"
    NO_LIBVIRT = "no_libvirt"
    NO_DRIVER = "no_driver"
    AUTHENTICATION = "authentication"
    HOST_KEY = "host_key"
    CERTIFICATE = "certificate"
    PERMISSION = "permission"
    BROKEN_OFF = "broken_off"
    OTHER = "other"


SENTENCES = {
    Obstacle.ADDRESS: "The host's address is not allowed here.",
    Obstacle.NAME: "The host's name does not resolve to an address.",
    Obstacle.REFUSED: "The connection was refused: nothing listens there.",
    Obstacle.NO_ROUTE: "The network knows no way to the host.",
    Obstacle.NO_ANSWER: "The host does not answer.",
    Obstacle.NO_SOCKET: "There is no libvirt socket where this host should have one.",
    Obstacle.NO_LIBVIRT: "The host was reached by ssh, but has neither virt-ssh-helper nor nc to pass libvirt on.",
    Obstacle.NO_DRIVER: "The host's libvirt has no driver for such hypervisors.",
    Obstacle.AUTHENTICATION: "The host did not accept our credentials.",
    Obstacle.HOST_KEY: "The host's ssh key is not known to the watcher, or is not the one that it knows.",
    Obstacle.CERTIFICATE: "The host's certificate, or ours, was not accepted.",
    Obstacle.PERMISSION: "Slotboard may not use libvirt there.",
    Obstacle.BROKEN_OFF: "The host broke off while the connection was being made.",
    Obstacle.OTHER: "The connection could not be opened; the log says why.",
}

_UNCLEAR = "Nothing answers there, or this machine may not connect to it."
_BY_CODE = {
    Code.UNKNOWN_HOST: Obstacle.NAME,
    Code.NO_CONNECT: Obstacle.NO_DRIVER,
    Code.RPC: Obstacle.BROKEN_OFF,
    Code.GNUTLS_ERROR: Obstacle.CERTIFICATE,
    Code.AUTH_FAILED: Obstacle.AUTHENTICATION,
    Code.AUTH_CANCELLED: Obstacle.AUTHENTICATION,
    Code.AUTH_UNAVAILABLE: Obstacle.PERMISSION,  # polkit would have to ask somebody at the host's own screen
    Code.ACCESS_DENIED: Obstacle.PERMISSION,
    Code.OPERATION_DENIED: Obstacle.PERMISSION,
}
_BY_ERRNO = {
    errno.ECONNREFUSED: Obstacle.REFUSED,
    errno.ENETUNREACH: Obstacle.NO_ROUTE,
    errno.EHOSTUNREACH: Obstacle.NO_ROUTE,
    errno.EINVAL: Obstacle.NO_ROUTE,  # an address that only means something on one of several networks
    errno.ETIMEDOUT: Obstacle.NO_ANSWER,
    errno.ENOENT: Obstacle.NO_SOCKET,
    errno.EACCES: Obstacle.PERMISSION,
    errno.EPERM: Obstacle.PERMISSION,
    errno.ECONNRESET: Obstacle.BROKEN_OFF,
    errno.EPIPE: Obstacle.BROKEN_OFF,
    errno.EIO: Obstacle.BROKEN_OFF,
}
# What libvirt says of names and certificates, and what ssh and the shell behind it say through libvirt.
_BY_WORDS = tuple(
    (re.compile(words), obstacle)
    for words, obstacle in (
        ("Unable to resolve address|Could not resolve hostname", Obstacle.NAME),
        ("pull function|push function|premature", Obstacle.BROKEN_OFF),
        ("[Cc]ertificate|TLS handshake|private key|CRL", Obstacle.CERTIFICATE),
        ("Host key verification failed|HOST IDENTIFICATION HAS CHANGED", Obstacle.HOST_KEY),
        (r"Permission denied \(|Too many authentication failures", Obstacle.AUTHENTICATION),
        ("access denied by policy|polkit|Permission denied", Obstacle.PERMISSION),
        ("no connection driver available", Obstacle.NO_DRIVER),
        ("not found", Obstacle.NO_LIBVIRT),
        ("Connection refused", Obstacle.REFUSED),
        ("Connection timed out", Obstacle.NO_ANSWER),
        ("No route to host|Network is unreachable", Obstacle.NO_ROUTE),
        ("No such file or directory", Obstacle.NO_SOCKET),
    )
)


def no_connection(obstacle: Obstacle) -> HostUnreachable:
    """Give the error for what somebody other than libvirt found to be in the way."""
    return HostUnreachable(SENTENCES[obstacle], obstacle=obstacle)


def opening_failed(code: int | None, *, number: int | None = None, text: str = "") -> HostUnreachable:
    """Give the error for a connection that libvirt could not open: a sentence by kind, the raw text for the log only.

    ``number`` is the system's error number where libvirt passes one on.
    """
    obstacle = _obstacle(code, number, text)
    careful = obstacle is Obstacle.OTHER and code == Code.SYSTEM_ERROR
    sentence = _UNCLEAR if careful else SENTENCES[obstacle]
    return HostUnreachable(sentence, code=code, obstacle=obstacle, said=text)


def socket_obstacle(path: Path) -> Obstacle | None:
    """Say what is in the way to a local socket, as far as that can be seen without opening it."""
    try:
        return None if path.exists() else Obstacle.NO_SOCKET
    except PermissionError:  # a folder on the way that we may not look into
        return Obstacle.PERMISSION


def _obstacle(code: int | None, number: int | None, text: str) -> Obstacle:
    if code in (Code.SYSTEM_ERROR, Code.AUTH_FAILED, Code.INTERNAL_ERROR):
        for words, obstacle in _BY_WORDS:
            if words.search(text):
                return obstacle
    if code == Code.SYSTEM_ERROR:
        return _BY_ERRNO.get(number or 0, Obstacle.OTHER)
    return next((obstacle for known, obstacle in _BY_CODE.items() if known == code), Obstacle.OTHER)
