"""What operations do at a slot, in the words and signs of the grid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from domains.models.status import EffectState
from domains.vcpu.targets import Target

# state of a slot -> (glyph, word in the slot, words for a screen reader)
STATES = {
    "queued": ("queued", "queued", "a change of it is queued"),
    "adding": ("adding", "adding", "being added"),
    "removing": ("removing", "removing", "being removed"),
    "changing": ("changing", "changing", "being changed"),
    "waiting": ("waiting", "waiting", "asked to leave, waiting for the guest"),
    "unconfirmed": ("unconfirmed", "unsure", "asked to leave, not confirmed by the guest"),
    "failed": ("failed", "failed", "the last change failed"),
}
# Which state a slot shows of several
ORDER = ("adding", "removing", "changing", "waiting", "queued", "unconfirmed", "failed")
DEEDS = {
    Target.PRESENT: "add it",
    Target.ABSENT: "remove it",
    Target.REMOVABLE: "make it removable",
    Target.ONLINE: "bring it online in the guest",
    Target.OFFLINE: "take it offline in the guest",
}
_DOING = {Target.PRESENT: "adding", Target.ABSENT: "removing"}


@dataclass(frozen=True, slots=True)
class Work:
    """What an operation does at one slot and side, or the last that it tried there.

    ``claimed`` says that a worker has taken it up. ``problem`` is the sentence that explains a failure, ``reason`` its
    code.
    """

    vcpu: int
    side: str
    target: Target
    state: str
    operation: int
    actor: str
    claimed: bool
    since: datetime
    problem: str = ""
    reason: str = ""

    @property
    def shown(self) -> str:
        """The slot's state that follows from it, or nothing when it is over."""
        if self.state == EffectState.PENDING and not self.claimed:
            return "queued"
        if self.state in (EffectState.PENDING, EffectState.APPLYING):
            return _DOING.get(self.target, "changing")
        if self.state in (EffectState.WAITING, EffectState.UNCONFIRMED, EffectState.FAILED):
            return str(self.state)
        return ""

    @property
    def story(self) -> str:
        """The line about it in the slot's story."""
        deed = DEEDS[self.target]
        moment = f"{self.since.astimezone(UTC):%H:%M:%S} UTC"
        words = {
            "queued": f"{self.actor} asked at {moment} to {deed}; queued",
            "adding": f"{self.actor} is adding it since {moment}",
            "changing": f"{self.actor} asked to {deed}; that is being done since {moment}",
            "removing": f"{self.actor} is removing it since {moment}",
            "waiting": f"{self.actor} asked to remove it; waiting for the guest since {moment}",
            "unconfirmed": f"{self.actor} asked to remove it; the guest has not confirmed since {moment}",
            "failed": f"{self.actor} tried to {deed}; that failed at {moment}",
        }[self.shown]
        return f"Now: {words}. Operation {self.operation}."
