"""Keeping in mind when the history was verified, by whom and against what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from domains.history.chain import Head
from domains.history.findings import Finding, Kind
from domains.history.verify import Verdict
from domains.models import Verification


def remember(
    verdict: Verdict, findings: Sequence[Finding], *, actor: str, against: str = "", last: Head | None = None
) -> Verification:
    """Store what a verification came to. ``against`` names the file of heads, and ``last`` is its last one."""
    return Verification.objects.create(
        at=datetime.now(UTC),
        actor=actor,
        entries=verdict.entries,
        head_seq=verdict.seq,
        head_hash=verdict.hash,
        against=against[-255:],
        against_seq=last.seq if last else None,
        against_hash=last.hash if last else "",
        kind=_worst(findings),
        finding=" ".join(finding.sentence for finding in findings),
    )


def _worst(findings: Sequence[Finding]) -> str:
    kinds = sorted((finding.kind for finding in findings), key=lambda kind: kind is Kind.UNREADABLE)
    return kinds[0] if kinds else ""


def latest_verification() -> Verification | None:
    """Give the one that was made last, or None before the first."""
    return Verification.objects.first()
