"""Which guests are to be asked how they use their CPUs: a worker does that, for it takes a read-write connection."""

from __future__ import annotations

from collections.abc import Collection

from domains.hypervisor.gateway import DomainReading, DomainState


class Insides:
    """One host's guests: asked when their agent connects, and every ``often`` seconds while somebody looks."""

    def __init__(self, often: float) -> None:
        self._often = often
        self._answers: dict[str, bool] = {}  # whether the agent could answer, by domain
        self._asked: dict[str, float] = {}

    def read(self, reading: DomainReading) -> bool:
        """Take in a reading; True if the guest's agent has connected since the one before."""
        answers = reading.agent is True and reading.state is DomainState.RUNNING
        before = self._answers.get(reading.uuid)
        self._answers[reading.uuid] = answers
        return answers and before is False

    def forget(self, uuid: str) -> None:
        """Leave a domain out from now on."""
        self._answers.pop(uuid, None)
        self._asked.pop(uuid, None)

    def due(self, moment: float, opened: Collection[str]) -> list[str]:
        """Give the open domains that are to be asked at ``moment`` (seconds)."""
        due = [
            uuid
            for uuid in opened
            if self._answers.get(uuid) and moment - self._asked.get(uuid, moment - self._often) >= self._often
        ]
        self._asked.update(dict.fromkeys(due, moment))
        return due
