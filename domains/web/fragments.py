"""The parts of pages that change: drawn here for the page, and again when something they show has changed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from django.template.loader import get_template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from domains.models import Batch, Domain, Host, Operation
from domains.models.scope import Guest, HostGuests
from domains.operations.standing import followers_of
from domains.push.rendering import Audience
from domains.push.topics import domain_topics, named_rows, named_uuids, row_topic
from domains.web import batch_view, fleet_rows, lines, operation_view
from domains.web.announcing import announced
from domains.web.board import Board, board_of
from domains.web.hosts_view import state_html
from domains.web.outcome import outcome_of
from domains.web.readings import reading_html
from domains.web.rows import Row
from domains.web.slots import SlotView

Fragments = dict[str, str]


@dataclass(frozen=True, slots=True)
class Rendered:
    """What became of one key: per topic, the elements to replace, by their ids.

    ``guest`` is what the receivers must be allowed to see; None for the state of a host, of whose ``host_guests`` they
    must be allowed to see one. ``revision`` is the highest of the rows that are shown.
    """

    guest: Guest | None
    revision: int
    fragments: dict[str, Fragments]
    host_guests: HostGuests | None = None


@dataclass(frozen=True, slots=True)
class GridRow:
    """A row of the grid with its slots drawn."""

    row: Row
    cores: SafeString


def render(key: str, audience: Audience, wanted: frozenset[str]) -> Rendered | None:
    """Draw what a key means to the topics that somebody listens to, for one audience. Reads the database.

    ``key`` is ``domain:<pk>``, ``operation:<pk>``, ``host:<pk>`` or ``batch:<pk>``. None when it no longer exists.
    """
    kind, _, number = key.partition(":")
    draw = {"domain": _of_domain, "operation": _of_operation, "host": _of_host, "batch": _of_batch}.get(kind)
    return draw(int(number), audience, wanted) if draw else None


def _of_domain(pk: int, audience: Audience, wanted: frozenset[str]) -> Rendered | None:
    domain = Domain.objects.select_related("host", "last_operation").filter(pk=pk).first()
    if domain is None:
        return None
    out: dict[str, Fragments] = {}
    shown: list[Domain | Host | Operation | None] = [domain, domain.host, domain.last_operation]
    listening = wanted & domain_topics(domain)
    if listening:
        board = board_of(domain, editable=audience == "change", whole=True)
        out |= dict.fromkeys(listening, board_fragments(board))
        shown.append(board.newest)
    if row_topic(pk) in wanted:
        row = fleet_rows.row_html(domain, changeable=audience == "change")
        out[row_topic(pk)] = {f"fleet-{pk}": row}
    if "fleet" in wanted:
        out["fleet"] = {"fleet-moved": fleet_rows.moved_html(time.time())}
    newest = max(row.revision for row in shown if row)
    return Rendered(Guest(pk, domain.host_id, domain.name), newest, out)


def _of_operation(pk: int, audience: Audience, wanted: frozenset[str]) -> Rendered | None:
    known = Operation.objects.select_related("host", "domain__host")
    operation = known.filter(pk=pk).first()
    if operation is None or operation.domain_id is None:
        return None
    rendered = _of_domain(operation.domain_id, audience, wanted)
    if rendered is None:
        return None
    out = rendered.fragments
    followed = [number for number in (operation.undo_of_id, operation.retry_of_id) if number]
    # What an operation undoes or retries tells so, and can be undone or retried again if that comes to nothing.
    for one in (operation, *(known.filter(pk__in=followed) if followed else ())):
        if "operations" in wanted:
            line = lines.of_operation(one, followers_of([one.pk]))
            out.setdefault("operations", {})[line.key] = _template("_line.html", {"line": line})
        if f"operation:{one.pk}" in wanted:
            out[f"operation:{one.pk}"] = {**operation_view.fragments(one, changeable=audience == "change")}
    if operation.batch_id:
        if (topic := f"batch:{operation.batch_id}") in wanted:
            out[topic] = batch_view.fragments_of_operation(operation)
        out |= _moved(operation.revision, wanted)
    return Rendered(rendered.guest, max(rendered.revision, operation.revision), out)


def _of_batch(pk: int, audience: Audience, wanted: frozenset[str]) -> Rendered | None:
    batch = Batch.objects.filter(pk=pk).first()
    if batch is None:
        return None
    topic = f"batch:{pk}"
    # Only those listen to it who see all of its guests, so that it belongs to none of them in particular.
    out: dict[str, Fragments] = {topic: batch_view.fragments(batch)} if topic in wanted else {}
    return Rendered(None, batch.revision, out | _moved(batch.revision, wanted))


def _moved(revision: int, wanted: frozenset[str]) -> dict[str, Fragments]:
    """Have lists of batches look again: what they show of one differs from person to person, so it is not drawn here."""
    sign = f'<i id="batches-moved" data-at="{revision}" hidden></i>'
    return {"batches": {"batches-moved": sign}} if "batches" in wanted else {}


def _of_host(pk: int, audience: Audience, wanted: frozenset[str]) -> Rendered | None:
    host = Host.objects.filter(pk=pk).first()
    if host is None:
        return None
    out: dict[str, Fragments] = {}
    for topic in wanted & {"fleet", f"host:{host.slug}"}:
        out[topic] = {
            f"host-{pk}": fleet_rows.head_html(host),
            f"reading-{pk}": reading_html(host),
            f"state-{pk}": state_html(host),
        }
    if "fleet" in wanted:
        out["fleet"]["fleet-moved"] = fleet_rows.moved_html(time.time())
    rows = named_rows(wanted)
    for number, html in fleet_rows.states_html(host, rows) if rows else ():
        out[row_topic(number)] = {f"fleet-state-{number}": html}
    named = named_uuids(wanted)
    for domain in Domain.objects.filter(host=host, uuid__in=named).select_related("host") if named else ():
        # Without rights to go by, slots are drawn for looking; those who may change get theirs with the domain.
        if listening := wanted & domain_topics(domain):
            out |= dict.fromkeys(listening, _host_part(board_of(domain, editable=False)))
    return Rendered(None, host.revision, out, HostGuests(pk))


def _host_part(board: Board) -> Fragments:
    context = _context(board)
    return {name: _template(f"_{name}.html", context) for name in ("banner", "facts")}


def board_fragments(board: Board) -> Fragments:
    """Draw every part of a domain's page that can change, by element id."""
    context = _context(board)
    names = ["banner", "warnings", "facts", "counts", "differ", "recent", "announce"]
    if board.editable:
        names.append("shortcuts")
    out: Fragments = {name: _template(f"_{name}.html", context) for name in names}
    host = board.domain.host
    out[f"reading-{host.pk}"] = reading_html(host)
    for slot in board.slots:
        out[f"slot-{slot.id}"] = slot_html(slot, board.editable)
    for row in board.rows:
        out[f"row-{row.key}"] = _template("_row_head.html", {"row": row})
        out[f"failures-{row.key}"] = _template("_failures.html", {"row": row, "editable": board.editable})
    for card in board.cards:
        out[f"card-{card.number}"] = _template("_card.html", {"card": card})
    return out | (_outcomes(board) if board.editable else {})


