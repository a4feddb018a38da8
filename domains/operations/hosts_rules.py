"""What may be set of a host, and what is wrong with it otherwise: a sentence by field."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256

from django.core.exceptions import ValidationError

from domains.hypervisor.address import AddressError, HostAddress
from domains.models import ConnectionTest, Host
from domains.models.host import Connection
from domains.operations import queues
from domains.operations.refused import RequestRefused
from domains.vcpu.reasons import Reason

ADDRESS = ("driver", "transport", "hostname", "username", "port", "path", "socket", "credential")
_FIELD_OF = {"user": "username"}  # what addresses call otherwise than hosts do
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_TAKEN = ("new", "tests")  # what stands in the addresses of pages where hosts' names do


class FieldsRefused(RequestRefused):
    """What was typed of a host is not allowed. ``problems`` is a sentence by field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(Reason.INVALID_REQUEST, " ".join(problems.values()))
        self.problems = dict(problems)


class HostChanged(RequestRefused):
    """A host is not any more as it was shown to whoever changes it. ``base`` is the fingerprint of what it is now."""

    def __init__(self, host: Host, fields: Mapping[str, object]) -> None:
        now = [
            f"{name} is {getattr(host, name) or 'empty'}"
            for name in fields
            if getattr(host, name) != fields[name]
        ]
        sentence = (
            f"Somebody has changed {host.slug} since you were shown it. Now {' and '.join(now)}, unlike what you sent."
            f" Save again if yours is to stand."
        )
        super().__init__(Reason.CHANGED_MEANWHILE, sentence, http_status=409)
        self.base = fingerprint(host)


def fields_of(address: HostAddress) -> dict[str, object]:
    """Give an address as the fields of a host."""
    return {_FIELD_OF.get(name, name): value for name, value in asdict(address).items()}


def check_address(connection: Connection) -> dict[str, str]:
    """Give what is wrong with how a host is to be reached: at most one sentence, by field."""
    try:
        connection.uri()
    except AddressError as error:
        return {_FIELD_OF.get(error.field, error.field): error.sentence}
    return {}


def problems_of(host: Host) -> dict[str, str]:
    """Give what is wrong with a host as it would be stored, a sentence by field."""
    problems = check_address(host)
    if not queues.well_formed(host.queue):
        problems["queue"] = queues.RULE
    if words := _wrong_name(host):
        problems["slug"] = words
    return problems


def _wrong_name(host: Host) -> str:
    """Say what is wrong with a host's name; the database is asked only for what it can hold."""
    if not _NAME.fullmatch(host.slug):
        return "A host's name is at most 100 letters, digits, - and _, and begins with a letter or digit."
    if host.slug in _TAKEN:
        return f"A host cannot be called {host.slug}: that is the address of a page."
    try:
        host.validate_unique()
    except ValidationError:
        return f"There is a host {host.slug} already."
    return ""


def fingerprint(connection: Host | ConnectionTest) -> str:
    """Give a short text that is another one as soon as anything of a host is set otherwise."""
    settings = settings_of(connection, (*ADDRESS, "monitor", "queue"))
    return sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]


def settings_of(connection: Connection, names: tuple[str, ...] = (*ADDRESS, "monitor")) -> dict[str, object]:
    """Give what entries say of a connection."""
    return {name: getattr(connection, name) for name in names}
