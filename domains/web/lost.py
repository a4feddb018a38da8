"""What is not where an address says, and where else to look for it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

PATH_LENGTH = 200
_PERHAPS = "It may have been removed, or it takes a role that you do not have."
# By the name of an address: what it shows, with the address's own words in braces, and the list that it is in
_KINDS = {
    "operation": ("operation {pk}", "operations", "All operations"),
    "entry": ("entry {seq} in the history", "operations", "All operations"),
    "batch": ("batch {pk}", "batches", "All batches"),
    "host": ("host called {host}", "hosts", "All hosts"),
    "connection_test": ("test of a connection {pk}; it is kept for a day", "hosts", "All hosts"),
    "user": ("account {pk}", "users", "All accounts"),
    "group": ("group {pk}", "groups", "All groups"),
}


@dataclass(frozen=True, slots=True)
class Lost:
    """A sentence that names what is missing, and links, as address and words, to where it may be found."""

    sentence: str
    links: tuple[tuple[str, str], ...] = ()


def lost(request: HttpRequest) -> Lost:
    """Say what the request's address should have shown.

    The same for what never was, is gone, and may not be seen: an address is no way to find out which.
    """
    match = request.resolver_match
    if match is None:
        return Lost(
            f"Slotboard has no page {request.path[:PATH_LENGTH]}. Look at the address again, or begin at the fleet."
        )
    if match.url_name == "domain":
        return _guest(str(match.kwargs["uuid"]), str(match.kwargs["host"]))
    # A host's or an operation's further addresses begin with its own name.
    kind = next((name for name in _KINDS if str(match.url_name).startswith(name)), None)
    if kind is None or not match.kwargs:
        return Lost(f"There is nothing at {request.path[:PATH_LENGTH]}. {_PERHAPS}")
    words, where, label = _KINDS[kind]
    sentence = f"There is no {words.format(**match.kwargs)} that you may see. {_PERHAPS}"
    return Lost(sentence, ((reverse(where), label),))


def _guest(uuid: str, host: str) -> Lost:
    return Lost(
        f"There is no guest {uuid} on {host[:PATH_LENGTH]} that you may see. {_PERHAPS} A guest that was defined anew "
        "has another UUID, and one that was moved is on another host.",
        (
            (f"{reverse('fleet')}?{urlencode({'q': uuid})}", "Look for it on all hosts"),
            (f"{reverse('operations')}?{urlencode({'domain': uuid})}", "What happened to it"),
        ),
    )
