"""The answer of a rule that does not let a change happen."""

from __future__ import annotations

from dataclasses import dataclass, field

from domains.vcpu.reasons import Reason
from domains.vcpu.sentences import sentence
from domains.vcpu.slots import Side


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a change cannot be made. ``details`` are the extras that ``sentence`` knows."""

    reason: Reason
    vcpu: int | None = None
    side: Side | None = None
    details: dict[str, int | str] = field(default_factory=dict)

    def sentence(self, domain: str, *, beforehand: bool = False) -> str:
        """Say it to people, who have asked for the change or, ``beforehand``, look at what would become of it."""
        return sentence(
            self.reason,
            domain=domain,
            vcpu=self.vcpu,
            side=self.side,
            beforehand=beforehand,
            **self.details,
        )


def invalid(problem: str) -> Refusal:
    """Refuse a request that makes no sense, saying why in one sentence."""
    return Refusal(Reason.INVALID_REQUEST, details={"problem": problem})