def _outcomes(board: Board) -> Fragments:
    """Draw what came of the guest's last operations, for whoever asked for one of them; the newest with its buttons."""
    out: Fragments = {}
    for one in board.recent:
        if isinstance(one, Operation):
            shown = outcome_of(one, board.domain, editable=one is board.newest)
            out[f"outcome-{one.pk}"] = _template("_outcome.html", shown)
    return out


def board_context(board: Board, picked: Iterable[int] = ()) -> dict[str, Any]:
    """Give the domain page's template what the fragments are drawn from, and the drawn grid."""
    chosen = frozenset(picked)
    rows = [GridRow(row, _cores(row, board.editable, chosen)) for row in board.rows]
    return {**_context(board), "grid": rows, "legend": _legend()}


def _context(board: Board) -> dict[str, Any]:
    recent = [lines.of_any(one) for one in board.recent]
    newest, live, config = board.newest, board.view.live, board.view.config
    last = next((line for line in recent if newest and line.number == newest.pk), None)
    return {
        "board": board,
        "host": board.domain.host,
        "shape": _shape(board.domain.topology),
        "differ": bool(board.only_live or board.only_config),
        "uneven": live is not None and config is not None and len(live.present) != len(config.present),
        "recent": recent,
        "announced": announced(last, newest.action) if last and newest else "",
    }


def _shape(topology: dict[str, int]) -> str:
    """Say the topology in words, leaving out the levels of one that tell nothing."""
    kept = [
        f"{count} {name if count != 1 else name[:-1]}"
        for name in ("sockets", "dies", "clusters", "cores", "threads")
        if (count := topology.get(name, 1)) != 1 or name in ("sockets", "cores")
    ]
    return " × ".join(kept)


def _cores(row: Row, editable: bool, picked: frozenset[int]) -> SafeString:
    parts = []
    for core in row.cores:
        drawn = (slot_html(slot.picked() if slot.id in picked else slot, editable) for slot in core.slots)
        told = {"core": core.name, "part": core.part, "cell": core.cell}
        data = "".join(f' data-{name}="{escape(text)}"' for name, text in told.items() if text)
        data += " data-other" if core.other else ""
        parts.append(f'<span class="core"{data}>{"".join(drawn)}</span>')
    return mark_safe("".join(parts))  # noqa: S308  # joins what was escaped


@cache
def _legend() -> SafeString:
    return _template("_legend.html", {})


@lru_cache(maxsize=8192)
def slot_html(slot: SlotView, editable: bool) -> SafeString:
    """Draw a slot. Kept, because of thousands of slots few change at a time."""
    return _template("_slot.html", {"slot": slot, "editable": editable})


def _template(name: str, context: dict[str, Any]) -> SafeString:
    return mark_safe(get_template(name).render(context).strip())  # noqa: S308  # a template's own output
