"""The parts of ``manage.py history``; a new one is a module of its own and a line here."""

from __future__ import annotations

from domains.management.history.archive import Archive
from domains.management.history.export import Export
from domains.management.history.head import PrintHead
from domains.management.history.reindex import Reindex
from domains.management.history.restored import RecordRestored
from domains.management.history.subcommand import Subcommand
from domains.management.history.verify import Verify
from domains.management.history.verify_export import VerifyExport

SUBCOMMANDS: tuple[type[Subcommand], ...] = (
    Verify,
    PrintHead,
    RecordRestored,
    Export,
    VerifyExport,
    Archive,
    Reindex,
)
