"""The form of a host: fields that a choice of transport has, read from what was sent and drawn again with its problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import QueryDict

from domains.hypervisor.address import CREDENTIAL, Driver, Transport
from domains.models import ConnectionTest, Host
from domains.operations.hosts_rules import fingerprint
from domains.web.numbers import read_number

TEXTS = (
    "slug",
    "queue",
    "driver",
    "transport",
    "hostname",
    "port",
    "username",
    "path",
    "socket",
    "credential",
)
# What each transport has; the others of a form that was switched over are left out.
_HAS = {
    Transport.UNIX: ("socket",),
    Transport.SSH: ("hostname", "port", "username", "path", "credential"),
    Transport.TLS: ("hostname", "port", "path", "credential"),
    Transport.TCP: ("hostname", "port", "path"),
}
_EMPTY: dict[str, object] = {
    "hostname": "",
    "port": None,
    "username": "",
    "path": "system",
    "socket": "",
    "credential": "",
}
_NO_PORT = "A port is a number from 1 to 65535."


@dataclass(slots=True)
class HostForm:
    """What stands in the form, as texts by field, and what is wrong with it, a sentence by field.

    ``base`` is the fingerprint of the host that it was drawn from.
    """

    texts: dict[str, str]
    monitor: bool = False
    base: str = ""
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def general(self) -> str:
        """What is wrong and has no field of its own in the form."""
        return " ".join(words for name, words in self.problems.items() if name not in TEXTS)

    def fields(self) -> dict[str, object]:
        """Give the fields of a host that the form means; what cannot be one is noted as a problem."""
        text = self.texts
        has = _HAS.get(Transport(text["transport"]), ()) if text["transport"] in list(Transport) else ()
        fields = _EMPTY | {name: text[name] for name in has if name != "path" or text[name]}
        if text["driver"] == Driver.TEST:
            fields["path"] = "default"
        if fields["port"] is not None:
            fields["port"] = self._port(text["port"])
        return {
            **fields,
            "driver": text["driver"],
            "transport": text["transport"],
            "queue": text["queue"],
            "monitor": self.monitor,
        }

    def _port(self, text: str) -> int | None:
        number = read_number(text) if text else None
        if text and (number is None or number > 65535):
            self.problems["port"] = _NO_PORT
            return None
        return number


def sent_form(post: QueryDict) -> HostForm:
    """Read the form as it was sent."""
    texts = {name: post.get(name, "").strip() for name in TEXTS}
    return HostForm(texts, monitor="monitor" in post, base=post.get("base", ""))


def form_of(known: Host | ConnectionTest | None = None) -> HostForm:
    """Give the form for a host, for what was tested, or for a host that is to be added."""
    source: Mapping[str, Any] = {name: getattr(known or Host(), name) for name in TEXTS}
    texts = {name: "" if value is None else str(value) for name, value in source.items()}
    texts["queue"] = texts["queue"] or "default"
    return HostForm(texts, monitor=bool(known and known.monitor), base=fingerprint(known) if known else "")


def credential_names(chosen: str) -> list[str]:
    """Name the credentials that an administrator has placed here and can be chosen, and in any case the one that is chosen."""
    folder = Path(settings.CREDENTIAL_DIR) if settings.CREDENTIAL_DIR else None
    try:
        names = (
            {path.name for path in folder.iterdir() if CREDENTIAL.fullmatch(path.name)} if folder else set()
        )
    except OSError:
        names = set()  # it is missing, or not to be read: choosing from it says so
    return sorted(names | ({chosen} if chosen else set()))
