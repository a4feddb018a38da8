"""Which guests the lab starts again by itself: those that crashed, never one that somebody stopped."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from dataclasses import dataclass, field

from lab.guests import Guest

# A guest that crashes more often than this within a minute is left alone, its log being worth a look.
_MOST_PER_MINUTE = 5
# The last is a guest that libvirt, itself started again after a crash, could not get back in touch with.
_CRASHES = ("crashed", "failed", "daemon")
_STOPS = ("Stopped", "Crashed")
_RUNS = ("Started", "Resumed", "Suspended")
_EVENT = re.compile(r"event 'lifecycle' for domain '(?P<name>[^']+)': (?P<kind>\w+) (?P<detail>\w+)")


@dataclass(frozen=True, slots=True)
class Event:
    """What `virsh event` told of a guest: its name, what happened ("Started", "Stopped" ...) and why ("Failed" ...)."""

    name: str
    kind: str
    detail: str

    @property
    def stopped(self) -> bool:
        """Tell whether the guest is no longer active since."""
        return self.kind in _STOPS

    @property
    def runs(self) -> bool:
        """Tell whether the guest was active when this happened."""
        return self.kind in _RUNS


def parse_event(line: str) -> Event | None:
    """Return what a line of `virsh event --event lifecycle` says, None for a line that tells of no event."""
    match = _EVENT.search(line)
    return None if match is None else Event(match["name"], match["kind"], match["detail"])


def needs_restart(guest: Guest, *, state: str | None, reason: str, detail: str | None, ran: bool) -> bool:
    """Tell whether `guest` crashed.

    `state` and `reason` are those of `virsh domstate --reason`, None when the domain does not exist; `detail` is
    the last event's, None when there was none; `ran` tells whether it was active when last looked at.
    """
    if state is not None:
        return state in ("shut off", "crashed") and reason in _CRASHES
    # A transient guest leaves no state behind. Without an event it vanished while the daemon was away, when
    # nobody could have destroyed it.
    return not guest.persistent and ran and detail in (None, "Crashed", "Failed")


@dataclass(slots=True)
class Restraint:
    """Counts restarts, so that a guest that cannot live is not started for ever."""

    _times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def allows(self, name: str, now: float | None = None) -> bool:
        """Tell whether `name` may be started once more, and count it if so."""
        moment = time.monotonic() if now is None else now
        recent = [then for then in self._times[name] if moment - then < 60]
        allowed = len(recent) < _MOST_PER_MINUTE
        self._times[name] = [*recent, moment] if allowed else recent
        return allowed
