"""The list of batches, the page of one, and what can be done about it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from domains.models import Batch, ItemState
from domains.operations import batch_words, unread
from domains.operations.actor import Actor
from domains.operations.batches import control, retrying
from domains.operations.batches.outcome import counts_of_all
from domains.operations.batches.wanted import MOST_GUESTS
from domains.operations.parse import NOTE_LENGTH
from domains.operations.refused import RequestRefused
from domains.push.stream import cursor
from domains.web import batch_view, errors
from domains.web.access import member
from domains.web.actor import actor_of
from domains.web.batch_new import start
from domains.web.numbers import read_number

PAGE = 25
ROWS = 200


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@member
def batches(request: HttpRequest) -> HttpResponse:
    """List batches, newest first; ``?before=`` is the number at which the page before ended. A POST starts one."""
    if request.method == "POST":
        return start(request)
    text = request.GET.get("before", "")
    before = read_number(text)
    if text and before is None:
        return errors.bad_request(request)
    since = cursor()  # before any state is read, so that nothing between page and stream is missed
    actor = actor_of(request)
    seen = control.batches_seen_by(actor)
    found = list((seen.filter(pk__lt=before) if before else seen)[: PAGE + 1])
    counts = counts_of_all(found[:PAGE], control.items_seen_by(actor))
    rows = [_line(batch, counts.get(batch.pk, {})) for batch in found[:PAGE]]
    older = found[PAGE - 1].pk if len(found) > PAGE else None
    context = {
        "here": "batches",
        "since": since,
        "topics": ["batches"],
        "rows": rows,
        "older": older,
        "first_page": before is None,
    }
    return render(request, "batches.html", context)


def _line(batch: Batch, counts: dict[str, int]) -> dict[str, Any]:
    bad = sum(counts.get(outcome, 0) for outcome in batch_view.GROUPS["failed"][1])
    done = counts.get("succeeded", 0) + counts.get("late", 0)
    return {
        "batch": batch,
        "chip": batch_view.chip_of(batch),
        "title": batch_view.title_of(batch, sum(counts.values())),
        "sides": batch_words.sides_of(batch),
        "done": done,
        "to_do": batch_view.to_do(counts),
        "bad": bad,
    }


@never_cache
@require_safe
@member
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a batch with those of its guests that the person may see. Others are counted."""
    return _show(request, pk)


@never_cache
@require_POST
@member
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Start nothing more of a batch, and go back to its page."""
    note = request.POST.get("note", "").strip()[:NOTE_LENGTH]
    try:
        control.cancel(actor_of(request), pk, note=note)
    except RequestRefused as refusal:
        unread.attach(request, refusal)
        try:
            return _show(request, pk, problem=refusal.message, note=note, status=refusal.http_status)
        except Http404:
            return errors.refusal(request, refusal.http_status, refusal.message)
    return HttpResponseRedirect(reverse("batch", args=[pk]), status=303)


def _show(
    request: HttpRequest, pk: int, *, problem: str = "", note: str = "", status: int = 200
) -> HttpResponse:
    since = cursor()  # before any state is read, so that nothing between page and stream is missed
    actor = actor_of(request)
    try:
        found = control.find(actor, pk)
    except RequestRefused:
        raise Http404 from None
    show = request.GET.get("show", "")
    page = min(read_number(request.GET.get("page", "1")) or 1, MOST_GUESTS)  # which is beyond the last one
    items = control.items_seen_by(actor).filter(batch=found)
    summary = batch_view.summary_of(found, items)
    counts = summary["outcomes"]
    seen, everything = sum(counts.values()), found.items.count()
    listed = batch_view.narrowed(items, show).select_related("operation", "domain__host")
    rows = batch_view.rows_of(listed[(page - 1) * ROWS : page * ROWS + 1])
    context = {
        **summary,
        **_controls(actor, found, counts),
        "here": "batches",
        "since": since,
        "topics": [f"batch:{pk}"] if seen == everything else [],
        "hidden": everything - seen,
        "title": batch_view.title_of(found, everything),
        "sides": batch_words.sides_of(found),
        "tabs": batch_view.tabs_of(counts, show),
        "show": show,
        "rows": rows[:ROWS],
        "page": page,
        "more": len(rows) > ROWS,
        "retried_by": retrying.retried_by(actor, found),
        "problem": problem,
        "note": note,
        "note_length": NOTE_LENGTH,
    }
    return render(request, "batch.html", context, status=status)


def _controls(actor: Actor, batch: Batch, counts: dict[str, int]) -> dict[str, Any]:
    waiting = batch.under_way and bool(counts.get(ItemState.DUE) or counts.get("queued"))
    return {
        "cancellable": waiting and control.may_cancel(actor, batch),
        "to_retry": 0 if batch.under_way else retrying.left_to_retry(actor, batch).count(),
    }
