"""Connection tests as watchers have them: taken up by one, answered once, forgotten after a day."""

from __future__ import annotations

from django.db.models import QuerySet

from domains.hypervisor.gateway import HostReading
from domains.hypervisor.openings import SENTENCES, Obstacle
from domains.models import ConnectionTest
from domains.models.clock import now
from domains.models.connectiontest import CONNECTED, KEPT, PATIENCE

SUCCEEDED = "The connection stands."


def take(watcher: str) -> ConnectionTest | None:
    """Take the oldest test that nobody has taken up, or None. Of several watchers one gets it."""
    oldest = _untaken().first()
    if oldest is None:
        return None
    mine = _untaken().filter(pk=oldest.pk).update(taken_at=now(), watcher=watcher)
    return ConnectionTest.objects.filter(pk=oldest.pk).first() if mine else None


def connected(test: ConnectionTest, reading: HostReading, *, domains: int, round_trip: float) -> None:
    """Answer a test: the host was reached, and this is what it says of itself."""
    found = {
        "libvirt_version": reading.libvirt_version,
        "hypervisor": reading.hypervisor,
        "hypervisor_version": reading.hypervisor_version,
        "cpus": reading.cpus,
        "specific": reading.specific,
        "asynchronous": reading.asynchronous,
        "domains": domains,
        "round_trip": round_trip,
    }
    _answer(test, CONNECTED, SUCCEEDED, found)


def failed(test: ConnectionTest, obstacle: str, sentence: str = "") -> None:
    """Answer a test: this is in the way. The kind's own sentence stands where there is none that says more."""
    _answer(test, obstacle, sentence or SENTENCES[Obstacle(obstacle)], None)


def forget_old() -> None:
    """Remove the rows of tests that were asked for long ago."""
    ConnectionTest.objects.filter(created_at__lt=now() - KEPT).delete()


def _untaken() -> QuerySet[ConnectionTest]:
    return ConnectionTest.objects.filter(taken_at=None, created_at__gt=now() - PATIENCE).order_by("pk")


def _answer(test: ConnectionTest, answer: str, sentence: str, found: dict[str, object] | None) -> None:
    mine = ConnectionTest.objects.filter(pk=test.pk, watcher=test.watcher, ended_at=None)
    mine.update(answer=answer, sentence=sentence, found=found, ended_at=now())
