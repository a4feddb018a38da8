"""Everything that is stored, with its constraints."""

from __future__ import annotations

from domains.models.batch import UNDER_WAY, Batch, BatchItem, BatchStatus, ItemState
from domains.models.connectiontest import ConnectionTest
from domains.models.domain import Domain
from domains.models.effect import Effect
from domains.models.failedsignins import FailedSignIns
from domains.models.grant import Grant, Role
from domains.models.historyentry import HistoryEntry
from domains.models.historyline import HistoryLine
from domains.models.historywords import HistoryWords, Wanted
from domains.models.host import Host, HostState
from domains.models.lease import Lease
from domains.models.operation import Operation
from domains.models.publishedhead import PublishedHead
from domains.models.revision import Revision
from domains.models.status import FINAL, OPEN, EffectState, Status
from domains.models.tally import Confirmation, Outcome
from domains.models.token import Token
from domains.models.verification import Verification

__all__ = [
    "FINAL",
    "OPEN",
    "UNDER_WAY",
    "Batch",
    "BatchItem",
    "BatchStatus",
    "Confirmation",
    "ConnectionTest",
    "Domain",
    "Effect",
    "EffectState",
    "FailedSignIns",
    "Grant",
    "HistoryEntry",
    "HistoryLine",
    "HistoryWords",
    "Host",
    "HostState",
    "ItemState",
    "Lease",
    "Operation",
    "Outcome",
    "PublishedHead",
    "Revision",
    "Role",
    "Status",
    "Token",
    "Verification",
    "Wanted",
]
