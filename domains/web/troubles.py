"""What is not well, in the frame of every page.

Looking costs a few queries, so a process remembers what it last saw: a page is drawn from that alone, and the poll that
keeps the ages of readings true has the process look again, however many pages poll.
"""

from __future__ import annotations

import threading
import time

from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from domains.models.grant import Person
from domains.operations.pulse import Pulse
from domains.operations.pulse_taking import take_pulse
from domains.operations.sight import sight_of
from domains.operations.troubles import Trouble, about_hosts, troubles

EVERY = 5.0  # seconds between two looks
KEPT = 30.0  # seconds; what nobody has polled for so long is not told any more


class _Last:
    """What this process last saw, and when by its own clock. One thread at a time looks again."""

    pulse: Pulse | None = None
    at = 0.0
    looking = threading.Lock()


def forget() -> None:
    """Know nothing any more, as a process that has just begun."""
    _Last.pulse = None


def remembered() -> Pulse | None:
    """Give what was seen lately, without a look."""
    return _Last.pulse if time.monotonic() - _Last.at < KEPT else None


def looked() -> Pulse:
    """Look, unless that was done a moment ago."""
    known = remembered()
    if known and time.monotonic() - _Last.at < EVERY:
        return known
    if not _Last.looking.acquire(blocking=known is None) and known:
        return known  # somebody looks already
    try:
        _Last.pulse, _Last.at = take_pulse(), time.monotonic()
        return _Last.pulse
    finally:
        _Last.looking.release()


def troubles_for(user: Person, pulse: Pulse) -> list[Trouble]:
    """Say what is not well to a person, of hosts only what is about some that they may know of.

    No query unless there is something about hosts.
    """
    known = sight_of(user).hosts(most=len(pulse.hosts)) if about_hosts(pulse) else ()
    return troubles(pulse, known)


def drawn(user: Person) -> SafeString:
    """Draw what is remembered, for a page."""
    pulse = remembered()
    return _html(troubles_for(user, pulse) if pulse else [])


def drawn_anew(user: Person) -> SafeString:
    """Draw what a look shows, as a part that finds its own place."""
    html = _html(troubles_for(user, looked()))
    return format_html('<hx-partial hx-target="#troubles" hx-swap="outerMorph">{}</hx-partial>', html)


def _html(found: list[Trouble]) -> SafeString:
    return SafeString(get_template("_troubles.html").render({"troubles": found}).strip())
