"""The form of a domain's page: one POST asks for one operation."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from domains.operations import unread
from domains.operations.change import OnFailure
from domains.operations.refused import RequestRefused
from domains.operations.request import request_change
from domains.push.stream import cursor
from domains.vcpu import cpulist
from domains.vcpu.affect import Affect
from domains.web import errors, outcome
from domains.web.access import member
from domains.web.actor import actor_of
from domains.web.confirm import ask, question_of
from domains.web.domain import Asked, seen_domain, show
from domains.web.shortcuts import expected

_ACTIONS = {"first": "add", "highest": "remove"}
_REMEMBERED = 365 * 24 * 3600  # seconds for which a browser knows which sides were chosen last
# What is done on one side only, whichever is chosen for adding and removing
_SIDES = {"make_removable": "config", "online": "live", "offline": "live"}


@never_cache
@require_POST
@member
def change(request: HttpRequest, host: str, uuid: UUID) -> HttpResponse:
    """Ask for a change. Answers where the form stands: for htmx the outcome alone, else by a redirect to it.

    Fields: ``action`` (any but sync), ``vcpu`` (repeated, each a cpulist, or first or highest), ``affect``,
    ``expect``, ``on_failure`` (continue), ``note``; or ``pick``, the value of a button that needs no selection
    (:class:`domains.web.shortcuts.Shortcut`, :class:`domains.web.syncing.SyncChoice`). What could hurt is not done
    before ``confirm`` says that it is meant (:class:`domains.web.confirm.Question`).
    """
    since = cursor()
    asked = _asked(_unfold(request.POST))
    question = question_of(request, host, uuid, asked, request.POST)
    if question:
        return ask(request, question)
    try:
        operation = request_change(actor=actor_of(request), host=host, domain_ref=str(uuid), asked=asked)
    except RequestRefused as refusal:
        return _refused(request, host, uuid, refusal, since)
    answer = outcome.answer(request, operation)
    if asked["action"] in ("add", "remove"):  # otherwise there was no choice
        answer.set_cookie("affect", str(asked["affect"]), max_age=_REMEMBERED, samesite="Lax")
    return answer


def _unfold(posted: QueryDict) -> QueryDict:
    """Turn the ``pick`` of a button into the fields it stands for."""
    form = posted.copy()
    word, *rest = form.get("pick", "").split(" ")
    if "pick" not in form:
        form["affect"] = _SIDES.get(form.get("action", ""), form.get("affect", ""))
    elif word == "make_removable":
        form["action"], form["affect"] = word, _SIDES[word]
        form.setlist("vcpu", rest)
    elif word == "sync":
        side, *slots = rest or [""]
        form["action"], form["affect"], form["expect"] = "sync", side, ""
        form.setlist("vcpu", slots or ["all"])
    else:
        word, expect = expected(form.get("pick", ""), form.get("affect", ""))
        form["action"] = _ACTIONS.get(word, "")
        form["expect"] = expect
        form.setlist("vcpu", [word])
    return form


def _asked(form: QueryDict) -> dict[str, object]:
    vcpu = form.getlist("vcpu")
    return {
        "action": form.get("action", ""),
        "vcpu": vcpu[0] if len(vcpu) == 1 else vcpu,
        "affect": form.get("affect", ""),
        "expect": form.get("expect", ""),
        "on_failure": form.get("on_failure") or OnFailure.STOP,
        "note": form.get("note", ""),
    }


def _refused(
    request: HttpRequest, host: str, uuid: UUID, refusal: RequestRefused, since: str
) -> HttpResponse:
    """Show the refusal's sentence in place, with what was chosen still chosen."""
    unread.attach(request, refusal)
    status = refusal.http_status
    if getattr(request, "htmx", None):
        return render(request, "_refusal.html", {"problem": refusal.message}, status=status)
    try:
        seen = seen_domain(request, host, uuid)
    except Http404:
        return errors.refusal(request, status, refusal.message)
    asked = Asked(
        problem=refusal.message,
        picked=_picked(request.POST.getlist("vcpu")),
        affect=request.POST.get("affect", "") if request.POST.get("affect") in list(Affect) else "",
        note=request.POST.get("note", ""),
        go_on=request.POST.get("on_failure") == OnFailure.CONTINUE,
    )
    return show(request, seen, asked, since=since, status=status)


def _picked(vcpus: Sequence[str]) -> frozenset[int]:
    """Read back which boxes were ticked, leaving out what is no list of vCPU IDs."""
    picked: set[int] = set()
    for text in vcpus:
        with suppress(ValueError):
            picked |= cpulist.load(text)
    return frozenset(picked)
