"""Reading an address from a libvirt URI, for environment and command line: the same allow-list guards it."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from domains.hypervisor.address import AddressError, AddressPolicy, Driver, HostAddress, Transport

_MAX_LENGTH = 1024
_PRINTABLE = re.compile(r"[!-~]+")
_URI = re.compile(
    r"(?P<driver>[a-z]+)(?:\+(?P<transport>[a-z0-9]+))?://(?P<authority>[^/?#]*)/(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?"
)
_AUTHORITY = re.compile(
    r"(?:(?P<user>[^@:]*)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^@:\[\]]*)(?::(?P<port>[0-9]{1,5}))?"
)
_PARAMETERS = frozenset({"socket", "keyfile", "pkipath", "no_tty"})
_TEST_ADVICE = (
    "The test driver inside this program keeps its domains per process, so no two parts of Slotboard would see"
    " the same ones; reach it through a daemon, as test+unix:///default."
)


def parse_uri(text: str, policy: AddressPolicy) -> HostAddress:
    """Read a URI into checked fields, from which the URI for libvirt is then built anew.

    Raises ``AddressError`` for everything that ``HostAddress.validate`` refuses, and for every part of a URI
    that has no field.
    """
    if len(text) > _MAX_LENGTH or not _PRINTABLE.fullmatch(text) or set(text) & set("\\;"):
        raise AddressError("uri", "A libvirt URI is at most 1,024 plain characters without spaces.")
    match = _URI.fullmatch(text)
    if match is None:
        raise AddressError("uri", "That is not a libvirt URI such as qemu:///system.")
    if match["driver"] == Driver.TEST and match["transport"] is None and not match["authority"]:
        raise AddressError("uri", _TEST_ADVICE)
    authority = _AUTHORITY.fullmatch(match["authority"])
    if authority is None or "%" in match["authority"]:
        raise AddressError("hostname", "That is neither a host name nor an IP address.")
    host = authority["host"].strip("[]")
    parameters = _parameters(match["query"] or "")
    address = HostAddress(
        driver=match["driver"],
        # Without a transport libvirt takes the local socket, or tls once a host is named.
        transport=match["transport"] or (Transport.TLS if host else Transport.UNIX),
        hostname=host,
        user=authority["user"] or "",
        port=int(authority["port"]) if authority["port"] else None,
        path=match["path"],
        socket=parameters.get("socket", ""),
        credential=_credential(parameters, match["transport"], policy),
    )
    address.validate(policy)
    return address


def _parameters(query: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        if name not in _PARAMETERS or name in parameters:
            raise AddressError("uri", f"The parameter “{name[:40]}” is not allowed, or stands there twice.")
        parameters[name] = _decoded(value)
    return parameters


def _decoded(value: str) -> str:
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError as error:
        raise AddressError("uri", "A parameter of the URI is not UTF-8.") from error


def _credential(parameters: dict[str, str], transport: str | None, policy: AddressPolicy) -> str:
    """Take the name of a key file or certificate folder, if it lies where administrators place them."""
    wanted = "keyfile" if transport == Transport.SSH else "pkipath"
    for name in ("keyfile", "pkipath"):
        if name in parameters and name != wanted:
            raise AddressError("credential", "ssh takes a key file, tls a folder of certificates.")
    if parameters.get("no_tty", "1") != "1" or ("no_tty" in parameters and transport != Transport.SSH):
        raise AddressError("uri", "no_tty is always 1, and only for ssh.")
    if wanted not in parameters:
        return ""
    path = Path(parameters[wanted])
    if (
        policy.credential_dir is None
        or path.parent != policy.credential_dir
        or str(path) != parameters[wanted]
    ):
        raise AddressError("credential", "Credentials are used from the configured folder only.")
    return path.name
