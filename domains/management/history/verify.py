"""``manage.py history verify``: whether anything was changed, removed, inserted, reordered or rewritten."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.db import DatabaseError

from domains.history import headfile
from domains.history.against import Comparison, compare
from domains.history.bodies import first_odd_body
from domains.history.chain import Head
from domains.history.findings import Finding, Kind
from domains.history.restored import Restored, restorations
from domains.history.verifications import remember
from domains.history.verify import Verdict
from domains.history.verify import verify as walk
from domains.management.administering import operating_systems_user
from domains.management.history.subcommand import DONE, FAILED, Subcommand, UsageError
from domains.management.terminal import printable

_STATES = {Kind.UNREADABLE: "Not verified"}


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything that a verification found: in the chain, against heads, and recorded on purpose before."""

    verdict: Verdict
    heads: Sequence[Head]
    comparison: Comparison | None
    odd_body: Finding | None
    restorations: Sequence[Restored]

    @property
    def findings(self) -> list[Finding]:
        """What does not fit: in the chain, against the heads, in the bodies."""
        found = [self.verdict.finding, self.comparison.finding if self.comparison else None, self.odd_body]
        return list(dict.fromkeys(finding for finding in found if finding is not None))

    @property
    def notes(self) -> list[str]:
        """What is to be said although it is no finding."""
        notes = [*self.verdict.archives.sentences, *(restored.sentence for restored in self.restorations)]
        if self.comparison and self.comparison.excused:
            notes.append(
                f"{_heads(self.comparison.excused)} of the file named that lost end, exactly as recorded."
            )
        if self.comparison and self.comparison.untold:
            notes.append(
                f"{_heads(self.comparison.untold)} of the file named entries that were archived since; compare them "
                "with the archive: history verify-export FILE --against HEADFILE."
            )
        return notes


def examine(file: Path | None, *, bodies: bool = False) -> Examination:
    """Verify the chain, against a file of heads where there is one, and the bodies' form where that is asked for.

    Raises :class:`UsageError` where the file is none of heads.
    """
    try:
        heads = headfile.read(file) if file else []
    except headfile.HeadFileError as error:
        raise UsageError(str(error)) from error
    verdict = walk()
    try:
        restored = restorations()
    except DatabaseError:
        restored = []  # the walk has found the same, and has a sentence for it
    comparison = compare(heads, verdict, restored) if file else None
    odd_body = first_odd_body() if bodies and verdict.finding is None else None
    return Examination(verdict, heads, comparison, odd_body, restored)


class Verify(Subcommand):
    """Say that the history is intact, or what is wrong with it."""

    name = "verify"
    help = "say that the history is intact, or name the first entry that does not fit and what is wrong"

    @classmethod
    def add_arguments(cls, parser: CommandParser) -> None:
        """Declare its options."""
        parser.add_argument(
            "--against",
            type=Path,
            metavar="HEADFILE",
            help="heads that were kept elsewhere; all of them must fit",
        )
        parser.add_argument(
            "--bodies",
            action="store_true",
            help="also check the form of every body, which takes several times as long",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def run(self, options: dict[str, Any]) -> int:
        """Verify, write down that it was done, and give 0 for an intact history and 1 for another one."""
        file = options["against"]
        examination = examine(file, bodies=options["bodies"])
        self._remember(examination, file)
        if options["json"]:
            self.out.write(json.dumps(_told(examination, file)))
        else:
            for line in _lines(examination, file):
                self.out.write(printable(line))
        return FAILED if examination.findings else DONE

    def _remember(self, examination: Examination, file: Path | None) -> None:
        """Write it down; the verdict holds just as well where that is not possible."""
        try:
            remember(
                examination.verdict,
                examination.findings,
                actor=operating_systems_user().name,
                against=str(file or ""),
                last=examination.heads[-1] if examination.heads else None,
            )
        except DatabaseError as error:
            self.err.write(printable(f"That it was verified could not be written down: {error}"))


def _lines(examination: Examination, file: Path | None) -> list[str]:
    verdict, comparison = examination.verdict, examination.comparison
    lines = [
        f"{_STATES.get(finding.kind, 'Not intact')}: {finding.sentence}" for finding in examination.findings
    ]
    if verdict.finding is None:
        state = "The chain is unbroken" if lines else "Intact"
        end = f", up to entry {verdict.seq} with hash {verdict.hash}" if verdict.entries else ""
        lines.append(f"{state}: {verdict.entries} entries{end}.")
    elif verdict.entries:
        lines.append(f"Entries before it that fit: {verdict.entries}.")
    if comparison and not comparison.finding:
        fitting = len(examination.heads) - len(comparison.excused) - len(comparison.untold)
        lines.append(f"Heads in {file} that fit: {fitting} of {len(examination.heads)}.")
    return lines + examination.notes


def _told(examination: Examination, file: Path | None) -> dict[str, object]:
    verdict = examination.verdict
    heads = examination.heads
    return {
        "intact": not examination.findings,
        "entries": verdict.entries,
        "head": {"seq": verdict.seq, "hash": verdict.hash} if verdict.entries else None,
        "findings": [asdict(finding) for finding in examination.findings],
        "against": {"file": str(file), "heads": len(heads), "last": asdict(heads[-1])} if file else None,
        "notes": examination.notes,
    }


def _heads(heads: Sequence[Head]) -> str:
    return f"{len(heads)} head{'' if len(heads) == 1 else 's'}"
