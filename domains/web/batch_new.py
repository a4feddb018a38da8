"""Asking for a batch: choose what is to be done to the chosen guests, look at the plan, and run what it shows."""

from __future__ import annotations

import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from domains.models import Batch, ItemState
from domains.operations import batch_words, unread
from domains.operations.actor import Actor
from domains.operations.batches.plan import Planned
from domains.operations.batches.request import Choice, preview, record_refusal, request_batch
from domains.operations.batches.wanted import MOST_PARALLEL
from domains.operations.parse import NOTE_LENGTH
from domains.operations.refused import RequestRefused
from domains.operations.text import storable
from domains.web.access import member
from domains.web.actor import actor_of
from domains.web.batch_form import (
    ACTIONS,
    SIDES,
    Form,
    as_before,
    choosing,
    chosen_guests,
    guests_to_run,
    read_plan,
)

_GROUPS = (
    (ItemState.DUE, "Will change", "Guests that will change", "What happens"),
    (ItemState.CANNOT, "Cannot", "Guests that cannot be changed and are left as they are", "Why"),
    (ItemState.NOTHING, "Nothing to do", "Guests that are as asked already", "Why"),
)


@never_cache
@require_safe
@member
def new_batch(request: HttpRequest) -> HttpResponse:
    """Show the form and the plan for what it asks.

    The guests are ``domain`` (keys, repeated), ``all=1`` with the filters of the fleet page, or ``retry``, the number of
    a batch. The fields are those of :class:`Form`.
    """
    form, chosen = Form.of(request.GET), choosing(request.GET)
    actor = actor_of(request)
    try:
        choice = chosen_guests(actor, chosen)
    except RequestRefused as refusal:
        unread.attach(request, refusal)
        return _page(request, form, chosen, problem=refusal.message, status=refusal.http_status)
    if choice.batch and "action" not in request.GET:
        form = as_before(choice, form)
    return _planned(request, actor, form, chosen, choice)


def start(request: HttpRequest) -> HttpResponse:
    """Run what the page showed, and go to the new batch.

    ``plan`` has for each guest its key and the digest of its plan; what it says by now of another plan is not done.
    """
    form, chosen = Form.of(request.POST), choosing(QueryDict(request.POST.get("chosen", "")[:100_000]))
    actor, key = actor_of(request), request.POST.get("key", "")[:128]
    if made := _sent_before(actor, key):
        return HttpResponseRedirect(reverse("batch", args=[made.pk]), status=303)
    try:
        shown = read_plan(request.POST.get("plan", ""))
        choice = guests_to_run(actor, chosen, shown, key)
    except RequestRefused as refusal:
        record_refusal(refusal, actor, form.asked())
        unread.attach(request, refusal)
        return _page(request, form, chosen, problem=refusal.message, status=refusal.http_status)
    try:
        made = request_batch(actor, choice, form.asked(), idempotency_key=key)
    except RequestRefused as refusal:
        unread.attach(request, refusal)
        status = refusal.http_status
        return _planned(request, actor, form, chosen, choice, problem=refusal.message, status=status)
    return HttpResponseRedirect(reverse("batch", args=[made.pk]), status=303)


def _sent_before(actor: Actor, key: str) -> Batch | None:
    """Give what the form made when it was sent first; its key is new each time it is shown."""
    known = Batch.objects.filter(actor=actor.name, idempotency_key=key)
    return known.first() if key and storable(key) else None


def _planned(
    request: HttpRequest,
    actor: Actor,
    form: Form,
    chosen: QueryDict,
    choice: Choice,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    try:
        planned = preview(actor, choice, form.asked())
    except RequestRefused as refusal:
        unread.attach(request, refusal)
        return _page(
            request, form, chosen, choice, problem=problem or refusal.message, status=refusal.http_status
        )
    return _page(request, form, chosen, choice, planned=planned, problem=problem, status=status)


def _page(
    request: HttpRequest,
    form: Form,
    chosen: QueryDict,
    choice: Choice | None = None,
    *,
    planned: list[Planned] | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    by_state = {state: [one for one in planned or () if one.state == state] for state in ItemState}
    context: dict[str, Any] = {
        "here": "batches",
        "form": form,
        "actions": ACTIONS,
        "sides": SIDES,
        "chosen": chosen.urlencode(),
        "kept": [(name, value) for name, values in chosen.lists() for value in values],
        "choice": choice,
        "guests": len(choice.domains) if choice else 0,
        "planned": planned is not None,
        "due": by_state[ItemState.DUE],
        "nothing": by_state[ItemState.NOTHING],
        "cannot": by_state[ItemState.CANNOT],
        "groups": [
            {"title": title, "caption": caption, "what": what, "planned": by_state[state]}
            for state, title, caption, what in _GROUPS
            if by_state[state]
        ],
        "plan": " ".join(f"{one.domain.pk}:{one.digest}" for one in planned or ()),
        "key": secrets.token_hex(16),
        "most_parallel": MOST_PARALLEL,
        "note_length": NOTE_LENGTH,
        "problem": problem,
        "words": batch_words.deed(form.action, form.asked(), len(by_state[ItemState.DUE])),
    }
    return render(request, "batch_new.html", context, status=status)
