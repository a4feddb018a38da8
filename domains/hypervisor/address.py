"""Where a host is: a libvirt connection put together from allow-listed fields, never a URI as typed.

libvirt's URIs can name programs to run on this machine, files to read and other people's sockets. So the URI
that libvirt gets is always built here, from fields that were checked one by one.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote, urlencode

MAX_SOCKET_BYTES = 107  # what fits into a Unix socket's address
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\.?")
_MAX_HOST_NAME = 253
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")
CREDENTIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SOCKET = re.compile(r"/[A-Za-z0-9._/@+-]+")
_MAX_PORT = 65535


class Driver(StrEnum):
    """The hypervisor drivers that may be chosen."""

    QEMU = "qemu"
    TEST = "test"


class Transport(StrEnum):
    """The ways to a libvirt daemon that run no program of the address's choosing."""

    UNIX = "unix"
    SSH = "ssh"
    TLS = "tls"
    TCP = "tcp"


_PATHS = {Driver.QEMU: ("system", "session"), Driver.TEST: ("default",)}


class AddressError(ValueError):
    """A field of an address is not allowed. ``sentence`` says what is, for the person who typed it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What this installation allows.

    ``socket_dirs`` are the folders below which local sockets may lie. ``credential_dir`` holds what an
    administrator placed there by name: a private key for ssh, a folder of certificates for tls.
    """

    socket_dirs: tuple[Path, ...] = (Path("/run/libvirt"), Path("/run/slotboard"))
    credential_dir: Path | None = None
    allow_tcp: bool = False


@dataclass(frozen=True, slots=True)
class HostAddress:
    """One libvirt connection. Empty fields are left to libvirt's defaults."""

    driver: str = Driver.QEMU
    transport: str = Transport.UNIX
    hostname: str = ""
    user: str = ""
    port: int | None = None
    path: str = "system"
    socket: str = ""
    credential: str = ""

    def validate(self, policy: AddressPolicy) -> None:
        """Check every field. Raises ``AddressError`` for the first one that is not allowed."""
        _check_driver(self)
        if self.transport not in list(Transport):
            raise AddressError("transport", "Choose unix, ssh, tls or tcp.")
        if self.transport == Transport.TCP and not policy.allow_tcp:
            raise AddressError(
                "transport", "Plain tcp is neither encrypted nor signed; it is switched off here."
            )
        if self.transport == Transport.UNIX:
            _check_local(self)
            _check_socket(self.socket, policy)
        else:
            _check_remote(self)
        _check_credential(self, policy)

    def uri(self, policy: AddressPolicy) -> str:
        """Build libvirt's URI. Raises ``AddressError`` as ``validate`` does: no other address has a URI."""
        self.validate(policy)
        authority = f"[{self.hostname}]" if ":" in self.hostname else self.hostname
        if self.user:
            authority = f"{self.user}@{authority}"
        if self.port is not None:
            authority = f"{authority}:{self.port}"
        query = {}
        if self.socket:
            query["socket"] = self.socket
        if self.transport == Transport.SSH:
            query["no_tty"] = "1"  # a password prompt would hang for ever
        if self.credential and policy.credential_dir is not None:
            name = "keyfile" if self.transport == Transport.SSH else "pkipath"
            query[name] = str(policy.credential_dir / self.credential)
        tail = f"?{urlencode(query, quote_via=quote, safe='/')}" if query else ""
        return f"{self.driver}+{self.transport}://{authority}/{self.path}{tail}"


def _check_driver(address: HostAddress) -> None:
    if address.driver not in list(Driver):
        raise AddressError("driver", "Choose the driver qemu or test.")
    paths = _PATHS[Driver(address.driver)]
    if address.path not in paths:
        advice = ""
        if address.driver == Driver.TEST:
            advice = " A file named there would be read by this server."
        raise AddressError("path", f"The path must be {' or '.join(paths)}.{advice}")


def _check_local(address: HostAddress) -> None:
    for field in ("hostname", "user", "port", "credential"):
        if getattr(address, field):
            raise AddressError(field, "A connection over a local socket has no such field.")
    if address.path == "session":
        raise AddressError("path", "A session on this machine would start a daemon; choose system.")


def _check_socket(socket: str, policy: AddressPolicy) -> None:
    if not socket:
        return
    if not _SOCKET.fullmatch(socket):
        raise AddressError("socket", "The socket must be an absolute path of letters, digits and . _ - + @.")
    if len(socket.encode()) > MAX_SOCKET_BYTES:
        raise AddressError("socket", f"The socket's path is longer than {MAX_SOCKET_BYTES} bytes.")
    if ".." in socket.split("/"):
        raise AddressError("socket", "The socket's path must not contain “..”.")
    try:
        real = Path(socket).resolve()  # where links lead counts, not what the path looks like
    except (OSError, RuntimeError) as error:  # they lead round in a circle
        raise AddressError("socket", "Where the links in the socket's path lead cannot be told.") from error
    if not any(real.is_relative_to(folder.resolve()) for folder in policy.socket_dirs):
        folders = ", ".join(str(folder) for folder in policy.socket_dirs)
        raise AddressError("socket", f"The socket must lie below {folders}.")


def _check_remote(address: HostAddress) -> None:
    if address.socket:
        raise AddressError("socket", "Only a local connection has a socket.")
    if not address.hostname:
        raise AddressError("hostname", "Name the host.")
    if not _is_host(address.hostname):
        raise AddressError("hostname", "That is neither a host name nor an IP address.")
    if address.user and address.transport != Transport.SSH:
        raise AddressError("user", "Only an ssh connection has a user.")
    if address.user and not _USER.fullmatch(address.user):
        raise AddressError("user", "A user's name is letters, digits and . _ -, at most 32 of them.")
    if address.port is not None and not 1 <= address.port <= _MAX_PORT:
        raise AddressError("port", f"A port is a number from 1 to {_MAX_PORT}.")


def _is_host(name: str) -> bool:
    if ":" in name:
        try:
            return "%" not in name and bool(ipaddress.IPv6Address(name))
        except ValueError:
            return False
    return len(name) <= _MAX_HOST_NAME and _HOST_NAME.fullmatch(name) is not None


def _check_credential(address: HostAddress, policy: AddressPolicy) -> None:
    if not address.credential:
        return
    if address.transport not in (Transport.SSH, Transport.TLS):
        raise AddressError("credential", "Only ssh and tls connections use a credential.")
    if not CREDENTIAL.fullmatch(address.credential):
        raise AddressError("credential", "A credential's name is letters, digits, - and _.")
    if policy.credential_dir is None:
        raise AddressError("credential", "No folder of credentials is configured here.")
    try:
        found = (policy.credential_dir / address.credential).exists()
    except OSError as error:
        raise AddressError("credential", "The folder of credentials cannot be read here.") from error
    if not found:
        raise AddressError("credential", "There is no credential of that name.")
