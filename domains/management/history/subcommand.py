"""What the parts of ``manage.py history`` have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.core.management.base import CommandParser, OutputWrapper

DONE, FAILED, REFUSED = 0, 1, 2


class UsageError(Exception):
    """What was asked for cannot be done as it was asked; the text is the sentence for the person."""


class Subcommand(ABC):
    """One deed of ``manage.py history``, with its own arguments."""

    name: ClassVar[str]
    help: ClassVar[str]
    records: ClassVar[bool] = False  # whether it leaves an entry, and so one where it is refused

    def __init__(self, out: OutputWrapper, err: OutputWrapper) -> None:
        self.out = out
        self.err = err

    @classmethod  # noqa: B027  # some take none
    def add_arguments(cls, parser: CommandParser) -> None:
        """Declare what it understands."""

    @abstractmethod
    def run(self, options: dict[str, Any]) -> int:
        """Do it and give the exit status. Raises :class:`UsageError`, which ends with status 2."""
