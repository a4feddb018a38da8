"""Asking once more: only where what the form asks for could hurt, and only the people who use the page."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from domains.models import Domain
from domains.models.grant import domains_changed_by
from domains.operations import said
from domains.operations.change import Change
from domains.operations.harm import harm_of
from domains.operations.parse import parse_change
from domains.operations.refused import RequestRefused
from domains.vcpu.affect import Affect
from domains.vcpu.hints import Hint
from domains.vcpu.rules import Action

_HIDDEN = ("action", "pick", "vcpu", "affect", "expect", "on_failure", "note")


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked: what would be done, what that could do, and the form that says yes.

    ``agreed`` is what its field ``confirm`` holds: the codes of what was shown, so that a danger that has come up since
    is asked about anew.
    """

    domain: Domain
    change: Change
    harm: tuple[Hint, ...]
    fields: tuple[tuple[str, str], ...]

    @property
    def agreed(self) -> str:
        """The codes of everything that is said here."""
        return " ".join(hint.code for hint in self.harm)

    @property
    def deed(self) -> said.Said:
        """What would be done, in words."""
        return said.of_change(self.change, self.domain.name)

    @property
    def title(self) -> str:
        """The question, up to the guest's name."""
        if self.change.action is Action.REMOVE:
            return f"Remove {self.deed.vcpus} of"
        return (
            "Apply its configuration to"
            if self.change.affect is Affect.LIVE
            else "Make permanent what runs in"
        )

    @property
    def answer(self) -> str:
        """What the button says that does it."""
        return f"Remove {self.deed.vcpus}" if self.change.action is Action.REMOVE else "Do it"


def question_of(
    request: HttpRequest, host: str, uuid: UUID, asked: Mapping[str, object], posted: QueryDict
) -> Question | None:
    """Give what is to be asked before ``asked`` is done, or None.

    Also None for what will be refused anyway. One query, for a removal.
    """
    if asked.get("action") not in (Action.REMOVE, Action.SYNC):
        return None
    change = None
    with suppress(RequestRefused):  # which the one path of all requests then says, and writes down
        change = parse_change(asked)
    mine = domains_changed_by(request.user).select_related("host")
    domain = mine.filter(host__slug=host, uuid=uuid).first() if change else None
    if change is None or domain is None:
        return None
    harm = tuple(harm_of(domain, change))
    if {hint.code for hint in harm} <= set(posted.get("confirm", "").split()):
        return None
    fields = tuple((name, value) for name in _HIDDEN for value in posted.getlist(name))
    return Question(domain, change, harm, fields)


def ask(request: HttpRequest, question: Question) -> HttpResponse:
    """Put the question: for htmx into the page's dialog, else on a page of its own. Nothing has been done by then."""
    if not getattr(request, "htmx", None):
        return render(request, "confirm.html", {"question": question, "here": "fleet"})
    answer = render(request, "_confirm.html", {"question": question})
    answer["HX-Retarget"], answer["HX-Reswap"] = "#sure", "innerHTML"
    return answer
